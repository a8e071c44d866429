// locate with every hint: all kernels agree, and SEI goes before the first VCL NAL unit, after everything else but
// prefix NAL units (7.4.1.2.3).
#include "../codec/format_detection.h"
#include "../codec/locate.h"
#include "../codec/nal_unit.h"
#include "../codec/slice_header.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

// Walks to the first VCL NAL unit; after the insertion point there is nothing but prefix NAL units before it.
void check_insertion_point(Bytes data, Location location, const simd::Kernel& kernel) {
  bool is_after = false;
  NalUnitCursor walk(data, location.framing(), kernel);
  for (;;) {
    fuzz::expect(walk.next(), kernel, "a VCL NAL unit");
    const uint8_t type = nal_unit_type(data[walk.start()]);
    if (walk.unit_start() == location.offset()) is_after = true;
    if (is_vcl(type)) break;
    fuzz::expect(!is_after || type == kPrefixNalUnit, kernel, "what stands after the SEI");
  }
  fuzz::expect(is_after, kernel, "the insertion point");
  const bool is_packet = location.framing() == Framing::kRtp;
  fuzz::expect(!is_packet || starts_picture(data, walk.start(), walk.end()), kernel, "a packet that starts a picture");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const Bytes data = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (const Framing hint : fuzz::kFramings) {
    const Location expected = locate(data, hint, scalar);
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      fuzz::expect(locate(data, hint, *kernel).value() == expected.value(), *kernel, "locate");
    }
    const PackedDetection detection = detect(data, hint, scalar);
    fuzz::expect(expected.framing() == detected_framing(detection), scalar, "the framing");
    fuzz::expect(expected.is_sure() == is_sure_enough_to_inject(detection), scalar, "how sure it is");
    if (expected.has_insertion_point()) check_insertion_point(data, expected, scalar);
  }
  // Any beginning and end of a slice.
  for (size_t start = 0; start < std::min<size_t>(data.size, 64); ++start) starts_picture(data, start, data.size);
  if (data.size > 0) starts_picture(data, data.size - 1, data.size);
  return 0;
}
