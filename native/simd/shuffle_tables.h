// Shuffles that take bytes out of, or put bytes into, a group of eight: one row per 8-bit mask.
#ifndef H264_SEI_NATIVE_SIMD_SHUFFLE_TABLES_H_
#define H264_SEI_NATIVE_SIMD_SHUFFLE_TABLES_H_

#include <cstdint>

namespace h264_sei {
namespace simd {

// Row m lists the source indices of the bytes whose bit in m is clear, in order. What follows them is of no account.
// Its length is how many there are.
struct alignas(64) DropTable {
  uint8_t rows[256][8] = {};
  uint8_t lengths[256] = {};

  constexpr DropTable() {
    for (unsigned mask = 0; mask < 256; ++mask) {
      unsigned length = 0;
      for (unsigned i = 0; i < 8; ++i) {
        if ((mask >> i & 1u) == 0) rows[mask][length++] = static_cast<uint8_t>(i);
      }
      lengths[mask] = static_cast<uint8_t>(length);
    }
  }
};

// Row m lists the source indices 0 to 7, and before each whose bit in m is set the index 8, where the caller keeps the
// byte to put in. Its length is how many indices there are.
struct alignas(64) InsertTable {
  uint8_t rows[256][16] = {};
  uint8_t lengths[256] = {};

  constexpr InsertTable() {
    for (unsigned mask = 0; mask < 256; ++mask) {
      unsigned length = 0;
      for (unsigned i = 0; i < 8; ++i) {
        if ((mask >> i & 1u) != 0) rows[mask][length++] = 8;
        rows[mask][length++] = static_cast<uint8_t>(i);
      }
      lengths[mask] = static_cast<uint8_t>(length);
    }
  }
};

constexpr DropTable kDropTable;
constexpr InsertTable kInsertTable;

}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_SHUFFLE_TABLES_H_
