#include "location.h"

#include "access_unit.h"
#include "format_detection.h"

namespace h264_sei {

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
