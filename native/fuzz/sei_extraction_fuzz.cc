// extract_sei_records and remove_sei with every hint: all kernels agree on every record and on the bytes of every
// payload, whatever room there is for them, and nothing lies outside of the frame or of the scratch memory.
#include "../codec/insertion.h"
#include "../codec/nal_unit.h"
#include "../codec/sei_removal.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxRecords = 64;

struct Extraction {
  int64_t count = 0;
  // Six numbers for each record that was kept, and the payloads, one behind the other.
  std::vector<uint32_t> numbers;
  std::vector<uint8_t> payloads;

  bool operator==(const Extraction& other) const {
    return count == other.count && numbers == other.numbers && payloads == other.payloads;
  }
};

Extraction extract(Bytes frame, Framing hint, bool is_first_vcl_end, size_t capacity, size_t scratch_size,
                   const simd::Kernel& kernel) {
  static GuardedMemory record_memory(kMaxRecords * sizeof(SeiRecord));
  static fuzz::GuardedTarget scratch_memory(fuzz::kMaxInputSize);
  SeiRecord* const records = reinterpret_cast<SeiRecord*>(record_memory.last(capacity * sizeof(SeiRecord)));
  const Target scratch = scratch_memory.of(scratch_size);
  Extraction result;
  const int64_t found = extract_sei_records(frame, hint, is_first_vcl_end, records, capacity, scratch, kernel);
  result.count = found < 0 ? found : found / 0x100;
  fuzz::expect(found >= 0 || scratch_size < frame.size, kernel, "scratch memory of the size of the frame");
  for (size_t i = 0; i < capacity && static_cast<int64_t>(i) < result.count; ++i) {
    const SeiRecord& record = records[i];
    const Bytes memory = (record.flags & kInScratch) != 0 ? Bytes{scratch.data, scratch.size} : frame;
    fuzz::expect(record.unit_start <= record.nal_unit_offset && record.nal_unit_offset < record.nal_unit_end &&
                     record.nal_unit_end <= frame.size,
                 kernel, "a NAL unit outside of the frame");
    fuzz::expect(frame[record.nal_unit_offset] % 128 % 32 == kSei, kernel, "a NAL unit that is no SEI");
    fuzz::expect(record.payload_offset <= memory.size && record.payload_length <= memory.size - record.payload_offset,
                 kernel, "a payload outside of its memory");
    result.numbers.insert(result.numbers.end(), {record.unit_start, record.nal_unit_offset, record.nal_unit_end,
                                                 record.payload_type, record.payload_length, record.flags});
    const uint8_t* const payload = memory.at(record.payload_offset);
    result.payloads.insert(result.payloads.end(), payload, payload + record.payload_length);
  }
  return result;
}

// Removes every other message, and all of them: what is left has no message that was removed.
void check_removal(Bytes frame, Framing hint, size_t capacity) {
  static fuzz::GuardedTarget memory(2 * fuzz::kMaxInputSize);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  std::vector<SeiRecord> records(capacity);
  std::vector<uint8_t> scratch(frame.size);
  const int64_t found =
      extract_sei_records(frame, hint, false, records.data(), capacity, {scratch.data(), scratch.size()}, scalar);
  const size_t count = std::min(capacity, static_cast<size_t>(found / 0x100));
  if (count == 0) return;
  const Framing framing = static_cast<Framing>(found % 0x100);
  for (const size_t step : {1, 2}) {
    std::vector<uint8_t> is_removed(count);
    for (size_t i = 0; i < count; ++i) is_removed[i] = i % step == 0 ? 1 : 0;
    const auto call = [&](Target target, const simd::Kernel& kernel) {
      return remove_sei(frame, framing, records.data(), is_removed.data(), count, target, kernel);
    };
    const Target target = memory.of(2 * frame.size);
    const int64_t written = call(target, scalar);
    const size_t size = written < 0 ? 0 : static_cast<size_t>(written);
    const std::vector<uint8_t> expected(target.data, target.data + size);
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      const Target exact = memory.of(size);
      const int64_t again = size == 0 ? written : call(exact, *kernel);
      fuzz::expect(again == written && fuzz::equal(exact.data, expected.data(), size), *kernel, "remove_sei");
      if (size == 0) continue;
      fuzz::expect(call(memory.of(size - 1), *kernel) == kTargetTooSmall, *kernel, "remove_sei into too little");
    }
  }
  // Records of another frame are refused, or stay within this one.
  std::vector<uint8_t> all(count, 1);
  const Bytes shorter{frame.data, frame.size / 2};
  remove_sei(shorter, framing, records.data(), all.data(), count, memory.of(frame.size), scalar);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const size_t capacity = provider.ConsumeIntegralInRange<size_t>(0, kMaxRecords);
  const size_t small = provider.ConsumeIntegralInRange<size_t>(0, fuzz::kMaxInputSize);
  const Bytes frame = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (const Framing framing : fuzz::kFramings) {
    check_removal(frame, framing, capacity);
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
