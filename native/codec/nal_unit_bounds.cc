#include "nal_unit_bounds.h"

#include "format_detection.h"
#include "insertion.h"
#include "packed_count.h"

namespace h264_sei {

int64_t split_nal_units(Bytes data, Framing hint, NalUnitBounds* bounds, size_t capacity, const simd::Kernel& kernel) {
  const bool is_known = hint != Framing::kDetect && hint != Framing::kAvcc;
  const Framing framing = is_known ? hint : detected_framing(detect(data, hint, kernel));
  if (framing == Framing::kDetect) return 0;
  NalUnitCursor cursor(data, framing, kernel);
  size_t count = 0;
  for (; cursor.next(); ++count) {
    const size_t end = cursor.end();
    if (count < capacity) bounds[count] = {static_cast<uint32_t>(cursor.start()), static_cast<uint32_t>(end)};
  }
  const bool is_whole = framing == Framing::kAnnexB || cursor.position() == data.size;
  return is_whole ? packed_count(count, framing) : -1 - static_cast<int64_t>(cursor.position());
}

int64_t join_nal_units(Bytes data, const NalUnitBounds* bounds, size_t count, Framing framing, Target target) {
  const size_t prefix = framing_length(framing);
  uint8_t* at = target.data;
  size_t room = target.size;
  for (size_t i = 0; i < count; ++i) {
    const size_t length = bounds[i].end - bounds[i].start;
    if (room < prefix || room - prefix < length) return kTargetTooSmall;
    room -= prefix + length;
    at = copy_bytes(data, bounds[i].start, bounds[i].end, write_framing(at, length, framing));
  }
  return static_cast<int64_t>(target.size - room);
}

}  // namespace h264_sei
