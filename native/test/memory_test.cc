// Every kernel and every entry point of the codec on blocks of the heap that are exactly as large as they have to be,
// for a checker of memory: ASan, or Valgrind's memcheck, which knows as well what was never written. Nothing is written
// to a target or a table beforehand, and every byte that a call says it has written is looked at.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../codec/emulation_prevention.h"
#include "../codec/format_detection.h"
#include "../codec/nal_unit_bounds.h"
#include "../codec/sei_extraction.h"
#include "../codec/sei_removal.h"
#include "../codec/splice.h"
#include "../simd/dispatch.h"
#include "hostile_frames.h"
#include "references.h"

namespace {

using h264_sei::Bytes;
using h264_sei::Framing;
using h264_sei::NalUnitBounds;
using h264_sei::NalUnits;
using h264_sei::SeiRecord;
using h264_sei::Target;
using h264_sei::simd::Kernel;
using h264_sei::simd::kNoRoom;

constexpr uint64_t kMaxPacketSize = 1200;

// A block of the heap that holds `count` of something, not written to yet.
template <class Element>
class Block {
 public:
  explicit Block(size_t count) : data_(static_cast<Element*>(std::malloc(count * sizeof(Element)))), count_(count) {
    if (data_ == nullptr && count > 0) std::abort();
  }
  explicit Block(const std::vector<Element>& content) : Block(content.size()) {
    std::copy(content.begin(), content.end(), data_);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { std::free(data_); }

  Element* data() { return data_; }
  size_t count() const { return count_; }

 private:
  Element* data_;
  size_t count_;
};

const Kernel* kernel_under_test = nullptr;

void check(bool condition, const char* what, size_t size) {
  if (condition) return;
  std::fprintf(stderr, "%s: %s is wrong for a frame of %zu bytes\n", kernel_under_test->name, what, size);
  std::exit(1);
}

// FNV-1a over all that was answered. Each bit that was never written makes it depend on that.
class Digest {
 public:
  void add(const uint8_t* data, size_t size) {
    for (size_t i = 0; i < size; ++i) value_ = (value_ ^ data[i]) * 0x100000001b3u;
  }
  void add(int64_t number) { add(reinterpret_cast<const uint8_t*>(&number), sizeof(number)); }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325u;
};

void search(Bytes frame, const std::vector<uint8_t>& content, const Kernel& kernel) {
  const std::vector<uint32_t> starts = reference_scan(content, 1);
  const std::vector<uint32_t> escapes = reference_scan(content, 3);
  check(kernel.find_start_code(frame.data, frame.end()) == frame.at(starts.empty() ? frame.size : starts[0]),
        "find_start_code", frame.size);
  check(kernel.find_escape(frame.data, frame.end()) == frame.at(escapes.empty() ? frame.size : escapes[0]),
        "find_escape", frame.size);
  for (const size_t capacity : {starts.size(), starts.size() / 2, size_t{0}}) {
    Block<uint32_t> offsets(capacity);
    const size_t count = kernel.scan_start_codes(frame.data, frame.size, offsets.data(), capacity);
    check(count == starts.size(), "the count of scan_start_codes", frame.size);
    check(std::equal(offsets.data(), offsets.data() + capacity, starts.begin(),
                     [](uint32_t found, uint32_t start) { return found == start + 3; }),
          "scan_start_codes", frame.size);
  }
}

void rewrite(size_t (*function)(Bytes, Target, const Kernel&), Bytes source, const std::vector<uint8_t>& expected,
             const char* what, const Kernel& kernel) {
  for (const size_t spare : {size_t{0}, size_t{33}}) {
    Block<uint8_t> target(expected.size() + spare);
    const size_t written = function(source, {target.data(), target.count()}, kernel);
    check(written == expected.size(), what, source.size);
    check(std::equal(expected.begin(), expected.end(), target.data()), what, source.size);
  }
  if (expected.empty()) return;
  Block<uint8_t> target(expected.size() - 1);
  check(function(source, {target.data(), target.count()}, kernel) == kNoRoom, what, source.size);
}

// The first call has room to spare, the second one exactly as much as the first has used, the third a byte less.
void splice(Digest& digest, Bytes frame, NalUnits nal_units, Framing hint, const Kernel& kernel) {
  digest.add(h264_sei::locate(frame, hint, kernel).value());
  size_t most = frame.size + 64;
  for (const Bytes& unit : nal_units) most += unit.size + 4;
  Block<uint8_t> first(most);
  const int64_t written = h264_sei::inject(frame, nal_units, {first.data(), most}, hint, kMaxPacketSize, kernel);
  digest.add(written);
  if (written <= 0) return;
  const size_t size = static_cast<size_t>(written);
  digest.add(first.data(), size);
  Block<uint8_t> exact(size);
  check(h264_sei::inject(frame, nal_units, {exact.data(), size}, hint, kMaxPacketSize, kernel) == written &&
            std::equal(exact.data(), exact.data() + size, first.data()),
        "inject into exactly enough", frame.size);
  Block<uint8_t> small(size - 1);
  check(h264_sei::inject(frame, nal_units, {small.data(), size - 1}, hint, kMaxPacketSize, kernel) ==
            h264_sei::kTargetTooSmall,
        "inject into too little", frame.size);
}

// Into a target of the size of the frame, then into one of exactly the size that was used, and one of a byte less.
void remove(Digest& digest, Bytes frame, Framing framing, const SeiRecord* records, size_t count,
            const Kernel& kernel) {
  Block<uint8_t> is_removed(count);
  for (size_t i = 0; i < count; ++i) is_removed.data()[i] = i % 2 == 0 ? 1 : 0;
  const auto call = [&](Block<uint8_t>& target) {
    return h264_sei::remove_sei(frame, framing, records, is_removed.data(), count, {target.data(), target.count()},
                                kernel);
  };
  Block<uint8_t> first(frame.size);
  const int64_t written = call(first);
  digest.add(written);
  if (written <= 0) return;
  digest.add(first.data(), static_cast<size_t>(written));
  Block<uint8_t> exact(static_cast<size_t>(written));
  check(call(exact) == written && std::equal(exact.data(), exact.data() + exact.count(), first.data()),
        "remove_sei into exactly enough", frame.size);
  Block<uint8_t> small(static_cast<size_t>(written) - 1);
  check(call(small) == h264_sei::kTargetTooSmall, "remove_sei into too little", frame.size);
}

void extract(Digest& digest, Bytes frame, Framing hint, size_t capacity, size_t room, const Kernel& kernel) {
  for (const bool is_first_vcl_end : {false, true}) {
    Block<SeiRecord> records(capacity);
    Block<uint8_t> scratch(room);
    const int64_t found = h264_sei::extract_sei_records(frame, hint, is_first_vcl_end, records.data(), capacity,
                                                        {scratch.data(), room}, kernel);
    digest.add(found);
    const int64_t count = found < 0 ? 0 : found / 0x100;
    for (size_t i = 0; i < capacity && static_cast<int64_t>(i) < count; ++i) {
      const SeiRecord& record = records.data()[i];
      for (const uint32_t number : {record.unit_start, record.nal_unit_offset, record.nal_unit_end, record.payload_type,
                                    record.payload_offset, record.payload_length, record.flags}) {
        digest.add(number);
      }
      const uint8_t* memory = (record.flags & h264_sei::kInScratch) != 0 ? scratch.data() : frame.data;
      digest.add(memory + record.payload_offset, record.payload_length);
    }
    const size_t kept = std::min(capacity, static_cast<size_t>(count));
    if (kept > 0) remove(digest, frame, static_cast<Framing>(found % 0x100), records.data(), kept, kernel);
  }
}

void split_and_join(Digest& digest, Bytes frame, Framing hint, size_t capacity, const Kernel& kernel) {
  Block<NalUnitBounds> bounds(capacity);
  const int64_t found = h264_sei::split_nal_units(frame, hint, bounds.data(), capacity, kernel);
  digest.add(found);
  const size_t count = found < 0 ? 0 : static_cast<size_t>(found / 0x100);
  if (count == 0 || count > capacity) return;
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size += 4 + bounds.data()[i].end - bounds.data()[i].start;
  Block<uint8_t> joined(size);
  check(h264_sei::join_nal_units(frame, bounds.data(), count, Framing::kAvcc4, {joined.data(), size}) ==
            static_cast<int64_t>(size),
        "join_nal_units into exactly enough", frame.size);
  digest.add(joined.data(), size);
  Block<uint8_t> small(size - 1);
  check(h264_sei::join_nal_units(frame, bounds.data(), count, Framing::kAvcc4, {small.data(), size - 1}) ==
            h264_sei::kTargetTooSmall,
        "join_nal_units into too little", frame.size);
}

uint64_t run(const std::vector<uint8_t>& content, Random& random, const Kernel& kernel) {
  Digest digest;
  Block<uint8_t> block(content);
  const Bytes frame{block.data(), block.count()};
  search(frame, content, kernel);
  std::vector<uint8_t> escaped = reference_escape(content);
  // The last byte of a NAL unit is no 00 (7.4.1).
  if (!content.empty() && content.back() == 0) escaped.push_back(3);
  check(h264_sei::escaped_length(frame, kernel) == escaped.size(), "escaped_length", frame.size);
  rewrite(h264_sei::escape, frame, escaped, "escape", kernel);
  rewrite(h264_sei::unescape, frame, reference_unescape(content), "unescape", kernel);

  Block<uint8_t> short_unit(std::vector<uint8_t>{0x06, 0x05, 0x01, 0x2a, 0x80});
  Block<uint8_t> long_unit(std::vector<uint8_t>(random.below(400) + 1, 0x06));
  const Bytes units[] = {{short_unit.data(), short_unit.count()}, {long_unit.data(), long_unit.count()}};
  for (const Framing hint : kFramings) {
    digest.add(h264_sei::detect(frame, hint, kernel));
    for (size_t count = 0; count <= 2; ++count) splice(digest, frame, {units, count}, hint, kernel);
  }
  const size_t capacity = random.below(8);
  const size_t room = random.below(2) == 0 ? frame.size : random.below(static_cast<uint32_t>(frame.size) + 1);
  for (const Framing hint : kFramings) {
    extract(digest, frame, hint, capacity, room, kernel);
    split_and_join(digest, frame, hint, capacity, kernel);
  }
  return digest.value();
}

}  // namespace

// memory_test [<frames>]
int main(int count, char** arguments) {
  const int frames = count > 1 ? std::atoi(arguments[1]) : 1000;
  Random random(0x9e3779b97f4a7c15u);
  for (int i = 0; i < frames; ++i) {
    std::vector<uint8_t> content(i < 300 ? static_cast<size_t>(i) : random.below(2000));
    make_frame(random, content.data(), content.size());
    const Random before = random;
    bool is_first = true;
    uint64_t expected = 0;
    for (auto* node = h264_sei::simd::registered_kernels(); node != nullptr; node = node->next()) {
      if (!node->kernel().usable()) continue;
      kernel_under_test = &node->kernel();
      random = before;
      const uint64_t digest = run(content, random, node->kernel());
      check(is_first || digest == expected, "what depends on the kernel", content.size());
      expected = digest;
      is_first = false;
    }
  }
  for (auto* node = h264_sei::simd::registered_kernels(); node != nullptr; node = node->next()) {
    if (node->kernel().usable()) std::printf("%s: %d frames on blocks of exact sizes\n", node->kernel().name, frames);
  }
  return 0;
}
