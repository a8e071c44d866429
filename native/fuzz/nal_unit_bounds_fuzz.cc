// split_nal_units and join_nal_units: all kernels agree; joining what was split gives a frame that splits into the same
// NAL units; a target of exactly the right size is enough, and one byte less is not.
#include "../codec/insertion.h"
#include "../codec/nal_unit_bounds.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxUnits = 512;

// Whether two tables name the same NAL units in two pieces of memory.
bool same(Bytes first, const std::vector<NalUnitBounds>& a, Bytes second, const std::vector<NalUnitBounds>& b,
          size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const size_t length = a[i].end - a[i].start;
    if (length != b[i].end - b[i].start) return false;
    if (!fuzz::equal(first.data + a[i].start, second.data + b[i].start, length)) return false;
  }
  return true;
}

void check_join(Bytes data, const std::vector<NalUnitBounds>& bounds, size_t count, Framing framing) {
  static fuzz::GuardedTarget memory(fuzz::kMaxInputSize + kMaxUnits * 4);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size += framing_length(framing) + bounds[i].end - bounds[i].start;
  if (size > 0) {
    const Target small = memory.of(size - 1);
    fuzz::expect(join_nal_units(data, bounds.data(), count, framing, small) == kTargetTooSmall, scalar, "too small");
  }
  const Target target = memory.of(size);
  const int64_t written = join_nal_units(data, bounds.data(), count, framing, target);
  fuzz::expect(written == static_cast<int64_t>(size), scalar, "the length of join_nal_units");
  if (framing != Framing::kAvcc4) return;
  std::vector<NalUnitBounds> again(kMaxUnits);
  const Bytes joined{target.data, size};
  const int64_t found = split_nal_units(joined, framing, again.data(), again.size(), scalar);
  fuzz::expect(found == static_cast<int64_t>(count * 0x100 + static_cast<size_t>(framing)), scalar, "what was joined");
  fuzz::expect(same(data, bounds, joined, again, count), scalar, "the NAL units that were joined");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t capacity = provider.ConsumeIntegralInRange<size_t>(0, kMaxUnits);
  const Bytes data = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (const Framing hint : fuzz::kFramings) {
    std::vector<NalUnitBounds> expected(capacity);
    const int64_t found = split_nal_units(data, hint, expected.data(), capacity, scalar);
    const size_t count = found < 0 ? 0 : static_cast<size_t>(found / 0x100);
    const size_t kept = std::min(count, capacity);
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      std::vector<NalUnitBounds> bounds(capacity);
      fuzz::expect(split_nal_units(data, hint, bounds.data(), capacity, *kernel) == found, *kernel, "split_nal_units");
      fuzz::expect(same(data, expected, data, bounds, kept), *kernel, "the bounds");
    }
    size_t position = 0;
    for (size_t i = 0; i < kept; ++i) {
      fuzz::expect(position <= expected[i].start && expected[i].start < expected[i].end && expected[i].end <= data.size,
                   scalar, "a NAL unit outside of the frame");
      position = expected[i].end;
    }
    if (count <= capacity) {
      for (const Framing framing : {Framing::kAnnexB, Framing::kAvcc4}) check_join(data, expected, count, framing);
    }
  }
  return 0;
}
