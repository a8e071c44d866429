// escaped_length, escape, unescape, has_escape: what 7.4.1 says of a NAL unit holds for what was escaped, it has
// exactly the length that was foretold, and it is what was escaped once the escapes are taken out.
#include "../codec/emulation_prevention.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

// Within a NAL unit `00 00` is followed by a 03, which is followed by at most 03, or by more than 03; and a NAL unit
// does not end in 00.
bool is_escaped(Bytes data) {
  for (size_t i = 2; i < data.size; ++i) {
    if (data[i - 2] != 0 || data[i - 1] != 0) continue;
    if (data[i] < 3) return false;
    if (data[i] == 3 && i + 1 < data.size && data[i + 1] > 3) return false;
  }
  return data.size == 0 || data[data.size - 1] != 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  static fuzz::GuardedTarget escaped_memory(2 * fuzz::kMaxInputSize);
  static fuzz::GuardedTarget unescaped_memory(2 * fuzz::kMaxInputSize);
  const size_t from = provider.ConsumeIntegralInRange<size_t>(0, fuzz::kMaxInputSize);
  const Bytes rbsp = memory.place(provider);
  for (const simd::Kernel* kernel : fuzz::kernels()) {
    const size_t length = escaped_length(rbsp, *kernel);
    fuzz::expect(length == escaped_length(rbsp, *fuzz::kernels().back()), *kernel, "escaped_length");
    const Target target = escaped_memory.of(length);
    fuzz::expect(escape(rbsp, target, *kernel) == length, *kernel, "the length of escape");
    const Bytes escaped{target.data, length};
    fuzz::expect(is_escaped(escaped), *kernel, "what escape has written");

    const Target back = unescaped_memory.of(length);
    const size_t written = unescape(escaped, back, *kernel);
    // An RBSP that ends in 00, which none does, gets a final 03; behind a single zero it is no escape.
    const bool keeps_final = written == rbsp.size + 1 && back.data[rbsp.size] == 3 && rbsp[rbsp.size - 1] == 0;
    fuzz::expect(written == rbsp.size || keeps_final, *kernel, "the length of unescape of escape");
    fuzz::expect(fuzz::equal(back.data, rbsp.data, rbsp.size), *kernel, "unescape of escape");
    fuzz::expect(has_escape(escaped, 0, length, *kernel) == (written < length), *kernel, "has_escape");

    if (length > 0) {
      const Target small = escaped_memory.of(length - 1);
      fuzz::expect(escape(rbsp, small, *kernel) == simd::kNoRoom, *kernel, "escape without room");
    }
    const size_t start = std::min(from, rbsp.size);
    const bool has = has_escape(rbsp, start, rbsp.size, *kernel);
    const Target rest = unescaped_memory.of(rbsp.size - start);
    const size_t kept = unescape({rbsp.at(start), rbsp.size - start}, rest, *kernel);
    fuzz::expect((kept < rbsp.size - start) == has, *kernel, "has_escape from the middle");
  }
  return 0;
}
