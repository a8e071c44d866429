// NalUnitCursor in every framing: the NAL units of a byte stream against the wording of B.1.2, in the other framings
// against the sum of their lengths; the end asked for or not, which must not change the walk.
#include "../codec/byte_stream.h"
#include "../codec/length_prefixed.h"
#include "../codec/rtp_payload.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

struct Unit {
  size_t unit_start;
  size_t start;
  size_t end;

  bool operator==(const Unit& other) const {
    return unit_start == other.unit_start && start == other.start && end == other.end;
  }
};

// byte_stream_nal_unit by byte_stream_nal_unit (B.1.1): what lies between two start code prefixes, without the zeros
// behind it.
std::vector<Unit> reference_byte_stream(Bytes data) {
  std::vector<size_t> prefixes;
  for (size_t i = 0; i + 2 < data.size; ++i) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1) prefixes.push_back(i);
  }
  std::vector<Unit> units;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const size_t start = prefixes[i] + 3;
    size_t end = i + 1 < prefixes.size() ? prefixes[i + 1] : data.size;
    while (end > start && data[end - 1] == 0) --end;
    const bool has_zero_byte = prefixes[i] > 0 && data[prefixes[i] - 1] == 0;
    if (end > start) units.push_back({prefixes[i] - (has_zero_byte ? 1 : 0), start, end});
  }
  return units;
}

std::vector<Unit> reference_lengths(Bytes data, size_t from, size_t length_size) {
  std::vector<Unit> units;
  for (size_t at = from; at + length_size <= data.size;) {
    uint64_t length = 0;
    for (size_t i = 0; i < length_size; ++i) length = length * 256 + data[at + i];
    const size_t start = at + length_size;
    if (length > data.size - start) break;
    const size_t end = start + static_cast<size_t>(length);
    if (length > 0) units.push_back({at, start, end});
    at = end;
  }
  return units;
}

std::vector<Unit> reference(Bytes data, Framing framing) {
  if (framing == Framing::kAnnexB) return reference_byte_stream(data);
  if (framing != Framing::kRtp) return reference_lengths(data, 0, length_size_of(framing));
  if (is_stap_a(data)) return reference_lengths(data, kStapAHeaderLength, kStapASizeLength);
  if (data.size == 0 || is_fu_a(data)) return {};
  return {{0, 0, data.size}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const uint32_t asks_for_end = provider.ConsumeIntegral<uint32_t>();
  const Bytes data = memory.place(provider);
  for (size_t i = 0; i < fuzz::kKnownFramings; ++i) {
    const std::vector<Unit> expected = reference(data, fuzz::kFramings[i]);
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      NalUnitCursor cursor(data, fuzz::kFramings[i], *kernel);
      NalUnitCursor curious(data, fuzz::kFramings[i], *kernel);
      for (size_t count = 0; count < expected.size(); ++count) {
        const Unit& unit = expected[count];
        fuzz::expect(cursor.next() && curious.next(), *kernel, "the number of NAL units");
        fuzz::expect(unit == Unit{cursor.unit_start(), cursor.start(), cursor.end()}, *kernel, "a NAL unit");
        if ((asks_for_end >> count % 32 & 1) != 0) {
          fuzz::expect(curious.end() == unit.end, *kernel, "the end of a NAL unit");
        }
        fuzz::expect(curious.start() == unit.start, *kernel, "the start of a NAL unit");
        fuzz::expect(cursor.position() >= unit.end && cursor.position() <= data.size, *kernel, "the position");
      }
      fuzz::expect(!cursor.next() && !curious.next(), *kernel, "the end of the walk");
    }
  }
  return 0;
}
