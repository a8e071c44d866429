#include "splice.h"

#include "byte_stream.h"
#include "length_prefixed.h"
#include "rtp_payload.h"

namespace h264_sei {

namespace {

uint8_t* write_framed(uint8_t* target, Bytes nal_unit, Framing framing) {
  return copy_bytes(nal_unit, 0, nal_unit.size, write_framing(target, nal_unit.size, framing));
}

}  // namespace

size_t framing_length(Framing framing) {
  if (framing == Framing::kAnnexB) return kStartCodeLength;
  return framing == Framing::kRtp ? kStapASizeLength : length_size_of(framing);
}

uint8_t* write_framing(uint8_t* target, size_t length, Framing framing) {
  if (framing == Framing::kAnnexB) return write_start_code(target);
  return write_length(target, length, framing_length(framing));
}

int64_t splice(Bytes frame, NalUnits nal_units, Target target, Location location) {
  const Framing framing = location.framing();
  const size_t offset = location.offset();
  // A single NAL unit packet becomes a STAP-A, which has room before its first slice at 1 at the earliest. No byte of
  // the frame is asked again: the room and the writing must agree with `offset`, even if the frame changes meanwhile.
  const bool wraps = framing == Framing::kRtp && offset == 0;

  uint64_t length = frame.size;
  for (const Bytes& nal_unit : nal_units) length += uint64_t{framing_length(framing)} + nal_unit.size;
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

int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing framing, const simd::Kernel& kernel) {
  const Location location = locate(frame, framing, kernel);
  return location.has_insertion_point() ? splice(frame, nal_units, target, location) : kPassThrough;
}

}  // namespace h264_sei
