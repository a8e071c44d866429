// What an x86 processor can execute and the operating system lets it.
#ifndef H264_SEI_NATIVE_SIMD_X86_FEATURES_H_
#define H264_SEI_NATIVE_SIMD_X86_FEATURES_H_

#if defined(__x86_64__) || defined(_M_X64)
#define H264_SEI_X86_64 1
#endif

#ifdef H264_SEI_X86_64

namespace h264_sei {
namespace simd {

// AVX2 with BMI1 and POPCNT, and the upper halves of the registers saved on a task switch.
bool x86_has_avx2();

// AVX-512 F and BW with what x86_has_avx2 asks for, and the mask and 512-bit registers saved on a task switch.
bool x86_has_avx512();

// AVX-512 VBMI2 and BMI2 besides.
bool x86_has_avx512_vbmi2();

}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64

#endif  // H264_SEI_NATIVE_SIMD_X86_FEATURES_H_
