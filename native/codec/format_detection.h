// Tells in which framing H.264 comes, from the bytes of one frame or packet. Why in this order and by these signs is
// told in src/codec/format-detection.ts, which this file follows function by function.
#ifndef H264_SEI_NATIVE_CODEC_FORMAT_DETECTION_H_
#define H264_SEI_NATIVE_CODEC_FORMAT_DETECTION_H_

#include "framing.h"

namespace h264_sei {

// A detection as one number: framing in bits 0 to 7, nal_unit_type in bits 8 to 12, kind of RTP packet in bits 13 and
// 14, confidence in percent from bit 16 on. 0 where nothing was detected.
using PackedDetection = uint32_t;

// Detects the framing of one access unit, sample or RTP payload. `hint` is kDetect, or what the caller says it is,
// which then only has to be possible.
PackedDetection detect(Bytes data, Framing hint, const simd::Kernel& kernel);

// The framing in a detection; kDetect if nothing was detected.
inline Framing detected_framing(PackedDetection detection) { return static_cast<Framing>(detection & 0xff); }

// Whether the framing is certain enough to change a frame whose format the caller did not give.
bool is_sure_enough_to_inject(PackedDetection detection);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_FORMAT_DETECTION_H_
