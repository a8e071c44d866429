// AVX2, with BMI1 and POPCNT: Intel since Haswell, AMD since Excavator.
#include "x86_features.h"

#ifdef H264_SEI_X86_64

#include <immintrin.h>

#include <cstring>

#include "dispatch.h"
#include "kernel.h"
#include "shuffle_tables.h"
#include "target_region.h"

H264_SEI_TARGET_BEGIN("avx2,bmi,popcnt")

#include "block_kernel.h"
#include "ssse3_groups.h"

namespace h264_sei {
namespace simd {
namespace {

struct Avx2 : Ssse3Groups<Avx2>, CopiedEnds<Avx2> {
  struct Block {
    __m256i low;
    __m256i high;
  };

  static Block load(const uint8_t* from) {
    const __m256i* vectors = reinterpret_cast<const __m256i*>(from);
    return {_mm256_loadu_si256(vectors), _mm256_loadu_si256(vectors + 1)};
  }

  static void store(uint8_t* to, Block block) {
    __m256i* vectors = reinterpret_cast<__m256i*>(to);
    _mm256_storeu_si256(vectors, block.low);
    _mm256_storeu_si256(vectors + 1, block.high);
  }

  static uint64_t equal(Block block, char value) {
    const __m256i values = _mm256_set1_epi8(value);
    return mask(_mm256_cmpeq_epi8(block.low, values), _mm256_cmpeq_epi8(block.high, values));
  }

  static uint64_t at_most(Block block, char value) {
    const __m256i values = _mm256_set1_epi8(value);
    return mask(_mm256_cmpeq_epi8(_mm256_min_epu8(block.low, values), block.low),
                _mm256_cmpeq_epi8(_mm256_min_epu8(block.high, values), block.high));
  }

  static bool any_lane_zero(Block first, Block second, uint16_t lane_mask) {
    const __m256i masks = _mm256_set1_epi16(static_cast<int16_t>(lane_mask));
    const __m256i least =
        _mm256_min_epu16(_mm256_min_epu16(_mm256_and_si256(first.low, masks), _mm256_and_si256(first.high, masks)),
                         _mm256_min_epu16(_mm256_and_si256(second.low, masks), _mm256_and_si256(second.high, masks)));
    return _mm256_movemask_epi8(_mm256_cmpeq_epi16(least, _mm256_setzero_si256())) != 0;
  }

 private:
  static uint64_t mask(__m256i low, __m256i high) {
    const uint64_t high_bits = static_cast<uint32_t>(_mm256_movemask_epi8(high));
    return high_bits << 32 | static_cast<uint32_t>(_mm256_movemask_epi8(low));
  }
};

constexpr Kernel kAvx2 = make_kernel<Avx2>("avx2", 200, x86_has_avx2);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

H264_SEI_TARGET_END

namespace h264_sei {
namespace simd {
namespace {

// Outside of the region: this runs while the library is loaded, on any processor.
KernelRegistration registration(kAvx2);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64
