#include "framing.h"

#include "byte_stream.h"
#include "length_prefixed.h"
#include "rtp_payload.h"

namespace h264_sei {

NalUnitCursor::NalUnitCursor(Bytes data, Framing framing, const simd::Kernel& kernel)
    : data_(data), kernel_(kernel), is_byte_stream_(framing == Framing::kAnnexB) {
  if (is_byte_stream_) {
    position_ = find_start_code(data, 0, kernel);
  } else if (is_length_prefixed(framing)) {
    length_size_ = length_size_of(framing);
  } else if (is_stap_a(data)) {
    length_size_ = kStapASizeLength;
    position_ = kStapAHeaderLength;
  } else if (is_fu_a(data)) {
    position_ = data.size;
  }
}

size_t NalUnitCursor::end() {
  if (!is_end_known_) {
    position_ = find_start_code(data_, start_, kernel_);
    end_ = trim_trailing_zeros(data_, start_, position_);
    if (end_ < least_end_) end_ = least_end_;
    is_end_known_ = true;
  }
  return end_;
}

bool NalUnitCursor::next() {
  if (is_byte_stream_) return next_in_byte_stream();
  return length_size_ > 0 ? next_length_prefixed() : next_single();
}

bool NalUnitCursor::next_in_byte_stream() {
  if (!is_end_known_) {
    position_ = find_start_code(data_, start_, kernel_);
    is_end_known_ = true;
  }
  for (;;) {
    const size_t prefix = position_;
    if (data_.size - prefix <= kStartCodePrefixLength) return false;
    start_ = prefix + kStartCodePrefixLength;
    unit_start_ = with_zero_byte(data_, prefix);
    is_end_known_ = false;
    const bool begins_with_zero = data_[start_] == 0;
    least_end_ = begins_with_zero ? start_ : start_ + 1;
    // Only zeros up to the next start code are no NAL unit; asking for the end moves on to that start code.
    if (!begins_with_zero || end() > start_) return true;
  }
}

bool NalUnitCursor::next_length_prefixed() {
  for (;;) {
    // Differences, not sums: a length of 32 bits added to an offset may not fit a size_t.
    if (data_.size - position_ < length_size_) return false;
    const size_t start = position_ + length_size_;
    const size_t length = read_length(data_.at(position_), length_size_);
    if (length > data_.size - start) return false;
    unit_start_ = position_;
    position_ = start + length;
    if (length == 0) continue;
    start_ = start;
    end_ = position_;
    return true;
  }
}

bool NalUnitCursor::next_single() {
  if (position_ >= data_.size) return false;
  start_ = unit_start_ = position_;
  position_ = end_ = data_.size;
  return true;
}

}  // namespace h264_sei
