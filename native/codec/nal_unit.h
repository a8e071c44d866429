// The one byte of a NAL unit header: forbidden_zero_bit, nal_ref_idc, nal_unit_type (H.264 7.3.1, 7.4.1, Table 7-1).
#ifndef H264_SEI_NATIVE_CODEC_NAL_UNIT_H_
#define H264_SEI_NATIVE_CODEC_NAL_UNIT_H_

#include "bytes.h"

namespace h264_sei {

// The values of nal_unit_type that have a name here.
enum NalUnitType : uint8_t {
  kNonIdrSlice = 1,
  kDataPartitionA = 2,
  kDataPartitionB = 3,
  kDataPartitionC = 4,
  kIdrSlice = 5,
  kSei = 6,
  kSequenceParameterSet = 7,
  kPictureParameterSet = 8,
  kAccessUnitDelimiter = 9,
  kEndOfSequence = 10,
  kEndOfStream = 11,
  kFillerData = 12,
  kSequenceParameterSetExtension = 13,
  kPrefixNalUnit = 14,
  kSubsetSequenceParameterSet = 15,
  kDepthParameterSet = 16,
};

inline uint8_t nal_unit_type(uint8_t header) { return header & 0x1f; }

inline bool has_forbidden_zero_bit(uint8_t header) { return (header & 0x80) != 0; }

// Types 1 to 5.
inline bool is_vcl(uint8_t type) { return type >= kNonIdrSlice && type <= kIdrSlice; }

enum class HeaderPlausibility {
  // forbidden_zero_bit is set, or nal_ref_idc is one that the type cannot have.
  kImpossible,
  // A type that H.264 leaves unspecified (0, 24 to 31) or reserves (17, 18, 22, 23).
  kUnassigned,
  // A type of Table 7-1 with a nal_ref_idc that it can have.
  kAssigned,
};

HeaderPlausibility header_plausibility(uint8_t header);

// Whether a NAL unit of a type that HEVC's headers collide with is rather one of HEVC, by the second byte of the header
// there: it begins with five zero bits, which hardly a NAL unit of H.264 does that a picture begins with. A picture
// parameter set may, and is believed where it begins with 68, which HEVC gives no meaning.
bool looks_like_hevc(Bytes data, size_t start);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_NAL_UNIT_H_
