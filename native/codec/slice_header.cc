#include "slice_header.h"

#include "nal_unit.h"

namespace h264_sei {

bool starts_picture(Bytes data, size_t start, size_t end) {
  const uint8_t type = nal_unit_type(data[start]);
  const bool is_idr = type == kIdrSlice;
  if (!is_idr && type != kNonIdrSlice && type != kDataPartitionA) return false;
  if (end - start < 2) return false;
  // first_mb_in_slice, an ue(v), is 0 where its first bit is 1.
  if ((data[start + 1] & 0x80) == 0) return false;
  const unsigned bits = data[start + 1] & 0x7fu;
  // slice_type, an ue(v) of at most 9, has 1, 3, 5 or 7 bits, which are all in this byte.
  unsigned leading_zeros = 0;
  while (leading_zeros <= 3 && (bits & (0x40u >> leading_zeros)) == 0) ++leading_zeros;
  if (leading_zeros > 3) return false;
  const unsigned slice_type = (bits >> (6 - 2 * leading_zeros)) - 1;
  if (slice_type > 9) return false;
  // An IDR picture holds I and SI slices only (7.4.3): 2, 4, and 7, 9 where the whole picture is of the type.
  const unsigned base = slice_type % 5;
  return !is_idr || base == 2 || base == 4;
}

}  // namespace h264_sei
