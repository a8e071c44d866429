// SSE2, which every x86-64 processor has.
#include "x86_features.h"

#ifdef H264_SEI_X86_64

#include <emmintrin.h>

#include <cstring>

#include "dispatch.h"
#include "kernel.h"

// No target region: this is the baseline of the processor.
#include "block_kernel.h"

namespace h264_sei {
namespace simd {
namespace {

bool always() { return true; }

// How the bytes of a group of four move, by the 4-bit mask of those that are marked: the bytes in front of the first
// mark stay, those behind it move by one place, those behind the second by two. Of neighbors only one is marked, so
// that there is no third mark.
struct Moves {
  uint64_t by_none = 0;
  uint64_t by_one = 0;
  uint64_t by_two = 0;
  uint64_t threes = 0;
  size_t length = 0;

  constexpr void add(unsigned index, unsigned places) {
    (places == 0 ? by_none : places == 1 ? by_one : by_two) |= uint64_t{0xff} << (8 * index);
    ++length;
  }
};

struct alignas(64) MoveTables {
  Moves drop[16];
  Moves insert[16];

  constexpr MoveTables() {
    for (unsigned mask = 0; mask < 16; ++mask) {
      unsigned marks = 0;
      for (unsigned i = 0; i < 4; ++i) {
        if ((mask >> i & 1u) == 0) {
          drop[mask].add(i, marks);
        } else {
          insert[mask].threes |= uint64_t{3} << (8 * (i + marks));
          ++insert[mask].length;
          ++marks;
        }
        insert[mask].add(i, marks);
      }
    }
  }
};

constexpr MoveTables kMoveTables;

struct Sse2 : ByteGroups<Sse2>, CopiedEnds<Sse2> {
  struct Block {
    __m128i v0;
    __m128i v1;
    __m128i v2;
    __m128i v3;
  };

  static Block load(const uint8_t* from) {
    const __m128i* vectors = reinterpret_cast<const __m128i*>(from);
    return {_mm_loadu_si128(vectors), _mm_loadu_si128(vectors + 1), _mm_loadu_si128(vectors + 2),
            _mm_loadu_si128(vectors + 3)};
  }

  static void store(uint8_t* to, Block block) {
    __m128i* vectors = reinterpret_cast<__m128i*>(to);
    _mm_storeu_si128(vectors, block.v0);
    _mm_storeu_si128(vectors + 1, block.v1);
    _mm_storeu_si128(vectors + 2, block.v2);
    _mm_storeu_si128(vectors + 3, block.v3);
  }

  static uint64_t equal(Block block, char value) {
    const __m128i values = _mm_set1_epi8(value);
    return mask(_mm_cmpeq_epi8(block.v0, values), _mm_cmpeq_epi8(block.v1, values), _mm_cmpeq_epi8(block.v2, values),
                _mm_cmpeq_epi8(block.v3, values));
  }

  static uint64_t at_most(Block block, char value) {
    const __m128i values = _mm_set1_epi8(value);
    return mask(at_most(block.v0, values), at_most(block.v1, values), at_most(block.v2, values),
                at_most(block.v3, values));
  }

  static bool any_lane_zero(Block first, Block second, uint16_t lane_mask) {
    const __m128i masks = _mm_set1_epi16(static_cast<int16_t>(lane_mask));
    const __m128i in_first = _mm_or_si128(_mm_or_si128(below_one(first.v0, masks), below_one(first.v1, masks)),
                                          _mm_or_si128(below_one(first.v2, masks), below_one(first.v3, masks)));
    const __m128i in_second = _mm_or_si128(_mm_or_si128(below_one(second.v0, masks), below_one(second.v1, masks)),
                                           _mm_or_si128(below_one(second.v2, masks), below_one(second.v3, masks)));
    const __m128i below = _mm_or_si128(in_first, in_second);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(below, _mm_setzero_si128())) != 0xffff;
  }

  static uint8_t* drop16(const uint8_t* from, unsigned mask, uint8_t* to) {
    for (unsigned i = 0; i < 16; i += 4) to = drop4(from + i, mask >> i & 0xf, to);
    return to;
  }

  static uint8_t* insert16(const uint8_t* from, unsigned mask, uint8_t* to) {
    for (unsigned i = 0; i < 16; i += 4) to = insert4(from + i, mask >> i & 0xf, to);
    return to;
  }

 private:
  static uint64_t mask(__m128i v0, __m128i v1, __m128i v2, __m128i v3) {
    return bits(v0) | bits(v1) << 16 | bits(v2) << 32 | bits(v3) << 48;
  }
  static uint64_t bits(__m128i vector) { return static_cast<uint32_t>(_mm_movemask_epi8(vector)); }

  static __m128i at_most(__m128i vector, __m128i values) {
    return _mm_cmpeq_epi8(_mm_min_epu8(vector, values), vector);
  }

  // There is no unsigned minimum of 16 bits in SSE2; but what is below 1 leaves something of it.
  static __m128i below_one(__m128i vector, __m128i masks) {
    return _mm_subs_epu16(_mm_set1_epi16(1), _mm_and_si128(vector, masks));
  }

  // Writes 4 bytes.
  static uint8_t* drop4(const uint8_t* from, unsigned mask, uint8_t* to) {
    const uint64_t bytes = read4(from);
    const Moves& moves = kMoveTables.drop[mask];
    const uint64_t moved = (bytes & moves.by_none) | (bytes & moves.by_one) >> 8 | (bytes & moves.by_two) >> 16;
    const uint32_t kept = static_cast<uint32_t>(moved);
    std::memcpy(to, &kept, sizeof kept);
    return to + moves.length;
  }

  // Writes 8 bytes.
  static uint8_t* insert4(const uint8_t* from, unsigned mask, uint8_t* to) {
    const uint64_t bytes = read4(from);
    const Moves& moves = kMoveTables.insert[mask];
    const uint64_t moved = (bytes & moves.by_none) | (bytes & moves.by_one) << 8 | (bytes & moves.by_two) << 16;
    const uint64_t with_threes = moved | moves.threes;
    std::memcpy(to, &with_threes, sizeof with_threes);
    return to + moves.length;
  }

  // x86 is little-endian: the first byte is the lowest.
  static uint64_t read4(const uint8_t* from) {
    uint32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
  }
};

constexpr Kernel kSse2 = make_kernel<Sse2>("sse2", 100, always);

KernelRegistration registration(kSse2);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64
