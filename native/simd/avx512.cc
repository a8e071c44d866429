// AVX-512 F and BW alone: Skylake-X and Cascade Lake. The same name as avx512_vbmi2.cc, which goes first where it can.
#include "x86_features.h"

#ifdef H264_SEI_X86_64

#include <immintrin.h>

#include <cstring>

#include "dispatch.h"
#include "kernel.h"
#include "shuffle_tables.h"
#include "target_region.h"

H264_SEI_TARGET_BEGIN("avx512f,avx512bw,bmi,popcnt")

#include "avx512_policy.h"
#include "block_kernel.h"

namespace h264_sei {
namespace simd {
namespace {

// Below AVX2: these processors lower their clock for a while after a 512-bit instruction, for all that runs on the
// core, and what is scanned here in a microsecond has no right to that. So it is there for who asks for it.
constexpr Kernel kAvx512 = make_kernel<Avx512>("avx512", 150, x86_has_avx512);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

H264_SEI_TARGET_END

namespace h264_sei {
namespace simd {
namespace {

// Outside of the region: this runs while the library is loaded, on any processor.
KernelRegistration registration(kAvx512);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64
