// The kernels against the C library on the same bytes: the scan against memchr for a byte that is not there, escape and
// unescape against memcpy. Every answer is checked before it is timed, the contenders take turns, and what is printed
// are medians.
//
//   kernels_bench CLIP time [FUNCTION]   times every kernel that this processor can run
//   kernels_bench CLIP call KERNEL       makes each call of that kernel once, in `measured_call`, for an instruction
//                                        counter
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "../simd/dispatch.h"
#include "../simd/kernel.h"

namespace {

using h264_sei::simd::Kernel;
using Bytes = std::vector<uint8_t>;

constexpr size_t kKib = 1024;
// Replaced in every input, so that memchr does not find it. It is part of no pattern.
constexpr uint8_t kAbsent = 0xfe;

struct Input {
  std::string name;
  Bytes bytes;
};

Bytes repeat(const Bytes& pattern, size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) {
    const uint8_t byte = pattern[i % pattern.size()];
    bytes[i] = byte == kAbsent ? 0xfd : byte;
  }
  return bytes;
}

std::vector<Input> make_inputs(const Bytes& clip, size_t size) {
  return {
      {"H.264", repeat(clip, size)},
      {"text", repeat({'t', 'e', 'x', 't', ' '}, size)},
      {"zeros", repeat({0}, size)},
      {"00 00 03...", repeat({0, 0, 3}, size)},
      {"00 02...", repeat({0, 2}, size)},
      {"all 01", repeat({1}, size)},
      {"all ff", repeat({0xff}, size)},
      {"00 00 01...", repeat({0, 0, 1}, size)},
      {"00 00 09...", repeat({0, 0, 9}, size)},
  };
}

// One call; the answer keeps the compiler from leaving it out.
using Call = std::function<size_t()>;

struct Contender {
  std::string name;
  Call call;
  std::vector<double> nanoseconds = {};

  double median() {
    std::sort(nanoseconds.begin(), nanoseconds.end());
    return nanoseconds[nanoseconds.size() / 2];
  }
};

volatile size_t sink;

double time_of(const Call& call, size_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < calls; ++i) sink = call();
  const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
  return passed.count() / static_cast<double>(calls);
}

// Prints bytes per nanosecond, which is GB/s, and the ratio to the first contender.
void race(const std::string& name, size_t size, std::vector<Contender>& contenders) {
  constexpr int kRounds = 41;
  constexpr double kNanosecondsPerRound = 60e3;
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& contender : contenders) {
      const double once = time_of(contender.call, 1);
      const size_t calls = static_cast<size_t>(std::max(1.0, kNanosecondsPerRound / std::max(once, 20.0)));
      contender.nanoseconds.push_back(time_of(contender.call, calls));
    }
  }
  std::printf("%-28s", name.c_str());
  const double first = contenders[0].median();
  for (Contender& contender : contenders) {
    const double nanoseconds = contender.median();
    std::printf(" %7.2f", static_cast<double>(size) / nanoseconds);
    if (&contender != &contenders[0]) std::printf(" %5.2f", first / nanoseconds);
  }
  std::printf("\n");
}

[[noreturn]] void fail(const Kernel& kernel, const char* what) {
  std::fprintf(stderr, "%s: %s answers something else than scalar\n", kernel.name, what);
  std::exit(1);
}

std::vector<const Kernel*> usable_kernels() {
  std::vector<const Kernel*> kernels;
  for (auto* node = h264_sei::simd::registered_kernels(); node != nullptr; node = node->next()) {
    if (node->kernel().usable()) kernels.push_back(&node->kernel());
  }
  return kernels;
}

class Bench {
 public:
  using MakeCall = Call (Bench::*)(const Kernel&, const Bytes&);

  Bench(const Bytes& clip, size_t size)
      : inputs_(make_inputs(clip, size)), size_(size), offsets_(size), target_(2 * size + 64) {}

  Call scan(const Kernel& kernel, const Bytes& bytes) {
    return [&] { return kernel.scan_start_codes(bytes.data(), bytes.size(), offsets_.data(), offsets_.size()); };
  }
  Call count(const Kernel& kernel, const Bytes& bytes) {
    return [&] { return kernel.count_escapes(bytes.data(), bytes.size()); };
  }
  Call escape(const Kernel& kernel, const Bytes& bytes) {
    return [&] { return kernel.escape(bytes.data(), bytes.size(), target_.data(), target_.size()); };
  }
  Call unescape(const Kernel& kernel, const Bytes& bytes) {
    return [&] { return kernel.unescape(bytes.data(), bytes.size(), target_.data(), target_.size()); };
  }

