// Inserts SEI NAL units into a frame: the bytes before the insertion point, the framed SEI, and the rest. No byte of
// the frame changes, except that a single NAL unit in an RTP payload becomes part of a STAP-A.
#ifndef H264_SEI_NATIVE_CODEC_SPLICE_H_
#define H264_SEI_NATIVE_CODEC_SPLICE_H_

#include "location.h"

namespace h264_sei {

// The results that are not a length.
enum SpliceResult : int64_t {
  // The frame has no insertion point: it passes as it is.
  kPassThrough = -1,
  kTargetTooSmall = -2,
};

// The NAL units to be inserted, without framing, each less than 2^32 bytes long.
struct NalUnits {
  const Bytes* units = nullptr;
  size_t count = 0;

  const Bytes* begin() const { return units; }
  const Bytes* end() const { return units + count; }
};

// The bytes that framing takes before an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
size_t framing_length(Framing framing);

// Writes the framing of a NAL unit of `length` bytes, for which the caller has made room; returns what follows it.
uint8_t* write_framing(uint8_t* target, size_t length, Framing framing);

// Writes the frame with `nal_units` inserted to `target`, which overlaps neither. `location` has an insertion point,
// whose offset is at most the size of the frame. Returns the number of bytes written, or kTargetTooSmall; then nothing
// was written.
int64_t splice(Bytes frame, NalUnits nal_units, Target target, Location location);

// Locates and splices a frame whose framing is known; returns a length or a SpliceResult.
int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing framing, const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SPLICE_H_
