// Groups of eight bytes by the byte shuffle of SSSE3, which every processor with AVX2 or AVX-512 has.
//
// To be included inside a target region (target_region.h), after <cstring>, <immintrin.h> and shuffle_tables.h:
// everything here and in the headers it includes has internal linkage on purpose.
#ifndef H264_SEI_NATIVE_SIMD_SSSE3_GROUPS_H_
#define H264_SEI_NATIVE_SIMD_SSSE3_GROUPS_H_

#include "byte_groups.h"

namespace h264_sei {
namespace simd {
namespace {

template <class V>
struct Ssse3Groups : ByteGroups<V> {
  static uint8_t* drop16(const uint8_t* from, unsigned mask, uint8_t* to) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return drop8(_mm_unpackhi_epi64(bytes, bytes), mask >> 8, drop8(bytes, mask & 0xff, to));
  }

  static uint8_t* insert16(const uint8_t* from, unsigned mask, uint8_t* to) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i threes = _mm_set1_epi8(3);
    uint8_t* const behind = insert8(_mm_unpacklo_epi64(bytes, threes), mask & 0xff, to);
    return insert8(_mm_unpackhi_epi64(bytes, threes), mask >> 8, behind);
  }

 private:
  // Of the low eight bytes; writes 8.
  static uint8_t* drop8(__m128i bytes, unsigned mask, uint8_t* to) {
    const __m128i order = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(kDropTable.rows[mask]));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(bytes, order));
    return to + 8 - popcount(mask);
  }

  // Of the low eight bytes, with 03 above them; writes 16.
  static uint8_t* insert8(__m128i with_threes, unsigned mask, uint8_t* to) {
    const __m128i order = _mm_load_si128(reinterpret_cast<const __m128i*>(kInsertTable.rows[mask]));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_shuffle_epi8(with_threes, order));
    return to + 8 + popcount(mask);
  }
};

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_SSSE3_GROUPS_H_
