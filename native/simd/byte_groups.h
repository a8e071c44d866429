// What a policy of block_kernel.h does in groups of bytes, where the instruction set has nothing for a
// whole block.
//
// To be included inside a target region (target_region.h), after <cstring>: everything here and in bit_masks.h
// has internal linkage on purpose.
#ifndef H264_SEI_NATIVE_SIMD_BYTE_GROUPS_H_
#define H264_SEI_NATIVE_SIMD_BYTE_GROUPS_H_

#include "bit_masks.h"

namespace h264_sei {
namespace simd {
namespace {

// A base of the policy V, which provides load, store and
//   drop16(from, mask, to)     reads 16 bytes, writes 16: those whose bit in `mask` is clear, then anything
//   insert16(from, mask, to)   reads 16 bytes, writes 28: all, a 03 before each whose bit is set, then anything; of
//                              neighbors only one is marked
// Both answer where what counts ends.
template <class V>
struct ByteGroups {
  template <class Block>
  H264_SEI_ALWAYS_INLINE static void remove(Block block, uint64_t marks, uint8_t* to) {
    uint8_t bytes[64];
    V::store(bytes, block);
    for (unsigned i = 0; i < 64; i += 16) to = V::drop16(bytes + i, static_cast<unsigned>(marks >> i & 0xffff), to);
  }

  // The last 16 bytes go to 48 + 24 at most.
  template <class Block>
  H264_SEI_ALWAYS_INLINE static void insert(Block block, uint64_t marks, uint8_t* to) {
    uint8_t bytes[64];
    V::store(bytes, block);
    for (unsigned i = 0; i < 64; i += 16) to = V::insert16(bytes + i, static_cast<unsigned>(marks >> i & 0xffff), to);
  }

  static void write_offsets(uint64_t hits, size_t base, uint32_t* to) {
    for (; hits != 0; hits &= hits - 1) *to++ = static_cast<uint32_t>(base + trailing_zeros(hits));
  }
};

// A base of the policy V, which provides load and store.
template <class V>
struct CopiedEnds {
  // Sound: copies exactly `count` bytes into an array that is larger.
  static auto load_first(const uint8_t* from, size_t count) {
    uint8_t padded[64];
    std::memset(padded, 0xff, sizeof padded);
    std::memcpy(padded, from, count);
    return V::load(padded);
  }

  template <class Block>
  static void store_first(uint8_t* to, Block block, size_t count) {
    uint8_t bytes[64];
    V::store(bytes, block);
    std::memcpy(to, bytes, count);
  }
};

}  // namespace
}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_BYTE_GROUPS_H_
