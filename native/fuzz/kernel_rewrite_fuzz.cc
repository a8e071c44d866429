// count_escapes, escape, unescape: the scalar kernel against the wording of the standard, and every other kernel
// against it, into targets that are exactly large enough, too small, and larger than needed.
#include "../test/references.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxSpare = 200;

using Rewrite = size_t (*)(const uint8_t*, size_t, uint8_t*, size_t);

void check(const simd::Kernel& kernel, Rewrite rewrite, Bytes source, const std::vector<uint8_t>& expected,
           size_t spare, const char* what) {
  static fuzz::GuardedTarget memory(2 * fuzz::kMaxInputSize + kMaxSpare);
  for (const size_t room : {expected.size(), expected.size() + spare}) {
    const Target target = memory.of(room);
    fuzz::expect(rewrite(source.data, source.size, target.data, target.size) == expected.size(), kernel, what);
    fuzz::expect(fuzz::equal(target.data, expected.data(), expected.size()), kernel, what);
  }
  for (const size_t missing : {size_t{1}, 1 + spare}) {
    if (missing > expected.size()) break;
    const Target target = memory.of(expected.size() - missing);
    fuzz::expect(rewrite(source.data, source.size, target.data, target.size) == simd::kNoRoom, kernel, what);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t spare = provider.ConsumeIntegralInRange<size_t>(0, kMaxSpare);
  const Bytes data = memory.place(provider);
  const std::vector<uint8_t> copy(data.data, data.data + data.size);
  const std::vector<uint8_t> escaped = reference_escape(copy);
  const std::vector<uint8_t> unescaped = reference_unescape(copy);
  for (const simd::Kernel* kernel : fuzz::kernels()) {
    const size_t count = kernel->count_escapes(data.data, data.size);
    fuzz::expect(count == escaped.size() - data.size, *kernel, "count_escapes");
    check(*kernel, kernel->escape, data, escaped, spare, "escape");
    check(*kernel, kernel->unescape, data, unescaped, spare, "unescape");
    check(*kernel, kernel->unescape, {escaped.data(), escaped.size()}, copy, spare, "unescape of escape");
  }
  return 0;
}
