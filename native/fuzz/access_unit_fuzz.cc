// find_insertion_point and starts_picture: all kernels agree, and SEI goes in front of the first VCL NAL unit, behind
// everything else but prefix NAL units (7.4.1.2.3).
#include "../codec/access_unit.h"
#include "../codec/nal_unit.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  using namespace h264_sei;
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const Bytes data = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (size_t i = 0; i < fuzz::kKnownFramings; ++i) {
    NalUnitCursor expected_cursor(data, fuzz::kFramings[i], scalar);
    const size_t expected = find_insertion_point(data, expected_cursor);
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      NalUnitCursor cursor(data, fuzz::kFramings[i], *kernel);
      fuzz::expect(find_insertion_point(data, cursor) == expected, *kernel, "find_insertion_point");
      if (expected == kNowhere) continue;
      fuzz::expect(cursor.start() == expected_cursor.start(), *kernel, "the first VCL NAL unit");
      const bool starts = starts_picture(data, cursor.start(), cursor.end());
      const bool is_expected = starts_picture(data, expected_cursor.start(), expected_cursor.end());
      fuzz::expect(starts == is_expected, *kernel, "starts_picture");
    }
    if (expected == kNowhere) continue;
    // From the insertion point on, there is nothing but prefix NAL units in front of the first VCL NAL unit.
    bool is_behind = false;
    NalUnitCursor walk(data, fuzz::kFramings[i], scalar);
    for (;;) {
      fuzz::expect(walk.next(), scalar, "a VCL NAL unit");
      const uint8_t type = nal_unit_type(data[walk.start()]);
      if (walk.unit_start() == expected) is_behind = true;
      if (is_vcl(type)) break;
      fuzz::expect(!is_behind || type == kPrefixNalUnit, scalar, "what stands behind the SEI");
    }
    fuzz::expect(is_behind && walk.start() == expected_cursor.start(), scalar, "the insertion point");
  }
  // Any beginning and end of a slice.
  for (size_t start = 0; start < std::min<size_t>(data.size, 64); ++start) starts_picture(data, start, data.size);
  if (data.size > 0) starts_picture(data, data.size - 1, data.size);
  return 0;
}
