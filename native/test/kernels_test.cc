// Every usable kernel against a naive reference: each alignment from 0 to 63, each length from 0 to 200 and some longer
// ones, several kinds of data, the bytes beginning or ending at a page that may not be touched.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../simd/dispatch.h"
#include "../simd/kernel.h"
#include "guarded_memory.h"
#include "references.h"

namespace {

using h264_sei::simd::Kernel;
using h264_sei::simd::kNoRoom;
using Bytes = std::vector<uint8_t>;

uint64_t random_state = 0x9e3779b97f4a7c15u;

uint32_t next_random() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return static_cast<uint32_t>(random_state >> 32);
}

enum class Kind { kRandom, kZeroHeavy, kSmall, kStartCodes, kEscapes, kZeros, kSparse, kCount };

// Puts a few zeros and a small byte over multiples of 64, in a quiet neighborhood.
void plant(Bytes& data) {
  for (size_t boundary = 64; boundary < data.size(); boundary += 64 * (1 + next_random() % 3)) {
    const size_t zeros = 1 + next_random() % 5;
    size_t at = boundary - next_random() % 6;
    for (size_t i = 0; i < zeros && at < data.size(); ++i) data[at++] = 0;
    if (at < data.size()) data[at] = static_cast<uint8_t>(next_random() % 5);
  }
}

Bytes make(Kind kind, size_t size) {
  Bytes data(size);
  for (size_t i = 0; i < size; ++i) {
    const uint32_t random = next_random();
    switch (kind) {
      case Kind::kRandom:
        data[i] = static_cast<uint8_t>(random);
        break;
      case Kind::kZeroHeavy:
        data[i] = random % 4 != 0 ? 0 : static_cast<uint8_t>(random >> 8);
        break;
      case Kind::kSmall:
        data[i] = static_cast<uint8_t>(random % 5);
        break;
      case Kind::kStartCodes:
      case Kind::kEscapes:
        data[i] = random % 16 == 0 ? 0xff : i % 3 == 2 ? (kind == Kind::kEscapes ? 3 : 1) : 0;
        break;
      case Kind::kZeros:
      case Kind::kCount:
        data[i] = 0;
        break;
      case Kind::kSparse:
        data[i] = 0xff;
        break;
    }
  }
  if (kind == Kind::kSparse) plant(data);
  return data;
}

const Kernel* kernel_under_test = nullptr;

void check(bool condition, const char* what, Kind kind, size_t alignment, size_t size) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s is wrong: data of kind %d, alignment %zu, size %zu\n", kernel_under_test->name, what,
               static_cast<int>(kind), alignment, size);
  std::exit(1);
}

class KernelTest {
 public:
  KernelTest(const Kernel& kernel, size_t largest)
      : kernel_(kernel),
        source_(largest + 64),
        target_(2 * largest + 64),
        offsets_((largest / 3 + 1) * sizeof(uint32_t)) {}

  // `alignment` bytes lie between the data and a page that may not be touched, so it moves both ends of the data over a
  // cache line: first the page behind, then the one in front.
  void run(Kind kind, size_t alignment, size_t size) {
    const Bytes data = make(kind, size);
    run_at(source_.last(size + alignment), data, kind, alignment);
    run_at(source_.first() + alignment, data, kind, alignment);
  }

 private:
  void run_at(uint8_t* source, const Bytes& data, Kind kind, size_t alignment) {
    const size_t size = data.size();
    if (size > 0) std::memcpy(source, data.data(), size);
    // What lies around the data must not matter: it would complete a start code.
    const size_t in_front = std::min<size_t>(static_cast<size_t>(source - source_.first()), 64);
    const size_t behind = std::min<size_t>(static_cast<size_t>(source_.last(0) - source) - size, 64);
    std::memset(source - in_front, 0, in_front);
    std::memset(source + size, 1, behind);

    find(kernel_.find_escape, source, size, reference_scan(data, 3), "find_escape", kind, alignment);
    std::vector<uint32_t> offsets = reference_scan(data, 1);
    find(kernel_.find_start_code, source, size, offsets, "find_start_code", kind, alignment);
    for (uint32_t& offset : offsets) offset += 3;
    for (size_t capacity : {offsets.size(), offsets.size() / 2, offsets.size() + 1}) {
      constexpr uint32_t kUntouched = 0xdeadbeef;
      uint32_t* found = reinterpret_cast<uint32_t*>(offsets_.last(capacity * sizeof(uint32_t)));
      std::fill_n(found, capacity, kUntouched);
      const size_t count = kernel_.scan_start_codes(source, size, found, capacity);
      check(count == offsets.size(), "the count of scan_start_codes", kind, alignment, size);
      const size_t filled = std::min(capacity, count);
      check(std::equal(found, found + filled, offsets.begin()), "scan_start_codes", kind, alignment, size);
      check(std::all_of(found + filled, found + capacity, [](uint32_t each) { return each == kUntouched; }),
            "what scan_start_codes leaves alone", kind, alignment, size);
    }

    const Bytes escaped = reference_escape(data);
    const size_t escapes = kernel_.count_escapes(source, size);
    check(escapes == escaped.size() - size, "count_escapes", kind, alignment, size);
    rewrite(kernel_.escape, source, size, escaped, "escape", kind, alignment);
    rewrite(kernel_.unescape, source, size, reference_unescape(data), "unescape", kind, alignment);

    uint8_t* last = source_.last(escaped.size());
    if (!escaped.empty()) std::memcpy(last, escaped.data(), escaped.size());
    rewrite(kernel_.unescape, last, escaped.size(), data, "unescape of escape", kind, alignment);
  }

