// The location of SEI in a frame, as one number; src/codec/results.ts says what it consists of.
#ifndef H264_SEI_NATIVE_CODEC_LOCATE_H_
#define H264_SEI_NATIVE_CODEC_LOCATE_H_

#include "framing.h"

namespace h264_sei {

// The framing of a frame, the insertion point, and the header byte of the first VCL NAL unit, packed into one number.
class Location {
 public:
  // The bytes are not H.264.
  Location() = default;
  // A frame without an insertion point.
  Location(Framing framing, bool is_sure) : value_(static_cast<int64_t>(framing) | (is_sure ? kSureBit : 0)) {}
  // A value that `value()` returned before.
  explicit Location(int64_t value) : value_(value) {}

  Location with_insertion_point(size_t offset, uint8_t header) const {
    return Location((static_cast<int64_t>(offset) + 1) * kOffsetScale + (int64_t{header} << kHeaderShift) + value_);
  }

  int64_t value() const { return value_; }
  // Whether the framing is certain enough to change a frame whose format the caller did not give.
  bool is_sure() const { return (value_ & kSureBit) != 0; }
  Framing framing() const { return static_cast<Framing>(value_ & 0xff); }
  bool has_insertion_point() const { return value_ >= kOffsetScale; }
  // Of the framing before the first VCL NAL unit, or before its prefix NAL unit.
  size_t offset() const { return static_cast<size_t>(value_ / kOffsetScale - 1); }

 private:
  static constexpr int64_t kSureBit = 0x100;
  static constexpr int kHeaderShift = 9;
  static constexpr int64_t kOffsetScale = 0x20000;

  int64_t value_ = 0;
};

// Detects the framing of one access unit, sample or RTP payload, and finds its insertion point. An RTP payload has one
// only if it holds the first slice of its picture.
Location locate(Bytes frame, Framing hint, const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_LOCATE_H_
