#include "splice.h"

#include "rtp_payload.h"

namespace h264_sei {

namespace {

uint8_t* write_framed(uint8_t* target, Bytes nal_unit, Framing framing) {
  return copy_bytes(nal_unit, 0, nal_unit.size, write_framing(target, nal_unit.size, framing));
}

}  // namespace

int64_t splice(Bytes frame, NalUnits nal_units, Target target, Location location) {
  const Framing framing = location.framing();
  const size_t offset = location.offset();
  const uint64_t length = frame.size + growth(nal_units, location);
  if (length > target.size) return kTargetTooSmall;

  // Sound: the writes below add up to `length`, and `offset` is one of the frame's. Nothing that decides how much is
  // written is read from the frame, which may change meanwhile.
  uint8_t* at = copy_bytes(frame, 0, offset, target.data);
  if (becomes_stap_a(location)) *at++ = stap_a_header(frame[0]);
  for (const Bytes& nal_unit : nal_units) at = write_framed(at, nal_unit, framing);
  if (becomes_stap_a(location)) {
    write_framed(at, frame, framing);
  } else {
    copy_bytes(frame, offset, frame.size, at);
  }
  return static_cast<int64_t>(length);
}

int64_t inject(Bytes frame, NalUnits nal_units, Target target, Framing hint, uint64_t max_packet_size,
               const simd::Kernel& kernel) {
  const Location location = locate(frame, hint, kernel);
  const int64_t reason = why_not(frame, nal_units, location, max_packet_size);
  return reason < 0 ? reason : splice(frame, nal_units, target, location);
}

}  // namespace h264_sei
