// Puts SEI NAL units into a frame: what stands in front of the insertion point, the framed SEI, and the rest. Not a
// byte of the frame changes, but the header and the missing sizes of a single NAL unit that becomes a STAP-A.
#ifndef H264_SEI_NATIVE_CODEC_SPLICE_H_
#define H264_SEI_NATIVE_CODEC_SPLICE_H_

#include "framing.h"

namespace h264_sei {

// The results that are no offset and no length.
enum SpliceResult : int64_t {
  kPassThrough = -1,
  // A NAL unit is longer than the length field of the framing can say.
  kNalUnitTooLarge = -2,
  kTargetTooSmall = -3,
};

// `locate` answers offset * kLocationScale + framing.
constexpr int64_t kLocationScale = 0x100;

// The NAL units to be inserted, without framing, each less than 2^32 bytes long.
struct NalUnits {
  const Bytes* units = nullptr;
  size_t count = 0;

  const Bytes* begin() const { return units; }
  const Bytes* end() const { return units + count; }
};

// Finds where `nal_units` are to be inserted into one access unit, sample or RTP payload, and under which framing.
// `max_packet_size` is the largest RTP payload that may come out. Answers a location or a SpliceResult.
int64_t locate(Bytes frame, NalUnits nal_units, Framing hint, uint64_t max_packet_size, const simd::Kernel& kernel);

// Writes the frame with `nal_units` inserted to `target`, which overlaps neither. Answers how many bytes it has
// written, or a SpliceResult; then nothing was written.
int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing hint, uint64_t max_packet_size,
               const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SPLICE_H_
