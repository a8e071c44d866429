// The loops of kernel.h, written once over a thin vector policy. kernel.h explains the algorithm.
//
// To be included inside a target region (target_region.h), after <cstring> and kernel.h: everything here and in the two
// headers it includes has internal linkage on purpose, so that no code for a better processor gets out of the file.
//
// A policy V provides
//   Block                          64 bytes in registers
//   load(from), store(to, block)   of 64 bytes at any alignment
//   load_first(from, n)            of the first n bytes, 0 < n < 64, with ff behind them; reads no other byte
//   store_first(to, block, n)      of the first n bytes, n < 64; writes no other byte
//   equal(block, value)            bit i: byte i is `value`
//   at_most(block, value)          bit i: byte i is `value` or less, unsigned
//   any_lane_zero(a, b, mask)      whether a little-endian 16-bit lane of the two blocks, ANDed with `mask`, is 0
//   remove(block, marks, to)       writes 64 bytes: those that are not marked, then anything
//   insert(block, marks, to)       writes at most 112 bytes: all, a 03 before each that is marked, then anything; of
//                                  neighbors only one is marked
//   write_offsets(hits, base, to)  writes base + i for each set bit i, ascending, and nothing else
#ifndef H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_
#define H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_

#include "bit_masks.h"
#include "byte_groups.h"

namespace h264_sei {
namespace simd {
namespace {

constexpr size_t kBlockSize = 64;

// For any_lane_zero: of any three bytes in a row two lie in one 16-bit lane, 00 00 or 00 and the third byte. In a
// little endian lane the byte that comes first is the low one. These masks leave a lane zero that holds 00 and at most
// 01, and one that holds 00 and at most 03.
constexpr uint16_t kLaneMaskForOne = 0xfeff;
constexpr uint16_t kLaneMaskForThree = 0xfcff;

// A search this long begins by stepping to a multiple of 64, so that no load straddles two cache lines: worth up to a
// third of the speed of 64-byte vectors, and less than what it costs where few are loaded.
constexpr size_t kLeastAlignedSize = 1024;

template <class V>
struct BlockKernel {
  using Block = typename V::Block;

  static const uint8_t* find_start_code(const uint8_t* begin, const uint8_t* end) { return find<1>(begin, end); }

  static const uint8_t* find_escape(const uint8_t* begin, const uint8_t* end) { return find<3>(begin, end); }

  static size_t scan_start_codes(const uint8_t* data, size_t size, uint32_t* offsets, size_t capacity) {
    StartCodeOffsets all{offsets, capacity};
    search(data, size, all);
    return all.count;
  }

  static size_t count_escapes(const uint8_t* source, size_t size) {
    EscapeCount escapes;
    search(source, size, escapes);
    return escapes.count;
  }

  static size_t escape(const uint8_t* source, size_t size, uint8_t* target, size_t capacity) {
    return rewrite<Escape>(source, size, target, capacity);
  }

  static size_t unescape(const uint8_t* source, size_t size, uint8_t* target, size_t capacity) {
    return rewrite<Unescape>(source, size, target, capacity);
  }

 private:
  // Visitors of search(). A visitor is told which bytes match and follow two zeros, bit i for the byte base + i;
  // answering true ends the search. kLaneMask is what makes a lane zero that can be part of a hit, see any_lane_zero.

  template <uint8_t kValue>
  struct First {
    static constexpr uint16_t kLaneMask = kValue == 1 ? kLaneMaskForOne : kLaneMaskForThree;
    bool found = false;
    size_t index = 0;

    static uint64_t matches(Block block) { return V::equal(block, kValue); }
    bool visit(uint64_t hits, size_t base, Carry&) {
      if (hits == 0) return false;
      found = true;
      index = base + trailing_zeros(hits);
      return true;
    }
  };

  struct StartCodeOffsets {
    static constexpr uint16_t kLaneMask = kLaneMaskForOne;
    uint32_t* offsets;
    size_t capacity;
    size_t count = 0;

    static uint64_t matches(Block block) { return V::equal(block, 1); }
    bool visit(uint64_t hits, size_t base, Carry&) {
      if (hits == 0) return false;
      // The writes of the scan: below the capacity. Beyond it only the count goes on.
      if (count < capacity) offsets[count] = static_cast<uint32_t>(base + trailing_zeros(hits) + 1);
      ++count;
      if (likely((hits &= hits - 1) == 0)) return false;
      count = append(hits, base + 1, offsets, capacity, count);
      return false;
    }

