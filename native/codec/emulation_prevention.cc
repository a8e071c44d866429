#include "emulation_prevention.h"

namespace h264_sei {

namespace {

bool ends_in_zero(Bytes rbsp) { return rbsp.size > 0 && rbsp[rbsp.size - 1] == 0; }

}  // namespace

size_t escaped_length(Bytes rbsp, const simd::Kernel& kernel) {
  return rbsp.size + kernel.count_escapes(rbsp.data, rbsp.size) + (ends_in_zero(rbsp) ? 1 : 0);
}

size_t escape(Bytes rbsp, Target target, const simd::Kernel& kernel) {
  const size_t written = kernel.escape(rbsp.data, rbsp.size, target.data, target.size);
  if (written == simd::kNoRoom || !ends_in_zero(rbsp)) return written;
  if (written == target.size) return simd::kNoRoom;
  target.data[written] = 3;
  return written + 1;
}

size_t unescape(Bytes bytes, Target target, const simd::Kernel& kernel) {
  return kernel.unescape(bytes.data, bytes.size, target.data, target.size);
}

bool has_escape(Bytes data, size_t from, size_t to, const simd::Kernel& kernel) {
  return kernel.find_escape(data.at(from), data.at(to)) != data.at(to);
}

}  // namespace h264_sei
