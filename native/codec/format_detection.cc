#include "format_detection.h"

#include <initializer_list>

#include "length_prefixed.h"
#include "nal_unit.h"
#include "rtp_payload.h"
#include "slice_header.h"

namespace h264_sei {

namespace {

// In percent.
enum Confidence : uint32_t {
  kNone = 0,
  kSingleNalUnit = 30,
  kShortLengths = 40,
  kFragment = 40,
  kAggregation = 60,
  kShortLengthsWithParameterSet = 80,
  kFramed = 95,
  kGiven = 100,
};

constexpr uint32_t kMinInjectionConfidence = 75;

enum RtpPacketKind : uint32_t { kNoRtpPacket = 0, kSinglePacket = 1, kStapAPacket = 2, kFuAPacket = 3 };

PackedDetection pack(Framing framing, uint8_t type, uint32_t confidence, RtpPacketKind kind = kNoRtpPacket) {
  return static_cast<uint32_t>(framing) | uint32_t{type} << 8 | kind << 13 | confidence << 16;
}

template <size_t kCount>
bool contains(const uint8_t (&values)[kCount], uint8_t value) {
  for (const uint8_t candidate : values) {
    if (candidate == value) return true;
  }
  return false;
}

// profile_idc (A.2, F.10, G.10, H.10) and level_idc (A.3) of a sequence parameter set that is to be believed.
constexpr uint8_t kProfiles[] = {44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244};
constexpr uint8_t kLevels[] = {9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62};

bool is_credible_parameter_set(Bytes data, size_t start, size_t end) {
  return nal_unit_type(data[start]) == kSequenceParameterSet && end - start > 4 &&
         contains(kProfiles, data[start + 1]) && (data[start + 2] & 3) == 0 &&  // reserved_zero_2bits
         contains(kLevels, data[start + 3]);
}

// Whether a NAL unit is possible: its header, and its length, 1 for the types that are a header only (7.3.2.5).
bool is_possible_nal_unit(Bytes data, size_t start, size_t end) {
  if (header_plausibility(data[start]) == HeaderPlausibility::kImpossible) return false;
  const uint8_t type = nal_unit_type(data[start]);
  return (end - start == 1) == (type == kEndOfSequence || type == kEndOfStream);
}

// Whether the first NAL unit of a frame is one that a frame can begin with.
bool is_possible_beginning(Bytes data, size_t start) {
  return header_plausibility(data[start]) == HeaderPlausibility::kAssigned && !looks_like_hevc(data, start);
}

// Whether the lengths from `from` on end exactly at the end of the data, with a possible NAL unit behind each.
bool is_chain(Bytes data, size_t from, size_t length_size) {
  size_t position = from;
  while (position < data.size) {
    if (data.size - position <= length_size) return false;
    const size_t start = position + length_size;
    const size_t length = read_length(data.at(position), length_size);
    if (length == 0 || length > data.size - start || !is_possible_nal_unit(data, start, start + length)) return false;
    position = start + length;
  }
  return position > from;
}

// Whether a NAL unit of a length-prefixed chain holds a start code, which it cannot.
bool has_start_code_inside(Bytes data, Framing framing, const simd::Kernel& kernel) {
  NalUnitCursor cursor(data, framing, kernel);
  while (cursor.next()) {
    const uint8_t* end = data.at(cursor.end());
    if (kernel.find_start_code(data.at(cursor.start()), end) != end) return true;
  }
  return false;
}

// Four-byte lengths without a hint: the first header has to be a named type, and nothing may look more like a byte
// stream.
bool is_four_byte_chain(Bytes data, const simd::Kernel& kernel) {
  if (data.size < 5 || !is_possible_beginning(data, 4) || !is_chain(data, 0, 4)) return false;
  const bool looks_like_byte_stream = data[0] == 0 && data[1] == 0 && (data[2] == 1 || (data[2] == 0 && data[3] == 1));
  return !looks_like_byte_stream || !has_start_code_inside(data, Framing::kAvcc4, kernel);
}

// Shorter lengths without a hint: the confidence that the first slice and the parameter sets give.
uint32_t short_chain_confidence(Bytes data, Framing framing, const simd::Kernel& kernel) {
  const size_t length_size = length_size_of(framing);
  if (data.size <= length_size || !is_possible_beginning(data, length_size)) return kNone;
  if (!is_chain(data, 0, length_size)) return kNone;
  bool has_parameter_set = false;
  NalUnitCursor cursor(data, framing, kernel);
  while (cursor.next()) {
    if (is_credible_parameter_set(data, cursor.start(), cursor.end())) has_parameter_set = true;
    if (!is_vcl(nal_unit_type(data[cursor.start()]))) continue;
    if (!starts_picture(data, cursor.start(), cursor.end())) return kNone;
    return has_parameter_set ? kShortLengthsWithParameterSet : kShortLengths;
  }
  return kNone;
}

PackedDetection detect_byte_stream(Bytes data, uint32_t confidence, const simd::Kernel& kernel) {
  NalUnitCursor cursor(data, Framing::kAnnexB, kernel);
  if (!cursor.next()) return 0;
  const uint8_t header = data[cursor.start()];
  const bool is_possible =
      confidence == kGiven ? !has_forbidden_zero_bit(header) : is_possible_beginning(data, cursor.start());
  return is_possible ? pack(Framing::kAnnexB, nal_unit_type(header), confidence) : 0;
}

// Whether what looks like a three-byte start code is the length 256 to 511 of a sample that is not H.264, such as one
// of HEVC: the lengths end where the data end, and no unit between them holds a start code.
bool is_foreign_sample(Bytes data, const simd::Kernel& kernel) {
  if (data.size < 5 || data[0] != 0 || data[1] != 0 || data[2] != 1) return false;
  // A set bit is no header, in any of these codecs; it is first_mb_in_slice of a slice behind a start code.
  if (has_forbidden_zero_bit(data[4])) return false;
  NalUnitCursor cursor(data, Framing::kAvcc4, kernel);
  while (cursor.next()) continue;
  return cursor.position() == data.size && !has_start_code_inside(data, Framing::kAvcc4, kernel);
}

// Whether the data begin with a start code, with any number of zeros in front of it.
bool begins_with_start_code(Bytes data) {
  if (data.size < 3 || data[0] != 0 || data[1] != 0) return false;
  size_t at = 2;
  while (at < data.size && data[at] == 0) ++at;
  return at < data.size && data[at] == 1;
}

// nal_unit_type of the first NAL unit where the caller has said what the framing is: then lengths that end where the
// data end and no forbidden_zero_bit are enough, whatever encoders make of nal_ref_idc. -1 where the data are something
// else.
int first_type_of_given_chain(Bytes data, Framing framing, const simd::Kernel& kernel) {
  NalUnitCursor cursor(data, framing, kernel);
  int first = -1;
  while (cursor.next()) {
    const uint8_t header = data[cursor.start()];
    if (has_forbidden_zero_bit(header)) return -1;
    if (first < 0) first = nal_unit_type(header);
  }
  return cursor.position() == data.size ? first : -1;
}

PackedDetection detect_length_prefixed(Bytes data, Framing framing, const simd::Kernel& kernel) {
  if (framing == Framing::kAvcc) {
    for (const Framing candidate : {Framing::kAvcc4, Framing::kAvcc2, Framing::kAvcc1}) {
      const PackedDetection detection = detect_length_prefixed(data, candidate, kernel);
      if (detection != 0) return detection;
    }
    return 0;
  }
  const int type = first_type_of_given_chain(data, framing, kernel);
  return type < 0 ? 0 : pack(framing, static_cast<uint8_t>(type), kGiven);
}

PackedDetection detect_fu_a(Bytes data, uint32_t confidence) {
  if (data.size < 3) return 0;
  const uint8_t fu_header = data[1];
  // S and E are never set together, R is 0 (RFC 6184 5.8).
  if ((fu_header & 0xc0) == 0xc0 || (fu_header & 0x20) != 0) return 0;
  const uint8_t fragmented = static_cast<uint8_t>((data[0] & 0xe0) | nal_unit_type(fu_header));
  if (header_plausibility(fragmented) != HeaderPlausibility::kAssigned) return 0;
  return pack(Framing::kRtp, nal_unit_type(fu_header), confidence, kFuAPacket);
}

// A STAP-A, FU-A or single NAL unit packet of which the caller has said that it is one.
PackedDetection detect_given_rtp_payload(Bytes data, const simd::Kernel& kernel) {
  if (has_forbidden_zero_bit(data[0])) return 0;
  const uint8_t payload_type = nal_unit_type(data[0]);
  if (payload_type == kFuA) return detect_fu_a(data, kGiven);
  const RtpPacketKind kind = payload_type == kStapA ? kStapAPacket : kSinglePacket;
  const bool is_single = payload_type > 0 && payload_type < kStapA;
  if (kind == kSinglePacket && !is_single) return 0;
  const int type = first_type_of_given_chain(data, Framing::kRtp, kernel);
  return type < 0 ? 0 : pack(Framing::kRtp, static_cast<uint8_t>(type), kGiven, kind);
}

PackedDetection detect_rtp_payload(Bytes data) {
  const uint8_t header = data[0];
  if (has_forbidden_zero_bit(header)) return 0;
  const uint8_t type = nal_unit_type(header);
  if (type == kStapA) {
    if (!is_chain(data, kStapAHeaderLength, kStapASizeLength)) return 0;
    const uint8_t first_type = nal_unit_type(data[kStapAHeaderLength + kStapASizeLength]);
    return pack(Framing::kRtp, first_type, kAggregation, kStapAPacket);
  }
  if (type == kFuA) return detect_fu_a(data, kFragment);
  if (!is_possible_beginning(data, 0) || !is_possible_nal_unit(data, 0, data.size)) return 0;
  return pack(Framing::kRtp, type, kSingleNalUnit, kSinglePacket);
}

}  // namespace

PackedDetection detect(Bytes data, Framing hint, const simd::Kernel& kernel) {
  if (data.size == 0) return 0;
  if (hint == Framing::kAnnexB) return detect_byte_stream(data, kGiven, kernel);
  if (hint == Framing::kRtp) return detect_given_rtp_payload(data, kernel);
  if (is_length_prefixed(hint)) return detect_length_prefixed(data, hint, kernel);

  if (is_four_byte_chain(data, kernel)) return pack(Framing::kAvcc4, nal_unit_type(data[4]), kFramed);
  if (is_foreign_sample(data, kernel)) return 0;
  if (begins_with_start_code(data)) return detect_byte_stream(data, kFramed, kernel);
  for (const Framing framing : {Framing::kAvcc2, Framing::kAvcc1}) {
    const uint32_t confidence = short_chain_confidence(data, framing, kernel);
    if (confidence != kNone) return pack(framing, nal_unit_type(data[length_size_of(framing)]), confidence);
  }
  return detect_rtp_payload(data);
}

bool is_sure_enough_to_inject(PackedDetection detection) { return detection >> 16 >= kMinInjectionConfidence; }

}  // namespace h264_sei