  // All functions, or the one of that name.
  void time_all(const std::vector<const Kernel*>& kernels, const std::string& only) {
    const auto find_absent = [&](const Bytes& bytes) {
      return Call([&] { return std::memchr(bytes.data(), kAbsent, bytes.size()) == nullptr ? 0 : size_t{1}; });
    };
    const auto copy = [&](const Bytes& bytes) {
      return Call([&] {
        std::memcpy(target_.data(), bytes.data(), bytes.size());
        return size_t{target_[0]};
      });
    };
    if (only.empty() || only == "scan") time("scan", "memchr", find_absent, &Bench::scan, kernels);
    if (only.empty() || only == "count") time("count", "memchr", find_absent, &Bench::count, kernels);
    if (only.empty() || only == "escape") time("escape", "memcpy", copy, &Bench::escape, kernels);
    if (only.empty() || only == "unescape") time("unescape", "memcpy", copy, &Bench::unescape, kernels);
  }

  // Each function on each input, by one kernel; prints their names in that order.
  void call_each(const Kernel& kernel, void (*measured)(const Call&)) {
    const std::pair<const char*, MakeCall> functions[] = {
        {"scan", &Bench::scan}, {"count", &Bench::count}, {"escape", &Bench::escape}, {"unescape", &Bench::unescape}};
    for (const auto& [name, make] : functions) {
      for (const Input& input : inputs_) {
        std::printf("%s, %s\n", name, input.name.c_str());
        measured((this->*make)(kernel, input.bytes));
      }
    }
  }

 private:
  template <class MakeBaseline>
  void time(const char* name, const char* baseline, MakeBaseline make_baseline, MakeCall make,
            const std::vector<const Kernel*>& kernels) {
    std::printf("\n%-18s %6zu B  %7s", name, size_, baseline);
    for (const Kernel* kernel : kernels) std::printf(" %7s     x", kernel->name);
    std::printf("\n");
    for (const Input& input : inputs_) {
      std::vector<Contender> contenders{{baseline, make_baseline(input.bytes)}};
      const size_t expected = (this->*make)(*kernels.back(), input.bytes)();
      const std::vector<uint32_t> offsets = offsets_;
      const Bytes target = target_;
      for (const Kernel* kernel : kernels) {
        contenders.push_back({kernel->name, (this->*make)(*kernel, input.bytes)});
        if (contenders.back().call() != expected || offsets_ != offsets) fail(*kernel, name);
        const bool writes = make == &Bench::escape || make == &Bench::unescape;
        if (writes && !std::equal(target.begin(), target.begin() + static_cast<ptrdiff_t>(expected), target_.begin())) {
          fail(*kernel, name);
        }
      }
      race(input.name, size_, contenders);
    }
  }

  const std::vector<Input> inputs_;
  const size_t size_;
  std::vector<uint32_t> offsets_;
  Bytes target_;
};

}  // namespace

// Its name is what an instruction counter is told to look for.
extern "C" __attribute__((noinline)) void measured_call(const Call& call) { sink = call(); }

int main(int count, char** arguments) {
  const std::string mode = count < 3 ? "" : arguments[2];
  const std::string operand = count < 4 ? "" : arguments[3];
  if (mode != "time" && mode != "call") {
    std::fprintf(stderr, "usage: kernels_bench CLIP time [FUNCTION] | kernels_bench CLIP call KERNEL\n");
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const Bytes clip{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (clip.empty()) {
    std::fprintf(stderr, "%s cannot be read\n", arguments[1]);
    return 2;
  }
  if (mode == "time") {
    std::printf("bytes per nanosecond (GB/s), and x: times the speed of the C library on the same bytes\n");
    for (size_t size : {400 * size_t{1}, 4 * kKib, 64 * kKib}) Bench(clip, size).time_all(usable_kernels(), operand);
    return 0;
  }
  const Kernel* kernel = h264_sei::simd::find_kernel(operand.c_str());
  if (kernel == nullptr) {
    std::fprintf(stderr, "%s cannot run here\n", operand.c_str());
    return 3;
  }
  Bench(clip, 64 * kKib).call_each(*kernel, measured_call);
  return 0;
}
