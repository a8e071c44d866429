// NEON, which every AArch64 processor has.
#if (defined(__aarch64__) && !defined(__AARCH64EB__)) || defined(_M_ARM64)

#include <arm_neon.h>

#include <cstring>

#include "dispatch.h"
#include "kernel.h"
#include "shuffle_tables.h"

// No target region: this is the baseline of the processor.
#include "block_kernel.h"

namespace h264_sei {
namespace simd {
namespace {

bool always() { return true; }

struct Neon : ByteGroups<Neon>, CopiedEnds<Neon> {
  using Block = uint8x16x4_t;

  static Block load(const uint8_t* from) {
    return {{vld1q_u8(from), vld1q_u8(from + 16), vld1q_u8(from + 32), vld1q_u8(from + 48)}};
  }

  static void store(uint8_t* to, Block block) {
    vst1q_u8(to, block.val[0]);
    vst1q_u8(to + 16, block.val[1]);
    vst1q_u8(to + 32, block.val[2]);
    vst1q_u8(to + 48, block.val[3]);
  }

  static uint64_t equal(Block block, uint8_t value) {
    const uint8x16_t values = vdupq_n_u8(value);
    return mask(vceqq_u8(block.val[0], values), vceqq_u8(block.val[1], values), vceqq_u8(block.val[2], values),
                vceqq_u8(block.val[3], values));
  }

  static uint64_t at_most(Block block, uint8_t value) {
    const uint8x16_t values = vdupq_n_u8(value);
    return mask(vcleq_u8(block.val[0], values), vcleq_u8(block.val[1], values), vcleq_u8(block.val[2], values),
                vcleq_u8(block.val[3], values));
  }

  static bool any_lane_zero(Block first, Block second, uint16_t lane_mask) {
    const uint16x8_t masks = vdupq_n_u16(lane_mask);
    const uint16x8_t least = vminq_u16(least_lanes(first, masks), least_lanes(second, masks));
    // A lane of zero is a byte of ones here.
    return vget_lane_u64(vreinterpret_u64_u8(vmovn_u16(vceqzq_u16(least))), 0) != 0;
  }

  static uint8_t* drop16(const uint8_t* from, unsigned mask, uint8_t* to) {
    return drop8(vld1_u8(from + 8), mask >> 8, drop8(vld1_u8(from), mask & 0xff, to));
  }

  static uint8_t* insert16(const uint8_t* from, unsigned mask, uint8_t* to) {
    return insert8(vld1_u8(from + 8), mask >> 8, insert8(vld1_u8(from), mask & 0xff, to));
  }

 private:
  // Writes 8 bytes.
  static uint8_t* drop8(uint8x8_t bytes, unsigned mask, uint8_t* to) {
    vst1_u8(to, vtbl1_u8(bytes, vld1_u8(kDropTable.rows[mask])));
    return to + kDropTable.lengths[mask];
  }

  // Writes 16 bytes.
  static uint8_t* insert8(uint8x8_t bytes, unsigned mask, uint8_t* to) {
    const uint8x16_t with_threes = vcombine_u8(bytes, vdup_n_u8(3));
    vst1q_u8(to, vqtbl1q_u8(with_threes, vld1q_u8(kInsertTable.rows[mask])));
    return to + kInsertTable.lengths[mask];
  }

  static uint16x8_t least_lanes(Block block, uint16x8_t masks) {
    const uint16x8_t low = vminq_u16(vandq_u16(vreinterpretq_u16_u8(block.val[0]), masks),
                                     vandq_u16(vreinterpretq_u16_u8(block.val[1]), masks));
    const uint16x8_t high = vminq_u16(vandq_u16(vreinterpretq_u16_u8(block.val[2]), masks),
                                      vandq_u16(vreinterpretq_u16_u8(block.val[3]), masks));
    return vminq_u16(low, high);
  }

  // There is no movemask: of each byte of ones its own bit is kept, and three pairwise additions gather the bits of
  // eight bytes in one.
  static uint64_t mask(uint8x16_t v0, uint8x16_t v1, uint8x16_t v2, uint8x16_t v3) {
    const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8x16_t low = vpaddq_u8(vandq_u8(v0, bits), vandq_u8(v1, bits));
    const uint8x16_t high = vpaddq_u8(vandq_u8(v2, bits), vandq_u8(v3, bits));
    const uint8x16_t fours = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(fours, fours)), 0);
  }
};

constexpr Kernel kNeon = make_kernel<Neon>("neon", 100, always);

KernelRegistration registration(kNeon);

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif
