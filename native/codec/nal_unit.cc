#include "nal_unit.h"

namespace h264_sei {

namespace {

constexpr uint32_t bit(unsigned type) { return uint32_t{1} << type; }

// One bit per nal_unit_type.
constexpr uint32_t kUnassignedTypes = bit(0) | bit(17) | bit(18) | bit(22) | bit(23) | 0xff000000u;
// 7.4.1: nal_ref_idc shall not be 0 for these ...
constexpr uint32_t kReferenceTypes = bit(kIdrSlice) | bit(kSequenceParameterSet) | bit(kPictureParameterSet) |
                                     bit(kSequenceParameterSetExtension) | bit(kSubsetSequenceParameterSet);
// ... and shall be 0 for these.
constexpr uint32_t kNonReferenceTypes =
    bit(kSei) | bit(kAccessUnitDelimiter) | bit(kEndOfSequence) | bit(kEndOfStream) | bit(kFillerData);

// What a header of HEVC can look like, and a frame may begin with.
constexpr uint32_t kTypesOfHevc = bit(kDataPartitionA) | bit(kDataPartitionB) | bit(kDataPartitionC) |
                                  bit(kPictureParameterSet) | bit(kFillerData) | bit(kPrefixNalUnit) |
                                  bit(kDepthParameterSet);
// nal_ref_idc 3, nal_unit_type 8.
constexpr uint8_t kUsualPictureParameterSetHeader = 0x68;

}  // namespace

HeaderPlausibility header_plausibility(uint8_t header) {
  if (has_forbidden_zero_bit(header)) return HeaderPlausibility::kImpossible;
  const uint32_t type = bit(nal_unit_type(header));
  if ((type & kUnassignedTypes) != 0) return HeaderPlausibility::kUnassigned;
  const bool is_reference = (header & 0x60) != 0;
  const bool is_possible = (type & (is_reference ? kNonReferenceTypes : kReferenceTypes)) == 0;
  return is_possible ? HeaderPlausibility::kAssigned : HeaderPlausibility::kImpossible;
}

bool looks_like_hevc(Bytes data, size_t start) {
  const uint8_t header = data[start];
  const uint8_t type = nal_unit_type(header);
  if ((bit(type) & kTypesOfHevc) == 0 || header == kUsualPictureParameterSetHeader) return false;
  if (start + 1 >= data.size) return true;
  const uint8_t second = data[start + 1];
  return second < 8 && (second > 0 || type != kPrefixNalUnit);
}

}  // namespace h264_sei
