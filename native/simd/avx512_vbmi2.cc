// AVX-512 with VBMI2, which takes bytes out of a register and puts them in: Intel since Ice Lake, AMD since Zen 4.
#include "x86_features.h"

#ifdef H264_SEI_X86_64

#include <immintrin.h>

#include <cstring>

#include "dispatch.h"
#include "kernel.h"
#include "shuffle_tables.h"
#include "target_region.h"

// GCC 12 finds variables without a value in its own header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

H264_SEI_TARGET_BEGIN("avx512f,avx512bw,avx512vbmi2,bmi,bmi2,popcnt")

#include "avx512_policy.h"
#include "block_kernel.h"

namespace h264_sei {
namespace simd {
namespace {

struct Avx512Vbmi2 : Avx512 {
  // To a register first: compressing to memory takes Zen 4 more than a hundred cycles.
  static void remove(Block block, uint64_t marks, uint8_t* to) { store(to, _mm512_maskz_compress_epi8(~marks, block)); }

  // Each half becomes 48 bytes at most, since of neighbors only one is marked; the second is written from 48 on at
  // most.
  static void insert(Block block, uint64_t marks, uint8_t* to) {
    const uint64_t marks_of_low = static_cast<uint32_t>(marks);
    const __m512i high = _mm512_alignr_epi64(block, block, 4);
    store(to, expand(block, marks_of_low));
    store(to + 32 + popcount(marks_of_low), expand(high, marks >> 32));
  }

  // A start code has three bytes, so there are 22 offsets at most.
  static void write_offsets(uint64_t hits, size_t base, uint32_t* to) {
    const __m512i numbers =
        _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    const __m256i indices = _mm512_castsi512_si256(_mm512_maskz_compress_epi8(hits, numbers));
    const __m512i bases = _mm512_set1_epi32(static_cast<int>(base));
    const uint64_t taken = lowest_bits(popcount(hits));
    const __m512i first = _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm256_castsi256_si128(indices)));
    _mm512_mask_storeu_epi32(to, static_cast<__mmask16>(taken), first);
    const __m512i second = _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm256_extracti128_si256(indices, 1)));
    _mm512_mask_storeu_epi32(to + 16, static_cast<__mmask16>(taken >> 16), second);
  }

 private:
  // The low 32 bytes of the block with a 03 before each that is marked. Think of two places for each byte, one for the
  // 03 and one for the byte; those of the bytes without a mark's 03 taken out leave a mask of where the bytes go.
  static Block expand(Block block, uint64_t marks) {
    constexpr uint64_t kPlacesOfThrees = 0x5555555555555555u;
    constexpr uint64_t kPlacesOfBytes = ~kPlacesOfThrees;
    const uint64_t taken = _pdep_u64(marks, kPlacesOfThrees) | kPlacesOfBytes;
    return _mm512_mask_expand_epi8(_mm512_set1_epi8(3), _pext_u64(kPlacesOfBytes, taken), block);
  }
};

constexpr Kernel kAvx512Vbmi2 = make_kernel<Avx512Vbmi2>("avx512", 300, x86_has_avx512_vbmi2);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

H264_SEI_TARGET_END

namespace h264_sei {
namespace simd {
namespace {

// Outside of the region: this runs while the library is loaded, on any processor.
KernelRegistration registration(kAvx512Vbmi2);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64
