#include "insertion.h"

#include "byte_stream.h"
#include "length_prefixed.h"
#include "rtp_payload.h"

namespace h264_sei {

namespace {

uint64_t longest_length(NalUnits nal_units) {
  uint64_t length = 0;
  for (const Bytes& nal_unit : nal_units) length = nal_unit.size > length ? nal_unit.size : length;
  return length;
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

bool becomes_stap_a(Location location) { return location.framing() == Framing::kRtp && location.offset() == 0; }

uint64_t growth(NalUnits nal_units, Location location) {
  uint64_t bytes = becomes_stap_a(location) ? kStapAHeaderLength + kStapASizeLength : 0;
  for (const Bytes& nal_unit : nal_units) bytes += uint64_t{framing_length(location.framing())} + nal_unit.size;
  return bytes;
}

int64_t why_not(Bytes frame, NalUnits nal_units, Location location, uint64_t max_packet_size) {
  if (!location.is_sure() || !location.has_insertion_point()) return kPassThrough;
  const Framing framing = location.framing();
  if (framing == Framing::kRtp) {
    if (becomes_stap_a(location) && frame.size > kMaxStapANalUnitLength) return kPassThrough;
    if (longest_length(nal_units) > kMaxStapANalUnitLength) return kPassThrough;
    if (frame.size + growth(nal_units, location) > max_packet_size) return kPassThrough;
    return 0;
  }
  const bool has_lengths = framing != Framing::kAnnexB;
  if (has_lengths && longest_length(nal_units) > max_nal_unit_length(length_size_of(framing))) return kNalUnitTooLarge;
  return 0;
}

}  // namespace h264_sei
