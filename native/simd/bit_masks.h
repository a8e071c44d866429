// 64 bytes as 64-bit masks, bit i for byte i: what kernel.h does with them.
//
// To be included inside a target region (target_region.h): everything here has internal linkage on purpose.
#ifndef H264_SEI_NATIVE_SIMD_BIT_MASKS_H_
#define H264_SEI_NATIVE_SIMD_BIT_MASKS_H_

namespace h264_sei {
namespace simd {
namespace {

// Where a call would push the vectors through memory.
#if defined(__GNUC__)
#define H264_SEI_ALWAYS_INLINE __attribute__((always_inline)) inline
#define H264_SEI_NOINLINE __attribute__((noinline))
#else
#define H264_SEI_ALWAYS_INLINE __forceinline
#define H264_SEI_NOINLINE __declspec(noinline)
#endif

#if defined(__GNUC__)
inline bool likely(bool condition) { return __builtin_expect(condition, true); }
#else
inline bool likely(bool condition) { return condition; }
#endif

// MSVC's intrinsics differ per processor and one of them needs an instruction that not all have; GCC calls a function
// of its library where a processor has no such instruction.
#if defined(__clang__) || (defined(__GNUC__) && (defined(__POPCNT__) || !defined(__x86_64__)))
inline unsigned popcount(uint64_t mask) { return static_cast<unsigned>(__builtin_popcountll(mask)); }
#else
inline unsigned popcount(uint64_t mask) {
  mask -= mask >> 1 & 0x5555555555555555u;
  mask = (mask & 0x3333333333333333u) + (mask >> 2 & 0x3333333333333333u);
  mask = (mask + (mask >> 4)) & 0x0f0f0f0f0f0f0f0fu;
  return static_cast<unsigned>(mask * 0x0101010101010101u >> 56);
}
#endif

#if defined(__GNUC__)
inline unsigned trailing_zeros(uint64_t mask) { return static_cast<unsigned>(__builtin_ctzll(mask)); }
#else
inline unsigned trailing_zeros(uint64_t mask) { return popcount(~mask & (mask - 1)); }
#endif

// The lowest `count` bits, of which there are at most 64.
inline uint64_t lowest_bits(size_t count) { return count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

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

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_BIT_MASKS_H_
