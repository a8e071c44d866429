// locate and inject with every hint: all kernels agree; a target of exactly the right size is enough and one byte less
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

// What `inject` has to write, made slowly.
std::vector<uint8_t> reference(const Call& call, int64_t location) {
  const Framing framing = static_cast<Framing>(location % kLocationScale);
  const size_t offset = static_cast<size_t>(location / kLocationScale);
  std::vector<uint8_t> bytes(call.frame.data, call.frame.data + offset);
  const bool wraps = framing == Framing::kRtp && !is_stap_a(call.frame);
  if (wraps) bytes.push_back(stap_a_header(call.frame[0]));
  const std::vector<uint8_t> sei = framed(call.nal_units, framing);
  bytes.insert(bytes.end(), sei.begin(), sei.end());
  if (wraps) append_length(bytes, call.frame.size, kStapASizeLength);
  append(bytes, {call.frame.at(offset), call.frame.size - offset});
  return bytes;
}

void check(const Call& call, int64_t location, const simd::Kernel& kernel) {
  static fuzz::GuardedTarget memory(fuzz::kMaxInputSize + kMaxUnits * (kMaxUnitSize + kMaxFramingLength) + 8);
  const auto& [frame, nal_units, hint, max_packet_size] = call;
  fuzz::expect(locate(frame, nal_units, hint, max_packet_size, kernel) == location, kernel, "locate");
  if (location < 0) {
    const Target target = memory.of(frame.size);
    fuzz::expect(inject(frame, nal_units, target, hint, max_packet_size, kernel) == location, kernel,
                 "inject where there is no place");
    fuzz::expect(fuzz::GuardedTarget::is_untouched(target, 0), kernel, "the target where there is no place");
    return;
  }
  const std::vector<uint8_t> expected = reference(call, location);
  const bool is_packet = location % kLocationScale == static_cast<int64_t>(Framing::kRtp);
  fuzz::expect(!is_packet || expected.size() <= max_packet_size, kernel, "the size of a packet");
  for (const size_t spare : {0, 1}) {
    const Target target = memory.of(expected.size() + spare);
    const int64_t written = inject(frame, nal_units, target, hint, max_packet_size, kernel);
    fuzz::expect(written == static_cast<int64_t>(expected.size()), kernel, "the length of inject");
    fuzz::expect(fuzz::equal(target.data, expected.data(), expected.size()), kernel, "inject");
    fuzz::expect(fuzz::GuardedTarget::is_untouched(target, expected.size()), kernel, "what is behind the frame");
  }
  const Target small = memory.of(expected.size() - 1);
  fuzz::expect(inject(frame, nal_units, small, hint, max_packet_size, kernel) == kTargetTooSmall, kernel,
               "inject into too small a target");
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
    const int64_t location = locate(frame, call.nal_units, hint, max_packet_size, *fuzz::kernels().back());
    for (const simd::Kernel* kernel : fuzz::kernels()) check(call, location, *kernel);
  }
  return 0;
}
