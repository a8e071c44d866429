// Removes single messages from the SEI NAL units of a frame and leaves every other byte as it is.
#ifndef H264_SEI_NATIVE_CODEC_SEI_REMOVAL_H_
#define H264_SEI_NATIVE_CODEC_SEI_REMOVAL_H_

#include "sei_extraction.h"

namespace h264_sei {

// The result if the records cannot be those of the frame.
constexpr int64_t kForeignRecords = -4;

// Writes a frame without some of its SEI messages to `target`, which overlaps nothing that is read. `records` are those
// of the frame; `is_removed` has `count` bytes, not 0 for each message that goes. An SEI NAL unit that holds nothing
// else goes with its framing; one that holds other messages is rebuilt, and stays as it is if it outgrows its length
// field. Returns the number of bytes written, 0 if a STAP-A has lost its last NAL unit; kPassThrough if every message
// stays; kTargetTooSmall or kForeignRecords, and then the contents of `target` are undefined.
int64_t remove_sei(Bytes frame, Framing framing, const SeiRecord* records, const uint8_t* is_removed, size_t count,
                   Target target, const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SEI_REMOVAL_H_
