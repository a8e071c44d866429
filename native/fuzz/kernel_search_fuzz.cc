// find_start_code, find_escape, scan_start_codes: the scalar kernel against the wording of the standard, and every
// other kernel against it.
#include "../test/references.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxCapacity = 64;

void check_scan(const simd::Kernel& kernel, Bytes data, const std::vector<uint32_t>& starts, size_t capacity) {
  static GuardedMemory memory(kMaxCapacity * sizeof(uint32_t));
  constexpr uint32_t kUntouched = 0xdeadbeef;
  uint32_t* const offsets = reinterpret_cast<uint32_t*>(memory.last(capacity * sizeof(uint32_t)));
  std::fill_n(offsets, capacity, kUntouched);
  const size_t count = kernel.scan_start_codes(data.data, data.size, offsets, capacity);
  fuzz::expect(count == starts.size(), kernel, "the count of scan_start_codes");
  const size_t filled = std::min(count, capacity);
  for (size_t i = 0; i < filled; ++i) fuzz::expect(offsets[i] == starts[i] + 3, kernel, "scan_start_codes");
  for (size_t i = filled; i < capacity; ++i) {
    fuzz::expect(offsets[i] == kUntouched, kernel, "what scan_start_codes leaves alone");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t capacity = provider.ConsumeIntegralInRange<size_t>(0, kMaxCapacity);
  const Bytes data = memory.place(provider);
  const std::vector<uint8_t> copy(data.data, data.data + data.size);
  const std::vector<uint32_t> starts = reference_scan(copy, 1);
  const std::vector<uint32_t> escapes = reference_scan(copy, 3);
  for (const simd::Kernel* kernel : fuzz::kernels()) {
    const uint8_t* const start = data.data + (starts.empty() ? data.size : starts[0]);
    const uint8_t* const escape = data.data + (escapes.empty() ? data.size : escapes[0]);
    fuzz::expect(kernel->find_start_code(data.data, data.data + data.size) == start, *kernel, "find_start_code");
    fuzz::expect(kernel->find_escape(data.data, data.data + data.size) == escape, *kernel, "find_escape");
    check_scan(*kernel, data, starts, capacity);
    check_scan(*kernel, data, starts, std::min(starts.size(), kMaxCapacity));
  }
  return 0;
}