  void find(const uint8_t* (*function)(const uint8_t*, const uint8_t*), const uint8_t* source, size_t size,
            const std::vector<uint32_t>& all, const char* what, Kind kind, size_t alignment) {
    const uint8_t* expected = source + (all.empty() ? size : all[0]);
    check(function(source, source + size) == expected, what, kind, alignment, size);
  }

  // With exactly enough room, then with every smaller amount that is near, then with room to spare.
  void rewrite(size_t (*function)(const uint8_t*, size_t, uint8_t*, size_t), const uint8_t* source, size_t size,
               const Bytes& expected, const char* what, Kind kind, size_t alignment) {
    for (size_t spare : {size_t{0}, size_t{40}, size_t{130}}) {
      uint8_t* target = target_.last(expected.size() + spare);
      const size_t written = function(source, size, target, expected.size() + spare);
      check(written == expected.size(), what, kind, alignment, size);
      check(std::equal(expected.begin(), expected.end(), target), what, kind, alignment, size);
    }
    for (size_t missing : {size_t{1}, size_t{2}, size_t{63}, size_t{64}, size_t{65}}) {
      if (missing > expected.size()) break;
      const size_t capacity = expected.size() - missing;
      check(function(source, size, target_.last(capacity), capacity) == kNoRoom, what, kind, alignment, size);
    }
  }

  const Kernel& kernel_;
  GuardedMemory source_;
  GuardedMemory target_;
  GuardedMemory offsets_;
};

void test_kernel(const Kernel& kernel) {
  kernel_under_test = &kernel;
  constexpr size_t kLargest = 5000;
  KernelTest test(kernel, kLargest);
  size_t runs = 0;
  for (int kind = 0; kind < static_cast<int>(Kind::kCount); ++kind) {
    for (size_t alignment = 0; alignment < 64; ++alignment) {
      for (size_t size = 0; size <= 200; ++size, ++runs) test.run(static_cast<Kind>(kind), alignment, size);
    }
    for (size_t size : {255, 256, 257, 1000, 1023, 1024, 1025, 1086, 1087, 1088, 1151, 1152, 4096, 4999, 5000}) {
      for (size_t alignment = 0; alignment < 64; alignment += 7, ++runs) {
        test.run(static_cast<Kind>(kind), alignment, size);
      }
    }
  }
  check(kernel.find_start_code(nullptr, nullptr) == nullptr, "find_start_code of nothing", Kind::kCount, 0, 0);
  check(kernel.find_escape(nullptr, nullptr) == nullptr, "find_escape of nothing", Kind::kCount, 0, 0);
  check(kernel.scan_start_codes(nullptr, 0, nullptr, 0) == 0, "scan_start_codes of nothing", Kind::kCount, 0, 0);
  check(kernel.escape(nullptr, 0, nullptr, 0) == 0, "escape of nothing", Kind::kCount, 0, 0);
  check(kernel.unescape(nullptr, 0, nullptr, 0) == 0, "unescape of nothing", Kind::kCount, 0, 0);
  std::printf("%s: %zu inputs agree with the reference\n", kernel.name, runs);
}

}  // namespace

int main() {
  namespace simd = h264_sei::simd;
  for (const simd::KernelRegistration* node = simd::registered_kernels(); node != nullptr; node = node->next()) {
    const Kernel& kernel = node->kernel();
    if (node->next() != nullptr && node->next()->kernel().priority > kernel.priority) {
      std::fprintf(stderr, "%s: the list of kernels is not sorted\n", kernel.name);
      return 1;
    }
    const Kernel* named = simd::find_kernel(kernel.name);
    const bool is_found = named == &kernel || (named != nullptr && named->priority > kernel.priority);
    if (is_found != kernel.usable() || (named != nullptr && std::strcmp(named->name, kernel.name) != 0)) {
      std::fprintf(stderr, "%s: not found by its name\n", kernel.name);
      return 1;
    }
    if (kernel.usable()) {
      test_kernel(kernel);
    } else {
      std::printf("%s: not tested, this processor cannot run it\n", kernel.name);
    }
  }
  return simd::find_kernel("no such kernel") == nullptr ? 0 : 1;
}
