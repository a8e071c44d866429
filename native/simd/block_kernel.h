// The loops of kernel.h, written once over a thin vector policy. kernel.h explains the algorithm.
//
// To be included inside a target region (target_region.h), after <cstring> and kernel.h: everything here has internal
// linkage on purpose, and no other header is included, so that no code for a better processor gets out of the file.
//
// A policy V provides
//   Block                          64 bytes in registers
//   load(from), store(to, block)   of 64 bytes at any alignment
//   equal(block, value)            bit i: byte i is `value`
//   at_most(block, value)          bit i: byte i is `value` or less, unsigned
//   any_lane_zero(a, b, mask)      not 0 if a little-endian 16-bit lane of the two blocks, ANDed with `mask`, is 0
//   drop8(from, mask, to)          reads 8 bytes, writes 8: those whose bit in `mask` is clear, then anything
//   insert8(from, mask, to)        reads 8 bytes, writes 16: all, a 03 before each whose bit is set, then anything
#ifndef H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_
#define H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_

namespace h264_sei {
namespace simd {
namespace {

constexpr size_t kBlockSize = 64;

// For any_lane_zero: of any three bytes in a row two lie in one 16-bit lane, 00 00 or 00 and the third byte. In a
// little endian lane the byte that comes first is the low one. These masks leave a lane zero that holds 00 and at most
// 01, and one that holds 00 and at most 03.
constexpr uint16_t kLaneMaskForOne = 0xfeff;
constexpr uint16_t kLaneMaskForThree = 0xfcff;

// Where a call would push the vectors through memory.
#if defined(__GNUC__)
#define H264_SEI_ALWAYS_INLINE __attribute__((always_inline)) inline
#else
#define H264_SEI_ALWAYS_INLINE __forceinline
#endif

#if defined(__GNUC__)
inline unsigned trailing_zeros(uint64_t mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }
inline unsigned popcount(uint64_t mask) { return static_cast<unsigned>(__builtin_popcountll(mask)); }
inline bool likely(bool condition) { return __builtin_expect(condition, true); }
#else
// MSVC's intrinsics differ per processor and one of them needs an instruction that not all have.
inline unsigned popcount(uint64_t mask) {
  mask -= mask >> 1 & 0x5555555555555555u;
  mask = (mask & 0x3333333333333333u) + (mask >> 2 & 0x3333333333333333u);
  mask = (mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<unsigned>(mask * 0x0101010101010101u >> 56);
}
inline unsigned trailing_zeros(uint64_t mask) { return popcount(~mask & (mask - 1)); }
inline bool likely(bool condition) { return condition; }
#endif

// What the bytes before a block end in.
struct Carry {
  uint64_t zero = 0;  // 1 if the last byte is zero
  uint64_t pair = 0;  // 1 if the last two bytes are
};

// Bit i: the two bytes before byte i are zero. Moves `carry` on to the end of the block.
inline uint64_t after_two_zeros(uint64_t zero, Carry& carry) {
  const uint64_t pair = zero & ((zero << 1) | carry.zero);
  const uint64_t third = (pair << 1) | carry.pair;
  carry = {zero >> 63, pair >> 63};
  return third;
}

// The hits that are escaped: the first, third, ... of each run of set bits. Where the last byte of the block is one of
// them, the 03 before it parts it from the byte before that: they are no pair any more for the next block.
inline uint64_t choose_escapes(uint64_t hits, Carry& carry) {
  constexpr uint64_t kEvenBits = 0x5555555555555555u;
  const uint64_t starts = hits & ~(hits << 1);
  const uint64_t even_runs = hits & ~(hits + (starts & kEvenBits));
  const uint64_t chosen = (even_runs & kEvenBits) | (hits & ~even_runs & ~kEvenBits);
  carry.pair &= ~(chosen >> 63);
  return chosen;
}

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
  // Visitors of search(). A visitor is told which bytes match and follow two zeros; answering true ends the search.
  // kLaneMask is what makes a lane zero that can be part of a hit, see any_lane_zero.

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
      for (; hits != 0; hits &= hits - 1) {
        // The one write of the scan: below the capacity. Beyond it only the count goes on.
        if (count < capacity) offsets[count] = static_cast<uint32_t>(base + trailing_zeros(hits) + 1);
        ++count;
      }
      return false;
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
    // Sound: i + 128 <= size, so both loads lie within the data.
    for (; size - i >= 2 * kBlockSize; i += 2 * kBlockSize) {
      const Block first = V::load(data + i);
      const Block second = V::load(data + i + kBlockSize);
      // Where no lane is zero the last two bytes are no pair, so carry.pair stays 0; carry.zero is looked up when
      // needed.
      if (likely((carry.pair | V::any_lane_zero(first, second, Visitor::kLaneMask)) == 0)) continue;
      if (search_block(first, data, i, carry, visitor)) return;
      if (search_block(second, data, i + kBlockSize, carry, visitor)) return;
    }
    carry.zero = ends_in_zero(data, i);
    while (i < size) {
      const Block block = load_at_most(data + i, size - i);
      const uint64_t third = after_two_zeros(V::equal(block, 0), carry);
      if (visitor.visit(third & Visitor::matches(block), i, carry) || size - i <= kBlockSize) return;
      i += kBlockSize;
    }
  }

