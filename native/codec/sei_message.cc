#include "sei_message.h"

namespace h264_sei {

namespace {

constexpr uint8_t kRbspTrailingBits = 0x80;

}  // namespace

bool SeiMessageCursor::next() {
  if (is_at_trailing_bits()) return false;
  size_t at = payload_end_;
  uint64_t payload_type = 0;
  uint64_t payload_size = 0;
  if (!read_coded_number(at, payload_type) || !read_coded_number(at, payload_size)) return false;
  if (payload_type > UINT32_MAX || payload_size > end_ - at) return false;
  start_ = payload_end_;
  payload_type_ = static_cast<uint32_t>(payload_type);
  payload_start_ = at;
  payload_end_ = at + static_cast<size_t>(payload_size);
  return true;
}

// ff_bytes and a last byte.
bool SeiMessageCursor::read_coded_number(size_t& at, uint64_t& value) const {
  while (at < end_) {
    const uint8_t byte = memory_[at++];
    value += byte;
    if (byte != 0xff) return true;
  }
  return false;
}

// Whether nothing but rbsp_trailing_bits, and zeros that padding may add, is left (7.2).
bool SeiMessageCursor::is_at_trailing_bits() const {
  if (payload_end_ >= end_ || memory_[payload_end_] != kRbspTrailingBits) return false;
  for (size_t at = payload_end_ + 1; at < end_; ++at) {
    if (memory_[at] != 0) return false;
  }
  return true;
}

}  // namespace h264_sei
