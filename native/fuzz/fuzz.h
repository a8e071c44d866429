// What the targets share. A target is one file whose LLVMFuzzerTestOneInput takes its parameters from the end of the
// input and its data, an imagined frame, from the front: so a frame with a few bytes behind it is a seed.
//
// A finding is an abort: of a sanitizer, of a guard page, or of `expect`, where an answer is not what the standard, the
// scalar kernel or an inverse says.
#ifndef H264_SEI_NATIVE_FUZZ_FUZZ_H_
#define H264_SEI_NATIVE_FUZZ_FUZZ_H_

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../codec/bytes.h"
#include "../codec/framing.h"
#include "../simd/dispatch.h"
#include "../test/guarded_memory.h"

namespace h264_sei {
namespace fuzz {

// What libFuzzer may not exceed; scripts/fuzz says it to libFuzzer, too.
constexpr size_t kMaxInputSize = 8192;

// The framings that NAL units can be walked in, then the two that are hints only.
constexpr Framing kFramings[] = {Framing::kAnnexB, Framing::kRtp,    Framing::kAvcc1, Framing::kAvcc2,
                                 Framing::kAvcc4,  Framing::kDetect, Framing::kAvcc};
constexpr size_t kKnownFramings = 5;

inline void expect(bool condition, const simd::Kernel& kernel, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s\n", kernel.name, what);
  std::abort();
}

// Those that this processor can run, the scalar one last: it says what the others have to answer.
inline const std::vector<const simd::Kernel*>& kernels() {
  static const std::vector<const simd::Kernel*> usable = [] {
    std::vector<const simd::Kernel*> found;
    for (auto* node = simd::registered_kernels(); node != nullptr; node = node->next()) {
      if (node->kernel().usable()) found.push_back(&node->kernel());
    }
    if (found.empty() || std::strcmp(found.back()->name, "scalar") != 0) std::abort();
    return found;
  }();
  return usable;
}

// Memory that is at most `kMaxInputSize` bytes of the input, with `distance` bytes between one of its ends and a page
// that may not be touched. The bytes around it would complete a start code or an escape, were they read.
class GuardedInput {
 public:
  GuardedInput() : memory_(kMaxInputSize + kMaxDistance) {}

  Bytes place(FuzzedDataProvider& provider) {
    const size_t distance = provider.ConsumeIntegralInRange<size_t>(0, kMaxDistance);
    const bool is_at_end = provider.ConsumeBool();
    const std::vector<uint8_t> data = provider.ConsumeRemainingBytes<uint8_t>();
    if (data.size() > kMaxInputSize) std::abort();
    uint8_t* const at = is_at_end ? memory_.last(data.size() + distance) : memory_.first() + distance;
    uint8_t* const end = at + data.size();
    std::memset(at - std::min<size_t>(static_cast<size_t>(at - memory_.first()), kMaxDistance), 0,
                std::min<size_t>(static_cast<size_t>(at - memory_.first()), kMaxDistance));
    const size_t behind = std::min<size_t>(static_cast<size_t>(memory_.last(0) - end), kMaxDistance);
    for (size_t i = 0; i < behind; ++i) end[i] = i % 2 == 0 ? 1 : 3;
    if (!data.empty()) std::memcpy(at, data.data(), data.size());
    return {at, data.size()};
  }

 private:
  static constexpr size_t kMaxDistance = 127;

  GuardedMemory memory_;
};

// Memory to write to that ends at a page that may not be touched, and what it held before.
class GuardedTarget {
 public:
  explicit GuardedTarget(size_t largest) : memory_(largest), largest_(largest) {}

  Target of(size_t size) {
    if (size > largest_) std::abort();
    uint8_t* const data = memory_.last(size);
    std::memset(data, kUntouched, size);
    return {data, size};
  }

  // Whether the bytes from `from` on are what they were when the target was handed out.
  static bool is_untouched(Target target, size_t from) {
    return std::all_of(target.data + from, target.data + target.size, [](uint8_t byte) { return byte == kUntouched; });
  }

 private:
  static constexpr uint8_t kUntouched = 0xee;

  GuardedMemory memory_;
  size_t largest_;
};

inline bool equal(const uint8_t* first, const uint8_t* second, size_t size) {
  return size == 0 || std::memcmp(first, second, size) == 0;
}

}  // namespace fuzz
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_FUZZ_FUZZ_H_
