// Every entry point of the codec on hostile frames: in every framing, with every usable kernel, the frame, the target
// and the scratch memory ending at the end of a page. First on memory that stands still, where all kernels must answer
// the same; then on memory that another thread keeps changing, where nothing is asked but to stay within bounds.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "../codec/emulation_prevention.h"
#include "../codec/format_detection.h"
#include "../codec/nal_unit_bounds.h"
#include "../codec/packed_count.h"
#include "../codec/sei_extraction.h"
#include "../codec/sei_removal.h"
#include "../codec/splice.h"
#include "../simd/dispatch.h"
#include "guarded_memory.h"
#include "hostile_frames.h"

namespace {

using h264_sei::Bytes;
using h264_sei::Framing;
using h264_sei::Location;
using h264_sei::NalUnitBounds;
using h264_sei::NalUnits;
using h264_sei::SeiRecord;
using h264_sei::Target;
using h264_sei::simd::Kernel;

constexpr size_t kMaxSize = 4096;
constexpr size_t kMaxRecords = 64;

struct Answers {
  std::vector<int64_t> numbers;
  std::vector<uint8_t> bytes;

  bool operator==(const Answers& other) const { return numbers == other.numbers && bytes == other.bytes; }
};

class CodecTest {
 public:
  CodecTest() : frame_(kMaxSize), target_(3 * kMaxSize), nal_unit_{0x06, 0x05, 0x01, 0x2a, 0x80} {}

  uint8_t* frame(size_t size) { return frame_.last(size); }

  // Calls everything once. `slack` varies how much room there is.
  Answers run(size_t size, size_t slack, const Kernel& kernel) {
    Answers answers;
    const Bytes frame{frame_.last(size), size};
    const Bytes units[] = {{nal_unit_.data(), nal_unit_.size()}, frame};

    uint32_t offsets[16];
    answers.numbers.push_back(static_cast<int64_t>(kernel.scan_start_codes(frame.data, size, offsets, slack % 16)));
    const size_t kept = std::min<size_t>(slack % 16, static_cast<size_t>(answers.numbers.back()));
    answers.numbers.insert(answers.numbers.end(), offsets, offsets + kept);
    answers.numbers.push_back(static_cast<int64_t>(h264_sei::escaped_length(frame, kernel)));
    keep(answers, size + slack, [&](Target target) { return h264_sei::escape(frame, target, kernel); });
    keep(answers, size - std::min(size, slack),
         [&](Target target) { return h264_sei::unescape(frame, target, kernel); });

    for (const Framing framing : kFramings) {
      answers.numbers.push_back(h264_sei::detect(frame, framing, kernel));
      for (size_t count = 1; count <= 2; ++count) {
        const NalUnits nal_units{units, count};
        const Location location = h264_sei::locate(frame, framing, kernel);
        answers.numbers.push_back(location.value());
        if (location.has_insertion_point()) {
          keep(answers, count * size + slack,
               [&](Target target) { return h264_sei::splice(frame, nal_units, target, location); });
        }
        keep(answers, count * size + slack,
             [&](Target target) { return h264_sei::inject(frame, nal_units, target, framing, 10 * kMaxSize, kernel); });
      }
    }
    for (const Framing framing : kFramings) {
      std::vector<SeiRecord> records(slack % kMaxRecords);
      const size_t scratch_size = slack % 2 == 0 ? size : slack;
      const Target scratch{target_.last(scratch_size), scratch_size};
      const int64_t found = h264_sei::extract_sei_records(frame, framing, slack % 3 == 0, records.data(),
                                                          records.size(), scratch, kernel);
      answers.numbers.push_back(found);
      const int64_t count = found < 0 ? 0 : found / 0x100;
      check_records(answers, frame.size, records, count);
      const size_t kept = std::min(records.size(), static_cast<size_t>(count));
      if (kept > 0) remove(answers, frame, static_cast<Framing>(found % 0x100), records.data(), kept, slack, kernel);
      split_and_join(answers, frame, framing, slack, kernel);
    }
    return answers;
  }

 private:
  void remove(Answers& answers, Bytes frame, Framing framing, const SeiRecord* records, size_t count, size_t slack,
              const Kernel& kernel) {
    std::vector<uint8_t> is_removed(count);
    for (size_t i = 0; i < count; ++i) is_removed[i] = (i + slack) % 3 != 0 ? 1 : 0;
    keep(answers, frame.size + slack % 7, [&](Target target) {
      return h264_sei::remove_sei(frame, framing, records, is_removed.data(), count, target, kernel);
    });
  }

  void split_and_join(Answers& answers, Bytes frame, Framing framing, size_t slack, const Kernel& kernel) {
    std::vector<NalUnitBounds> bounds(slack % kMaxRecords);
    const int64_t found = h264_sei::split_nal_units(frame, framing, bounds.data(), bounds.size(), kernel);
    answers.numbers.push_back(found);
    if (found <= 0 || static_cast<size_t>(found / 0x100) > bounds.size()) return;
    const size_t count = static_cast<size_t>(found / 0x100);
    keep(answers, frame.size + slack, [&](Target target) {
      return h264_sei::join_nal_units(frame, bounds.data(), count, kFramings[slack % 2 == 0 ? 0 : 4], target);
    });
  }

