#include "byte_stream.h"

namespace h264_sei {

uint8_t* write_start_code(uint8_t* target) {
  target[0] = 0;
  target[1] = 0;
  target[2] = 0;
  target[3] = 1;
  return target + kStartCodeLength;
}

size_t find_start_code(Bytes data, size_t from, const simd::Kernel& kernel) {
  const uint8_t* begin = data.at(from);
  return from + static_cast<size_t>(kernel.find_start_code(begin, data.end()) - begin);
}

size_t with_zero_byte(Bytes data, size_t prefix) { return prefix > 0 && data[prefix - 1] == 0 ? prefix - 1 : prefix; }

size_t trim_trailing_zeros(Bytes data, size_t start, size_t limit) {
  while (limit > start && data[limit - 1] == 0) --limit;
  return limit;
}

}  // namespace h264_sei
