#include "locate.h"

#include "format_detection.h"
#include "nal_unit.h"
#include "slice_header.h"

namespace h264_sei {

namespace {

// No insertion point.
constexpr size_t kNowhere = SIZE_MAX;

// The offset of the framing of the first VCL NAL unit or of its prefix NAL unit; kNowhere if no VCL NAL unit is found
// or a NAL unit before it cannot be H.264. `cursor` is a new one; afterwards it stands on the first VCL NAL unit.
size_t find_insertion_point(Bytes data, NalUnitCursor& cursor) {
  size_t prefix_unit_start = kNowhere;
  while (cursor.next()) {
    const uint8_t header = data[cursor.start()];
    const uint8_t type = nal_unit_type(header);
    if (has_forbidden_zero_bit(header)) return kNowhere;
    if (is_vcl(type)) {
      if (looks_like_hevc(data, cursor.start())) return kNowhere;
      return prefix_unit_start != kNowhere ? prefix_unit_start : cursor.unit_start();
    }
    if (type != kPrefixNalUnit) {
      prefix_unit_start = kNowhere;
    } else if (prefix_unit_start == kNowhere) {
      prefix_unit_start = cursor.unit_start();
    }
  }
  return kNowhere;
}

}  // namespace

Location locate(Bytes frame, Framing hint, const simd::Kernel& kernel) {
  const PackedDetection detection = detect(frame, hint, kernel);
  if (detection == 0) return {};
  const Framing framing = detected_framing(detection);
  const Location found(framing, is_sure_enough_to_inject(detection));
  NalUnitCursor cursor(frame, framing, kernel);
  const size_t offset = find_insertion_point(frame, cursor);
  if (offset == kNowhere) return found;
  if (framing == Framing::kRtp && !starts_picture(frame, cursor.start(), cursor.end())) return found;
  return found.with_insertion_point(offset, frame[cursor.start()]);
}

}  // namespace h264_sei