  // Searches the whole block at data + base.
  template <class Visitor>
  static bool search_block(Block block, const uint8_t* data, size_t base, Carry& carry, Visitor& visitor) {
    const uint64_t matches = Visitor::matches(block);
    if (matches == 0) {
      // Sound: the block is whole, so its last two bytes lie within the data.
      carry.pair = data[base + kBlockSize - 2] == 0 && data[base + kBlockSize - 1] == 0;
      return false;
    }
    carry.zero = ends_in_zero(data, base);
    return visitor.visit(after_two_zeros(V::equal(block, 0), carry) & matches, base, carry);
  }

  static bool ends_in_zero(const uint8_t* data, size_t size) { return size > 0 && data[size - 1] == 0; }

  // The next block, filled up with ff where fewer than 64 bytes remain.
  static Block load_at_most(const uint8_t* from, size_t remaining) {
    // Sound: 64 bytes remain.
    if (remaining >= kBlockSize) return V::load(from);
    // Sound: copies exactly what remains into an array that is larger.
    uint8_t padded[kBlockSize];
    std::memset(padded, 0xff, kBlockSize);
    std::memcpy(padded, from, remaining);
    return V::load(padded);
  }

  // The two ways to change a block: which bytes are marked, and what becomes of eight bytes with marks.

  struct Escape {
    // Eight groups of at most 16 bytes each, the last of which begins at 56 + 28 at most (of neighbors only one is
    // marked) and is written in full.
    static constexpr size_t kRoom = 112;

    static uint64_t marks(Block block, uint64_t third, Carry& carry) {
      return choose_escapes(third & V::at_most(block, 3), carry);
    }
    static size_t changed_size(size_t size, unsigned marked) { return size + marked; }
    static void change(const uint8_t* from, unsigned mask, uint8_t* to) { V::insert8(from, mask, to); }
  };

  struct Unescape {
    static constexpr size_t kRoom = kBlockSize;

    static uint64_t marks(Block block, uint64_t third, Carry&) { return third & V::equal(block, 3); }
    static size_t changed_size(size_t size, unsigned marked) { return size - marked; }
    static void change(const uint8_t* from, unsigned mask, uint8_t* to) { V::drop8(from, mask, to); }
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
      const bool clean = (carry.pair | V::any_lane_zero(first, second, kLaneMaskForThree)) == 0;
      if (likely(clean && capacity - written >= 2 * kBlockSize)) {
        // Sound: 128 bytes of room.
        V::store(target + written, first);
        V::store(target + written + kBlockSize, second);
        written += 2 * kBlockSize;
        continue;
      }
      carry.zero = ends_in_zero(source, i);
      if (!rewrite_block<Change>(first, kBlockSize, carry, target, capacity, written)) return kNoRoom;
      if (!rewrite_block<Change>(second, kBlockSize, carry, target, capacity, written)) return kNoRoom;
    }
    carry.zero = ends_in_zero(source, i);
    while (i < size) {
      const size_t taken = size - i < kBlockSize ? size - i : kBlockSize;
      const Block block = load_at_most(source + i, taken);
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
    if (marks == 0 && room >= kBlockSize) {
      // Sound: 64 bytes of room.
      V::store(target + written, block);
    } else if (room >= Change::kRoom) {
      // Sound: change_block writes kRoom bytes at most.
      change_block<Change>(block, marks, target + written);
    } else {
      // Sound: `length` is at most kRoom and at most the room.
      uint8_t changed[Change::kRoom];
      change_block<Change>(block, marks, changed);
      std::memcpy(target + written, changed, length);
    }
    written += length;
    return true;
  }

  template <class Change>
  H264_SEI_ALWAYS_INLINE static void change_block(Block block, uint64_t marks, uint8_t* target) {
    // From a copy, so that the bytes are those the marks were made from, even if the source changes meanwhile.
    uint8_t bytes[kBlockSize];
    V::store(bytes, block);
    for (unsigned i = 0; i < kBlockSize; i += 8) {
      const unsigned mask = static_cast<unsigned>(marks >> i & 0xff);
      const unsigned marked_before = popcount(marks & ((uint64_t{1} << i) - 1));
      Change::change(bytes + i, mask, target + Change::changed_size(i, marked_before));
    }
  }
};

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_BLOCK_KERNEL_H_