   private:
    // Apart, so that it does not get in the way of what video is made of; static, so that the members stay in
    // registers.
    H264_SEI_NOINLINE static size_t append(uint64_t hits, size_t base, uint32_t* offsets, size_t capacity,
                                           size_t count) {
      const size_t added = popcount(hits);
      if (count < capacity && added <= capacity - count) {
        V::write_offsets(hits, base, offsets + count);
      } else {
        for (size_t i = count; i < capacity; ++i, hits &= hits - 1) {
          offsets[i] = static_cast<uint32_t>(base + trailing_zeros(hits));
        }
      }
      return count + added;
    }
  };

  struct EscapeCount {
    static constexpr uint16_t kLaneMask = kLaneMaskForThree;
    size_t count = 0;

    static uint64_t matches(Block block) { return V::at_most(block, 3); }
    bool visit(uint64_t hits, size_t, Carry& carry) {
      count += popcount(choose_escapes(hits, carry));
      return false;
    }
  };

  template <uint8_t kValue>
  static const uint8_t* find(const uint8_t* begin, const uint8_t* end) {
    First<kValue> first;
    search(begin, static_cast<size_t>(end - begin), first);
    // The hit is the third byte, so two bytes lie in front of it.
    return first.found ? begin + (first.index - 2) : end;
  }

  template <class Visitor>
  static void search(const uint8_t* data, size_t size, Visitor& visitor) {
    Carry carry;
    size_t i = 0;
    if (size >= kLeastAlignedSize) {
      i = (size_t{0} - reinterpret_cast<uintptr_t>(data)) & (kBlockSize - 1);
      // The bytes in front of the multiple of 64 are the last `i` of a block, whose other bytes match nothing.
      const size_t absent = kBlockSize - i;
      if (i > 0) {
        const Block block = V::load(data);
        const uint64_t third = after_two_zeros(V::equal(block, 0) << absent, carry);
        if (visitor.visit(third & (Visitor::matches(block) << absent), size_t{0} - absent, carry)) return;
      }
    }
    // Sound: i + 128 <= size, so both loads lie within the data.
    for (; size - i >= 2 * kBlockSize; i += 2 * kBlockSize) {
      const Block first = V::load(data + i);
      const Block second = V::load(data + i + kBlockSize);
      // Where no lane is zero the last two bytes are no pair, so carry.pair stays 0; carry.zero is looked up when
      // needed.
      if (likely(carry.pair == 0 && !V::any_lane_zero(first, second, Visitor::kLaneMask))) continue;
      const uint64_t matches_in_first = Visitor::matches(first);
      const uint64_t matches_in_second = Visitor::matches(second);
      if ((matches_in_first | matches_in_second) == 0) {
        carry.pair = ends_in_pair(data, i + 2 * kBlockSize);
        continue;
      }
      if (matches_in_first != 0) {
        carry.zero = ends_in_zero(data, i);
        const uint64_t third = after_two_zeros(V::equal(first, 0), carry);
        if (visitor.visit(third & matches_in_first, i, carry)) return;
      } else {
        carry.pair = ends_in_pair(data, i + kBlockSize);
      }
      if (matches_in_second != 0) {
        carry.zero = ends_in_zero(data, i + kBlockSize);
        const uint64_t third = after_two_zeros(V::equal(second, 0), carry);
        if (visitor.visit(third & matches_in_second, i + kBlockSize, carry)) return;
      } else {
        carry.pair = ends_in_pair(data, i + 2 * kBlockSize);
      }
    }
    carry.zero = ends_in_zero(data, i);
    if (size - i >= kBlockSize) {
      // Sound: i + 64 <= size.
      const Block block = V::load(data + i);
      const uint64_t third = after_two_zeros(V::equal(block, 0), carry);
      if (visitor.visit(third & Visitor::matches(block), i, carry)) return;
      i += kBlockSize;
    }
    if (i == size) return;
    // Sound: the last 64 bytes, where there are so many. Those that have been visited are shifted out.
    const bool overlaps = size >= kBlockSize;
    const Block block = overlaps ? V::load(data + (size - kBlockSize)) : V::load_first(data, size);
    const size_t visited = overlaps ? kBlockSize - (size - i) : 0;
    const uint64_t third = after_two_zeros(V::equal(block, 0) >> visited, carry);
    visitor.visit(third & (Visitor::matches(block) >> visited), i, carry);
  }

  // Whether the first `size` bytes of the data end in a zero, in two.
  static bool ends_in_zero(const uint8_t* data, size_t size) { return size > 0 && data[size - 1] == 0; }
  static bool ends_in_pair(const uint8_t* data, size_t size) { return data[size - 2] == 0 && data[size - 1] == 0; }

  // The two ways to change a block: which bytes are marked, and what becomes of them.

  struct Escape {
    static constexpr size_t kRoom = 112;

    // Not looked up: behind two zeros nearly any byte of those that are dense with zeros is marked.
    static bool has_no_match(Block, Block) { return false; }
    static uint64_t marks(Block block, uint64_t third, Carry& carry) {
      return choose_escapes(third & V::at_most(block, 3), carry);
    }
    static size_t changed_size(size_t size, unsigned marked) { return size + marked; }
    H264_SEI_ALWAYS_INLINE static void change(Block block, uint64_t marks, uint8_t* to) { V::insert(block, marks, to); }
  };

  struct Unescape {
    static constexpr size_t kRoom = kBlockSize;

    // As in a run of zeros, which is copied as it is.
    static bool has_no_match(Block first, Block second) { return (V::equal(first, 3) | V::equal(second, 3)) == 0; }
    static uint64_t marks(Block block, uint64_t third, Carry&) { return third & V::equal(block, 3); }
    static size_t changed_size(size_t size, unsigned marked) { return size - marked; }
    H264_SEI_ALWAYS_INLINE static void change(Block block, uint64_t marks, uint8_t* to) { V::remove(block, marks, to); }
  };

  template <class Change>
  static size_t rewrite(const uint8_t* source, size_t size, uint8_t* target, size_t capacity) {
    Carry carry;
    size_t written = 0;
    size_t i = 0;
    // Sound: i + 128 <= size, so both loads lie within the source.
    for (; size - i >= 2 * kBlockSize; i += 2 * kBlockSize) {
      const Block first = V::load(source + i);
      const Block second = V::load(source + i + kBlockSize);
      const bool is_clean = carry.pair == 0 && !V::any_lane_zero(first, second, kLaneMaskForThree);
      if ((likely(is_clean) || Change::has_no_match(first, second)) && capacity - written >= 2 * kBlockSize) {
        // Sound: 128 bytes of room.
        V::store(target + written, first);
        V::store(target + written + kBlockSize, second);
        written += 2 * kBlockSize;
        carry.pair = !is_clean && ends_in_pair(source, i + 2 * kBlockSize);
        continue;
      }
      carry.zero = ends_in_zero(source, i);
      if (!rewrite_block<Change>(first, kBlockSize, carry, target, capacity, written)) return kNoRoom;
      if (!rewrite_block<Change>(second, kBlockSize, carry, target, capacity, written)) return kNoRoom;
    }
    carry.zero = ends_in_zero(source, i);
    while (i < size) {
      const bool is_whole = size - i >= kBlockSize;
      // Sound: 64 bytes remain, or as many as are taken.
      const size_t taken = is_whole ? kBlockSize : size - i;
      const Block block = is_whole ? V::load(source + i) : V::load_first(source + i, taken);
      if (!rewrite_block<Change>(block, taken, carry, target, capacity, written)) return kNoRoom;
      i += taken;
    }
    return written;
  }

  // Appends the first `taken` bytes of a block, changed; false if there is no room for them.
  template <class Change>
  H264_SEI_ALWAYS_INLINE static bool rewrite_block(Block block, size_t taken, Carry& carry, uint8_t* target,
                                                   size_t capacity, size_t& written) {
    const uint64_t third = after_two_zeros(V::equal(block, 0), carry);
    // All marks lie among the bytes taken: the ff behind them match nothing.
    const uint64_t marks = third == 0 ? 0 : Change::marks(block, third, carry);
    const size_t length = Change::changed_size(taken, popcount(marks));
    const size_t room = capacity - written;
    if (room < length) return false;
    uint8_t* const to = target + written;
    if (marks == 0) {
      // Sound: 64 bytes of room, or as many as are stored.
      if (room >= kBlockSize) {
        V::store(to, block);
      } else {
        V::store_first(to, block, length);
      }
    } else {
      // Sound: kRoom bytes at most are changed, and `length`, which is at most kRoom, fits.
      uint8_t changed[Change::kRoom];
      const bool has_room = room >= Change::kRoom;
      Change::change(block, marks, has_room ? to : changed);
      if (!has_room) std::memcpy(to, changed, length);
    }
    written += length;
    return true;
  }
};

template <class V>
constexpr Kernel make_kernel(const char* name, int priority, bool (*usable)()) {
  return {
      name,
      priority,
      usable,
      BlockKernel<V>::find_start_code,
      BlockKernel<V>::find_escape,
      BlockKernel<V>::scan_start_codes,
      BlockKernel<V>::count_escapes,
      BlockKernel<V>::escape,
      BlockKernel<V>::unescape,
  };
}

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_
