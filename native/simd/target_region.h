// Compiling some functions of a file for more than the baseline processor.
//
// The whole addon is compiled for the lowest processor it has to run on. Between H264_SEI_TARGET_BEGIN and
// H264_SEI_TARGET_END every function that is *defined* there may use the named instruction sets; MSVC takes the
// intrinsics of any set anywhere and needs nothing.
//
// The trap: an inline function or template from a shared header that is first used in such a region is compiled for
// the better processor, and the linker may keep that copy for the whole library, which then crashes on the baseline.
// So inside a region
//   - no header of the standard library or of the compiler is included (include them above it), and
//   - everything has internal linkage: block_kernel.h, which is meant to be included there, holds nothing but an
//     unnamed namespace.
#ifndef H264_SEI_NATIVE_SIMD_TARGET_REGION_H_
#define H264_SEI_NATIVE_SIMD_TARGET_REGION_H_

#define H264_SEI_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define H264_SEI_TARGET_BEGIN(sets) \
  H264_SEI_PRAGMA(clang attribute push(__attribute__((target(sets))), apply_to = function))
#define H264_SEI_TARGET_END H264_SEI_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define H264_SEI_TARGET_BEGIN(sets) H264_SEI_PRAGMA(GCC push_options) H264_SEI_PRAGMA(GCC target(sets))
#define H264_SEI_TARGET_END H264_SEI_PRAGMA(GCC pop_options)
#else
#define H264_SEI_TARGET_BEGIN(sets)
#define H264_SEI_TARGET_END
#endif

#endif  // H264_SEI_NATIVE_SIMD_TARGET_REGION_H_
