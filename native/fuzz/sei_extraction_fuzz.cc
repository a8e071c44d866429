// extract_sei_records in every framing: all kernels agree on every record and on the bytes of every payload, whatever
// room there is for them, and nothing lies outside of the frame or of the scratch memory.
#include "../codec/nal_unit.h"
#include "../codec/sei_extraction.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxRecords = 64;

struct Extraction {
  int64_t count = 0;
  // Five numbers for each record that was kept, and the payloads, one behind the other.
  std::vector<uint32_t> numbers;
  std::vector<uint8_t> payloads;

  bool operator==(const Extraction& other) const {
    return count == other.count && numbers == other.numbers && payloads == other.payloads;
  }
};

Extraction extract(Bytes frame, Framing framing, bool is_first_vcl_end, size_t capacity, size_t scratch_size,
                   const simd::Kernel& kernel) {
  static GuardedMemory record_memory(kMaxRecords * sizeof(SeiRecord));
  static fuzz::GuardedTarget scratch_memory(fuzz::kMaxInputSize);
  SeiRecord* const records = reinterpret_cast<SeiRecord*>(record_memory.last(capacity * sizeof(SeiRecord)));
  const Target scratch = scratch_memory.of(scratch_size);
  Extraction result;
  result.count = extract_sei_records(frame, framing, is_first_vcl_end, records, capacity, scratch, kernel);
  fuzz::expect(result.count >= 0 || scratch_size < frame.size, kernel, "scratch memory of the size of the frame");
  for (size_t i = 0; i < capacity && static_cast<int64_t>(i) < result.count; ++i) {
    const SeiRecord& record = records[i];
    const Bytes memory = record.is_in_scratch != 0 ? Bytes{scratch.data, scratch.size} : frame;
    fuzz::expect(record.nal_unit_offset < record.nal_unit_end && record.nal_unit_end <= frame.size, kernel,
                 "a NAL unit outside of the frame");
    fuzz::expect(frame[record.nal_unit_offset] % 128 % 32 == kSei, kernel, "a NAL unit that is no SEI");
    fuzz::expect(record.payload_offset <= memory.size && record.payload_length <= memory.size - record.payload_offset,
                 kernel, "a payload outside of its memory");
    result.numbers.insert(result.numbers.end(), {record.nal_unit_offset, record.nal_unit_end, record.payload_type,
                                                 record.payload_length, record.is_in_scratch});
    const uint8_t* const payload = memory.at(record.payload_offset);
    result.payloads.insert(result.payloads.end(), payload, payload + record.payload_length);
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t capacity = provider.ConsumeIntegralInRange<size_t>(0, kMaxRecords);
  const size_t small = provider.ConsumeIntegralInRange<size_t>(0, fuzz::kMaxInputSize);
  const Bytes frame = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (size_t i = 0; i < fuzz::kKnownFramings; ++i) {
    const Framing framing = fuzz::kFramings[i];
    const Extraction all = extract(frame, framing, false, kMaxRecords, frame.size, scalar);
    for (const bool is_first_vcl_end : {false, true}) {
      for (const size_t scratch_size : {std::min(small, frame.size), frame.size}) {
        const Extraction expected = extract(frame, framing, is_first_vcl_end, capacity, scratch_size, scalar);
        fuzz::expect(expected.count <= all.count, scalar, "the number of messages");
        fuzz::expect(std::equal(expected.numbers.begin(), expected.numbers.end(), all.numbers.begin()), scalar,
                     "the records, where there is less room");
        for (const simd::Kernel* kernel : fuzz::kernels()) {
          fuzz::expect(extract(frame, framing, is_first_vcl_end, capacity, scratch_size, *kernel) == expected, *kernel,
                       "extract_sei_records");
        }
      }
    }
  }
  return 0;
}
