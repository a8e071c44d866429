// SeiMessageCursor: messages follow each other without a gap, lie within the RBSP, and are what 7.3.2.3.1 makes of the
// bytes in front of them.
#include "../codec/sei_message.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

// A number as 7.3.2.3.1 writes it, from `at` on.
uint64_t coded_number(Bytes data, size_t& at) {
  uint64_t value = 0;
  while (data[at] == 0xff) {
    value += 255;
    ++at;
  }
  return value + data[at++];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t before = provider.ConsumeIntegralInRange<size_t>(0, 64);
  const size_t behind = provider.ConsumeIntegralInRange<size_t>(0, 64);
  const Bytes data = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  const size_t start = std::min(before, data.size);
  const size_t end = data.size - std::min(behind, data.size - start);
  SeiMessageCursor cursor(data, start, end);
  size_t at = start;
  while (cursor.next()) {
    fuzz::expect(coded_number(data, at) == cursor.payload_type(), scalar, "payloadType");
    fuzz::expect(coded_number(data, at) == cursor.payload_size(), scalar, "payloadSize");
    fuzz::expect(at == cursor.payload_start(), scalar, "the start of the payload");
    fuzz::expect(cursor.payload_size() <= end - at, scalar, "the end of the payload");
    at += cursor.payload_size();
  }
  return 0;
}
