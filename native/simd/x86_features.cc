#include "x86_features.h"

#ifdef H264_SEI_X86_64

#include <cstdint>

#ifdef _MSC_VER
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace h264_sei {
namespace simd {

namespace {

struct Registers {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// All zero for a leaf that the processor does not have.
Registers cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers registers;
#ifdef _MSC_VER
  int out[4];
  __cpuid(out, 0);
  if (static_cast<uint32_t>(out[0]) < leaf) return registers;
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  registers.eax = static_cast<uint32_t>(out[0]);
  registers.ebx = static_cast<uint32_t>(out[1]);
  registers.ecx = static_cast<uint32_t>(out[2]);
  registers.edx = static_cast<uint32_t>(out[3]);
#else
  __get_cpuid_count(leaf, subleaf, &registers.eax, &registers.ebx, &registers.ecx, &registers.edx);
#endif
  return registers;
}

// The register states that the operating system saves (XCR0). Only to be asked after OSXSAVE has been seen: XGETBV is
// an invalid instruction otherwise.
uint64_t enabled_states() {
#if defined(_MSC_VER) && !defined(__clang__)
  return _xgetbv(0);
#else
  uint32_t low = 0;
  uint32_t high = 0;
  // The intrinsic would need the file to be compiled for XSAVE, also with clang-cl.
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

constexpr bool all(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

// Leaf 1, ECX.
constexpr uint32_t kPopcnt = 1u << 23;
constexpr uint32_t kOsxsave = 1u << 27;
constexpr uint32_t kAvx = 1u << 28;
// Leaf 7, EBX.
constexpr uint32_t kBmi1 = 1u << 3;
constexpr uint32_t kAvx2 = 1u << 5;
constexpr uint32_t kBmi2 = 1u << 8;
constexpr uint32_t kAvx512F = 1u << 16;
constexpr uint32_t kAvx512Bw = 1u << 30;
// Leaf 7, ECX.
constexpr uint32_t kAvx512Vbmi2 = 1u << 6;
// XCR0: SSE and AVX state; and the mask registers, the upper halves of zmm0 to zmm15, and zmm16 to zmm31.
constexpr uint64_t kYmmStates = 0x6;
constexpr uint64_t kZmmStates = kYmmStates | 0xe0;

// What every instruction with a VEX or EVEX prefix needs, and POPCNT.
bool has_vectors(uint64_t states) {
  return all(cpuid(1, 0).ecx, kPopcnt | kOsxsave | kAvx) && all(enabled_states(), states);
}

}  // namespace

bool x86_has_avx2() { return has_vectors(kYmmStates) && all(cpuid(7, 0).ebx, kBmi1 | kAvx2); }

bool x86_has_avx512() { return has_vectors(kZmmStates) && all(cpuid(7, 0).ebx, kBmi1 | kAvx2 | kAvx512F | kAvx512Bw); }

bool x86_has_avx512_vbmi2() {
  return x86_has_avx512() && all(cpuid(7, 0).ebx, kBmi2) && all(cpuid(7, 0).ecx, kAvx512Vbmi2);
}

}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_X86_64
