// Finds every sei_message of a frame, as a table of numbers.
#ifndef H264_SEI_NATIVE_CODEC_SEI_EXTRACTION_H_
#define H264_SEI_NATIVE_CODEC_SEI_EXTRACTION_H_

#include "framing.h"

namespace h264_sei {

// The most messages that are read from one frame.
constexpr size_t kMaxSeiMessagesPerFrame = 16384;

// One message; the layout of SeiRecord in src/codec/sei-extraction.ts.
struct SeiRecord {
  uint32_t unit_start;
  uint32_t nal_unit_offset;
  uint32_t nal_unit_end;
  uint32_t payload_type;
  // In the frame or in the scratch memory.
  uint32_t payload_offset;
  uint32_t payload_length;
  uint32_t flags;
};

// What a record says about its message.
enum SeiFlag : uint32_t {
  kInScratch = 1,
  // The last one of its NAL unit: nothing but rbsp_trailing_bits follows.
  kEndsNalUnit = 2,
};

// The result if the scratch memory is too small.
constexpr int64_t kScratchTooSmall = -1;

// Finds the messages of every SEI NAL unit of a frame of less than 2^32 bytes. `records` is filled as far as `capacity`
// reaches. NAL units with emulation prevention are unescaped to `scratch`. Returns the number of messages, which may be
// more than the capacity, and the framing as packed_count() packs them; 0 if the bytes are not H.264; or
// kScratchTooSmall.
int64_t extract_sei_records(Bytes frame, Framing hint, bool is_first_vcl_end, SeiRecord* records, size_t capacity,
                            Target scratch, const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SEI_EXTRACTION_H_
