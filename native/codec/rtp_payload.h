// The payload of one RTP packet of RFC 6184: a single NAL unit (5.6), a STAP-A of several (5.7.1), or an FU-A with a
// piece of one (5.8).
#ifndef H264_SEI_NATIVE_CODEC_RTP_PAYLOAD_H_
#define H264_SEI_NATIVE_CODEC_RTP_PAYLOAD_H_

#include "nal_unit.h"

namespace h264_sei {

// The values of the type field that RFC 6184 adds to those of H.264.
constexpr uint8_t kStapA = 24;
constexpr uint8_t kFuA = 28;

constexpr size_t kStapAHeaderLength = 1;
constexpr size_t kStapASizeLength = 2;
constexpr size_t kMaxStapANalUnitLength = 0xffff;

inline bool is_stap_a(Bytes payload) { return payload.size > 0 && nal_unit_type(payload[0]) == kStapA; }

inline bool is_fu_a(Bytes payload) { return payload.size > 0 && nal_unit_type(payload[0]) == kFuA; }

// F and NRI of a STAP-A are those of its one NAL unit that is no SEI.
inline uint8_t stap_a_header(uint8_t nal_unit_header) {
  return static_cast<uint8_t>((nal_unit_header & 0xe0) | kStapA);
}

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_RTP_PAYLOAD_H_
