// The loops byte by byte, for every processor. What the other kernels are tested against.
#include "dispatch.h"
#include "kernel.h"

namespace h264_sei {
namespace simd {
namespace {

bool always() { return true; }

// The index of the third byte of the first `00 00 kValue` whose third byte is at or after `from` (2 or more), or
// `size`. A byte that is neither 0 nor kValue is part of no such pattern, so the next third byte is three on.
template <uint8_t kValue>
size_t find_third_byte(const uint8_t* data, size_t size, size_t from) {
  size_t i = from;
  while (i < size) {
    const uint8_t third = data[i];
    if (third == 0) {
      ++i;
    } else if (third == kValue && data[i - 1] == 0 && data[i - 2] == 0) {
      return i;
    } else {
      i += 3;
    }
  }
  return size;
}

template <uint8_t kValue>
const uint8_t* find(const uint8_t* begin, const uint8_t* end) {
  const size_t size = static_cast<size_t>(end - begin);
  const size_t third = find_third_byte<kValue>(begin, size, 2);
  return third == size ? end : begin + (third - 2);
}

size_t scan_start_codes(const uint8_t* data, size_t size, uint32_t* offsets, size_t capacity) {
  size_t count = 0;
  for (size_t third = find_third_byte<1>(data, size, 2); third < size;
       third = find_third_byte<1>(data, size, third + 3)) {
    if (count < capacity) offsets[count] = static_cast<uint32_t>(third + 1);
    ++count;
  }
  return count;
}

size_t count_escapes(const uint8_t* source, size_t size) {
  size_t count = 0;
  unsigned zeros = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t byte = source[i];
    if (zeros == 2 && byte <= 3) {
      ++count;
      zeros = 0;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
  }
  return count;
}

size_t escape(const uint8_t* source, size_t size, uint8_t* target, size_t capacity) {
  size_t written = 0;
  unsigned zeros = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t byte = source[i];
    if (zeros == 2 && byte <= 3) {
      if (written == capacity) return kNoRoom;
      target[written++] = 3;
      zeros = 0;
    }
    if (written == capacity) return kNoRoom;
    target[written++] = byte;
    zeros = byte == 0 ? zeros + 1 : 0;
  }
  return written;
}

size_t unescape(const uint8_t* source, size_t size, uint8_t* target, size_t capacity) {
  size_t written = 0;
  for (size_t i = 0; i < size; ++i) {
    const uint8_t byte = source[i];
    if (byte == 3 && i >= 2 && source[i - 1] == 0 && source[i - 2] == 0) continue;
    if (written == capacity) return kNoRoom;
    target[written++] = byte;
  }
  return written;
}

constexpr Kernel kScalar = {
    "scalar", 0, always, find<1>, find<3>, scan_start_codes, count_escapes, escape, unescape,
};

KernelRegistration registration(kScalar);

}  // namespace
}  // namespace simd
}  // namespace h264_sei
