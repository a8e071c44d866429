// Framing: how NAL units follow each other in a piece of memory. Annex B, length prefixes and RTP payloads differ in
// nothing else, so that everything behind this file is written once for all three.
#ifndef H264_SEI_NATIVE_CODEC_FRAMING_H_
#define H264_SEI_NATIVE_CODEC_FRAMING_H_

#include "../simd/kernel.h"
#include "bytes.h"

namespace h264_sei {

// The numbers of src/codec/framing.ts.
enum class Framing : uint8_t {
  // Anything, or nothing: only a hint or a result of detection.
  kDetect = 0,
  kAnnexB = 1,
  kRtp = 2,
  // Length prefixes whose size is to be detected: only a hint.
  kAvcc = 0x10,
  kAvcc1 = 0x11,
  kAvcc2 = 0x12,
  kAvcc4 = 0x14,
};

inline bool is_length_prefixed(Framing framing) { return framing >= Framing::kAvcc; }

// The bytes of each length prefix; 0 where it is to be detected.
inline size_t length_size_of(Framing framing) {
  return static_cast<size_t>(framing) - static_cast<size_t>(Framing::kAvcc);
}

// Walks the NAL units of a piece of memory from the first to the last, in a framing that is known.
//
// Where a NAL unit ends is found when it is asked for: in Annex B that takes a scan, and whoever looks for the first
// slice does not want to scan that slice.
//
// Empty NAL units are skipped. A length that reaches past the end stops the walk. An FU-A packet holds no whole NAL
// unit, so nothing is found in it.
class NalUnitCursor {
 public:
  // `data` and `kernel` must outlive the cursor.
  NalUnitCursor(Bytes data, Framing framing, const simd::Kernel& kernel);

  // Goes to the next NAL unit; false where there is none.
  bool next();

  // Where the framing in front of the NAL unit begins: its start code with the zero_byte, its length, or the NAL unit.
  size_t unit_start() const { return unit_start_; }

  // Where the header of the NAL unit is. Always a byte of the data.
  size_t start() const { return start_; }

  // Behind the last byte of the NAL unit, without the zeros that may follow it in a byte stream. Always above start().
  size_t end();

  // Where the walk goes on: the next start code prefix, the next length, or the end of the data.
  size_t position() const { return position_; }

 private:
  bool next_in_byte_stream();
  bool next_length_prefixed();
  bool next_single();

  const Bytes data_;
  const simd::Kernel& kernel_;
  const bool is_byte_stream_;
  // 0 where there are no lengths.
  size_t length_size_ = 0;
  size_t unit_start_ = 0;
  size_t start_ = 0;
  size_t position_ = 0;
  size_t end_ = 0;
  // A NAL unit has one byte at least, and keeps it if the memory changes between the look at the byte and that for the
  // end.
  size_t least_end_ = 0;
  bool is_end_known_ = true;
};

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_FRAMING_H_
