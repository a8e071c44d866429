// Inserts SEI NAL units into a frame: the bytes before the insertion point, the framed SEI, and the rest. No byte of
// the frame changes, except that a single NAL unit in an RTP payload becomes part of a STAP-A.
#ifndef H264_SEI_NATIVE_CODEC_SPLICE_H_
#define H264_SEI_NATIVE_CODEC_SPLICE_H_

#include "insertion.h"

namespace h264_sei {

// Writes the frame with `nal_units` inserted to `target`, which overlaps neither. `location` has an insertion point,
// whose offset is at most the size of the frame. Returns the number of bytes written, or kTargetTooSmall; then nothing
// was written.
int64_t splice(Bytes frame, NalUnits nal_units, Target target, Location location);

// Locates and splices in one step: the NAL units may have any length. `max_packet_size` is the largest RTP payload that
// may come out. Returns a length or a SpliceResult.
int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing hint, uint64_t max_packet_size,
               const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SPLICE_H_
