// splice and inject with every hint: all kernels agree; a target of exactly the right size is enough and one byte less
// is not, which leaves the target alone; and what comes out is the frame, byte for byte, with the framed SEI at one
// place.
#include "../codec/rtp_payload.h"
#include "../codec/splice.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

constexpr size_t kMaxUnits = 10;
constexpr size_t kMaxUnitSize = 300;
constexpr size_t kMaxFramingLength = 4;

struct Call {
  Bytes frame;
  NalUnits nal_units;
  Framing hint;
  uint64_t max_packet_size;
};

void append_length(std::vector<uint8_t>& bytes, size_t length, size_t length_size) {
  for (size_t i = length_size; i > 0; --i) bytes.push_back(static_cast<uint8_t>(length >> 8 * (i - 1)));
}

void append(std::vector<uint8_t>& bytes, Bytes more) { bytes.insert(bytes.end(), more.data, more.data + more.size); }

// The NAL units with what the framing puts in front of each.
std::vector<uint8_t> framed(NalUnits nal_units, Framing framing) {
  std::vector<uint8_t> bytes;
  for (const Bytes& nal_unit : nal_units) {
    if (framing == Framing::kAnnexB) {
      bytes.insert(bytes.end(), {0, 0, 0, 1});
    } else {
      append_length(bytes, nal_unit.size, framing == Framing::kRtp ? kStapASizeLength : length_size_of(framing));
    }
    append(bytes, nal_unit);
  }
  return bytes;
}

// What has to be written, made slowly.
std::vector<uint8_t> reference(const Call& call, Location location) {
  const Framing framing = location.framing();
  const size_t offset = location.offset();
  std::vector<uint8_t> bytes(call.frame.data, call.frame.data + offset);
  const bool wraps = framing == Framing::kRtp && !is_stap_a(call.frame);
  if (wraps) bytes.push_back(stap_a_header(call.frame[0]));
  const std::vector<uint8_t> sei = framed(call.nal_units, framing);
  bytes.insert(bytes.end(), sei.begin(), sei.end());
  if (wraps) append_length(bytes, call.frame.size, kStapASizeLength);
  append(bytes, {call.frame.at(offset), call.frame.size - offset});
  return bytes;
}

// Why nothing can be inserted, made slowly; 0 if something can be.
int64_t reason(const Call& call, Location location) {
  if (!location.is_sure() || !location.has_insertion_point()) return kPassThrough;
  const Framing framing = location.framing();
  if (framing == Framing::kRtp) {
    const bool wraps = !is_stap_a(call.frame);
    for (const Bytes& unit : call.nal_units) {
      if (unit.size > kMaxStapANalUnitLength) return kPassThrough;
    }
    if (wraps && call.frame.size > kMaxStapANalUnitLength) return kPassThrough;
    return reference(call, location).size() > call.max_packet_size ? kPassThrough : 0;
  }
  for (const Bytes& unit : call.nal_units) {
    if (framing == Framing::kAvcc1 && unit.size > 0xff) return kNalUnitTooLarge;
  }
  return 0;
}

void check(const Call& call, Location location, const simd::Kernel& kernel) {
  static fuzz::GuardedTarget memory(fuzz::kMaxInputSize + kMaxUnits * (kMaxUnitSize + kMaxFramingLength) + 8);
  const auto& [frame, nal_units, hint, max_packet_size] = call;
  const int64_t why = reason(call, location);
  if (why < 0) {
    const Target target = memory.of(frame.size);
    fuzz::expect(inject(frame, nal_units, target, hint, max_packet_size, kernel) == why, kernel,
                 "inject where there is no place");
    fuzz::expect(fuzz::GuardedTarget::is_untouched(target, 0), kernel, "the target where there is no place");
  }
  if (!location.has_insertion_point()) return;
  const std::vector<uint8_t> expected = reference(call, location);
  const int64_t length = static_cast<int64_t>(expected.size());
  for (const size_t spare : {0, 1}) {
    for (const bool is_splice : {true, false}) {
      if (!is_splice && why < 0) continue;
      const Target target = memory.of(expected.size() + spare);
      const int64_t written = is_splice ? splice(frame, nal_units, target, location)
                                        : inject(frame, nal_units, target, hint, max_packet_size, kernel);
      fuzz::expect(written == length, kernel, "the length of the result");
      fuzz::expect(fuzz::equal(target.data, expected.data(), expected.size()), kernel, "the result");
      fuzz::expect(fuzz::GuardedTarget::is_untouched(target, expected.size()), kernel, "what is after the frame");
    }
  }
  const Target small = memory.of(expected.size() - 1);
  fuzz::expect(splice(frame, nal_units, small, location) == kTargetTooSmall, kernel, "too small a target");
  fuzz::expect(fuzz::GuardedTarget::is_untouched(small, 0), kernel, "a target that is too small");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const uint64_t max_packet_size = provider.ConsumeIntegralInRange<uint64_t>(1, 2 * fuzz::kMaxInputSize);
  const size_t count = provider.ConsumeIntegralInRange<size_t>(0, kMaxUnits);
  std::vector<std::vector<uint8_t>> contents(count);
  for (std::vector<uint8_t>& content : contents) {
    content.resize(provider.ConsumeIntegralInRange<size_t>(0, kMaxUnitSize), 0x2a);
    if (!content.empty()) content[0] = 6;
  }
  std::vector<Bytes> units;
  for (const std::vector<uint8_t>& content : contents) units.push_back({content.data(), content.size()});
  const Bytes frame = memory.place(provider);
  for (const Framing hint : fuzz::kFramings) {
    const Call call{frame, {units.data(), units.size()}, hint, max_packet_size};
    const Location location = locate(frame, hint, *fuzz::kernels().back());
    for (const simd::Kernel* kernel : fuzz::kernels()) check(call, location, *kernel);
  }
  return 0;
}
