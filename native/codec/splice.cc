#include "splice.h"

#include "access_unit.h"
#include "byte_stream.h"
#include "format_detection.h"
#include "length_prefixed.h"
#include "rtp_payload.h"

namespace h264_sei {

namespace {

uint64_t total_length(NalUnits nal_units) {
  uint64_t length = 0;
  for (const Bytes& nal_unit : nal_units) length += nal_unit.size;
  return length;
}

uint64_t longest_length(NalUnits nal_units) {
  uint64_t length = 0;
  for (const Bytes& nal_unit : nal_units) length = nal_unit.size > length ? nal_unit.size : length;
  return length;
}

int64_t location(size_t offset, Framing framing) {
  return static_cast<int64_t>(offset) * kLocationScale + static_cast<int64_t>(framing);
}

// Where SEI goes into a RTP payload, and whether the result is one that may be sent (RFC 6184 5.7.1).
int64_t locate_in_rtp_payload(Bytes payload, NalUnits nal_units, uint64_t max_packet_size, const simd::Kernel& kernel) {
  NalUnitCursor cursor(payload, Framing::kRtp, kernel);
  const size_t offset = find_insertion_point(payload, cursor);
  // One packet is not the whole access unit: only its first slice has the place in front of it.
  if (offset == kNowhere || !starts_picture(payload, cursor.start(), cursor.end())) return kPassThrough;
  uint64_t length = payload.size + total_length(nal_units) + uint64_t{kStapASizeLength} * nal_units.count;
  if (!is_stap_a(payload)) {
    if (payload.size > kMaxStapANalUnitLength) return kPassThrough;
    length += kStapAHeaderLength + kStapASizeLength;
  }
  if (length > max_packet_size || longest_length(nal_units) > kMaxStapANalUnitLength) return kPassThrough;
  return location(offset, Framing::kRtp);
}

// The bytes that framing takes in front of an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
size_t framing_length(Framing framing) {
  if (framing == Framing::kAnnexB) return kStartCodeLength;
  return framing == Framing::kRtp ? kStapASizeLength : length_size_of(framing);
}

uint8_t* write_framed(uint8_t* target, Bytes nal_unit, Framing framing) {
  uint8_t* at = framing == Framing::kAnnexB ? write_start_code(target)
                                            : write_length(target, nal_unit.size, framing_length(framing));
  return copy_bytes(nal_unit, 0, nal_unit.size, at);
}

}  // namespace

int64_t locate(Bytes frame, NalUnits nal_units, Framing hint, uint64_t max_packet_size, const simd::Kernel& kernel) {
  const Framing framing = detect_for_injection(frame, hint, kernel);
  if (framing == Framing::kDetect) return kPassThrough;
  if (framing == Framing::kRtp) return locate_in_rtp_payload(frame, nal_units, max_packet_size, kernel);
  NalUnitCursor cursor(frame, framing, kernel);
  const size_t offset = find_insertion_point(frame, cursor);
  if (offset == kNowhere) return kPassThrough;
  if (framing != Framing::kAnnexB && longest_length(nal_units) > max_nal_unit_length(length_size_of(framing))) {
    return kNalUnitTooLarge;
  }
  return location(offset, framing);
}

int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing hint, uint64_t max_packet_size,
               const simd::Kernel& kernel) {
  const int64_t found = locate(frame, nal_units, hint, max_packet_size, kernel);
  if (found < 0) return found;
  const Framing framing = static_cast<Framing>(found % kLocationScale);
  const size_t offset = static_cast<size_t>(found / kLocationScale);
  // A single NAL unit packet becomes a STAP-A, which has room in front of its first slice at 1 at the earliest. No byte
  // of the frame is asked again: the room and the writing must agree with `offset`, even if the frame changes
  // meanwhile.
  const bool wraps = framing == Framing::kRtp && offset == 0;

  uint64_t length = frame.size + total_length(nal_units) + uint64_t{framing_length(framing)} * nal_units.count;
  if (wraps) length += kStapAHeaderLength + kStapASizeLength;
  if (length > target.size) return kTargetTooSmall;

  // Sound: the writes below add up to `length`, and `offset` is one of the frame's.
  uint8_t* at = copy_bytes(frame, 0, offset, target.data);
  if (wraps) *at++ = stap_a_header(frame[0]);
  for (const Bytes& nal_unit : nal_units) at = write_framed(at, nal_unit, framing);
  if (wraps) {
    write_framed(at, frame, framing);
  } else {
    copy_bytes(frame, offset, frame.size, at);
  }
  return static_cast<int64_t>(length);
}

}  // namespace h264_sei