  // Remembers the answer and the bytes that it says were written.
  template <class Call>
  void keep(Answers& answers, size_t capacity, Call call) {
    uint8_t* memory = target_.last(capacity);
    std::memset(memory, 0xee, capacity);
    const auto answer = call(Target{memory, capacity});
    answers.numbers.push_back(static_cast<int64_t>(answer));
    const size_t written = static_cast<size_t>(answer);
    if (written <= capacity) answers.bytes.insert(answers.bytes.end(), memory, memory + written);
  }

  void check_records(Answers& answers, size_t size, const std::vector<SeiRecord>& records, int64_t count) {
    for (size_t i = 0; i < records.size() && static_cast<int64_t>(i) < count; ++i) {
      const SeiRecord& record = records[i];
      answers.numbers.insert(answers.numbers.end(), {record.nal_unit_offset, record.nal_unit_end, record.payload_type,
                                                     record.payload_offset, record.payload_length});
      const size_t limit = (record.flags & h264_sei::kInScratch) != 0 ? 3 * kMaxSize : size;
      const bool is_inside = record.unit_start <= record.nal_unit_offset &&
                             record.nal_unit_offset < record.nal_unit_end && record.nal_unit_end <= size &&
                             size_t{record.payload_offset} + record.payload_length <= limit;
      if (is_inside) continue;
      std::fprintf(stderr, "a record of SEI lies outside of its frame\n");
      std::exit(1);
    }
  }

  GuardedMemory frame_;
  GuardedMemory target_;
  std::vector<uint8_t> nal_unit_;
};

std::vector<const Kernel*> usable_kernels() {
  std::vector<const Kernel*> kernels;
  for (auto* node = h264_sei::simd::registered_kernels(); node != nullptr; node = node->next()) {
    if (node->kernel().usable()) kernels.push_back(&node->kernel());
  }
  return kernels;
}

size_t some_size(Random& random) { return random.below(2) == 0 ? random.below(kMaxSize + 1) : random.below(100); }

// A NAL unit of one byte, and zeros: where a single byte decides about the most.
size_t make_short_frame(Random& random, uint8_t* end) {
  const std::vector<uint8_t> headers = {0x06, 0x65, 0x41, 0x0e, 0x78};
  std::vector<uint8_t> frame = kPieces[random.below(6)];
  frame.push_back(headers[random.below(static_cast<uint32_t>(headers.size()))]);
  frame.resize(frame.size() + random.below(4));
  std::copy(frame.begin(), frame.end(), end - frame.size());
  return frame.size();
}

void test_still_memory(CodecTest& test, const std::vector<const Kernel*>& kernels) {
  constexpr int kFrames = 3000;
  Random random(0x2545f4914f6cdd1du);
  for (int i = 0; i < kFrames; ++i) {
    const size_t size = some_size(random);
    const size_t slack = random.below(200);
    make_frame(random, test.frame(size), size);
    const Answers expected = test.run(size, slack, *kernels.back());
    for (const Kernel* kernel : kernels) {
      if (test.run(size, slack, *kernel) == expected) continue;
      std::fprintf(stderr, "%s and %s differ on frame %d\n", kernel->name, kernels.back()->name, i);
      std::exit(1);
    }
  }
  std::printf("%d hostile frames: all kernels agree\n", kFrames);
}

void test_changing_memory(CodecTest& test, const std::vector<const Kernel*>& kernels) {
  constexpr int kFrames = 5000;
  constexpr int kRuns = 10;
  // The other thread does nothing but to turn this byte into a zero and back.
  std::atomic<uint8_t*> byte{test.frame(1)};
  std::atomic<bool> is_over{false};
  std::thread changer([&] {
    while (!is_over.load(std::memory_order_relaxed)) {
      volatile uint8_t* changing = byte.load(std::memory_order_relaxed);
      const uint8_t value = *changing;
      for (int i = 0; i < 100; ++i) {
        *changing = 0;
        *changing = value;
      }
    }
  });
  Random random(0xd1342543de82ef95u);
  for (int i = 0; i < kFrames; ++i) {
    size_t size = 1 + random.below(100);
    if (random.below(2) == 0) {
      make_frame(random, test.frame(size), size);
    } else {
      size = make_short_frame(random, test.frame(0));
    }
    byte.store(test.frame(1 + random.below(static_cast<uint32_t>(size))));
    for (int run = 0; run < kRuns; ++run) {
      test.run(size, random.below(200), *kernels[random.below(static_cast<uint32_t>(kernels.size()))]);
    }
  }
  is_over.store(true);
  changer.join();
  std::printf("%d frames that change meanwhile: within bounds\n", kFrames);
}

}  // namespace

int main() {
  CodecTest test;
  const std::vector<const Kernel*> kernels = usable_kernels();
  test_still_memory(test, kernels);
  test_changing_memory(test, kernels);
  return 0;
}
