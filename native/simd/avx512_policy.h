// The policy of block_kernel.h on AVX-512 F and BW: a block is one register, a comparison is a mask already, and the
// ends of the data need no copy because loads and stores take a mask, too.
//
// To be included inside a target region (target_region.h), after <cstring>, <immintrin.h> and shuffle_tables.h:
// everything here and in the headers it includes has internal linkage on purpose.
#ifndef H264_SEI_NATIVE_SIMD_AVX512_POLICY_H_
#define H264_SEI_NATIVE_SIMD_AVX512_POLICY_H_

#include "ssse3_groups.h"

namespace h264_sei {
namespace simd {
namespace {

struct Avx512 : Ssse3Groups<Avx512> {
  using Block = __m512i;

  static Block load(const uint8_t* from) { return _mm512_loadu_si512(from); }

  static void store(uint8_t* to, Block block) { _mm512_storeu_si512(to, block); }

  // Sound: what a mask leaves out is not accessed, whatever page it lies in.
  static Block load_first(const uint8_t* from, size_t count) {
    return _mm512_mask_loadu_epi8(_mm512_set1_epi8(-1), lowest_bits(count), from);
  }

  static void store_first(uint8_t* to, Block block, size_t count) {
    _mm512_mask_storeu_epi8(to, lowest_bits(count), block);
  }

  static uint64_t equal(Block block, char value) {
    return in_register(_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(value)));
  }

  static uint64_t at_most(Block block, char value) {
    return in_register(_mm512_cmple_epu8_mask(block, _mm512_set1_epi8(value)));
  }

  static bool any_lane_zero(Block first, Block second, uint16_t lane_mask) {
    const __m512i masks = _mm512_set1_epi16(static_cast<int16_t>(lane_mask));
    return _kortestz_mask32_u8(_mm512_testn_epi16_mask(first, masks), _mm512_testn_epi16_mask(second, masks)) == 0;
  }

 private:
  // GCC would make `third & equal(...)` a comparison under the mask `third`, and the two moves between the register
  // files that this takes are longer than all else that a block waits for of the block before: 9 instead of 13 GB/s
  // when escaping zeros, GCC 12 on Zen 4.
  static uint64_t in_register(uint64_t mask) {
#if defined(__GNUC__)
    __asm__("" : "+r"(mask));
#endif
    return mask;
  }
};

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_AVX512_POLICY_H_
