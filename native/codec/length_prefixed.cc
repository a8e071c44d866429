#include "length_prefixed.h"

namespace h264_sei {

uint32_t read_length(const uint8_t* from, size_t length_size) {
  // Each byte is read once, which `volatile` says to the compiler: a length that has been checked must stay what it
  // was, even in memory that another thread writes to.
  const volatile uint8_t* bytes = from;
  uint32_t length = 0;
  for (size_t i = 0; i < length_size; ++i) length = length << 8 | bytes[i];
  return length;
}

uint8_t* write_length(uint8_t* target, size_t length, size_t length_size) {
  for (size_t i = length_size; i > 0; --i, length >>= 8) target[i - 1] = static_cast<uint8_t>(length);
  return target + length_size;
}

}  // namespace h264_sei
