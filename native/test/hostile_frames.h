// Frames as an attacker would make them, and the framings in which they are read.
#ifndef H264_SEI_NATIVE_TEST_HOSTILE_FRAMES_H_
#define H264_SEI_NATIVE_TEST_HOSTILE_FRAMES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../codec/framing.h"

inline constexpr h264_sei::Framing kFramings[] = {
    h264_sei::Framing::kAnnexB, h264_sei::Framing::kRtp,    h264_sei::Framing::kAvcc1, h264_sei::Framing::kAvcc2,
    h264_sei::Framing::kAvcc4,  h264_sei::Framing::kDetect, h264_sei::Framing::kAvcc};

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t below(uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ >> 32) % limit;
  }

 private:
  uint64_t state_;
};

// Pieces of which frames are made that come near to being valid in some framing.
inline const std::vector<std::vector<uint8_t>> kPieces = {
    {0, 0, 0, 1},
    {0, 0, 1},
    {0, 0, 3},
    {0, 0, 0, 5},
    {0, 5},
    {5},
    {0x09, 0xf0},
    {0x67, 66, 0, 30, 1},
    {0x68, 0xce, 0x3c, 0x80},
    {0x65, 0x88, 0x84, 0x21, 0xa0},
    {0x41, 0x9a, 0x21},
    {0x6e, 0x40, 0x80},
    {0x06, 0x05, 0x03, 1, 0, 0, 0x80},
    {0x06, 0x05, 0xff, 0xff, 0x10, 0, 0, 3},
    {0x78},
    {0x7c, 0x85},
    {0, 0, 0, 0, 0, 0, 0, 0},
    {0xff, 0xff, 0xff, 0xff},
    {0x80},
};

inline void fill(Random& random, uint8_t* frame, size_t size) {
  for (size_t i = 0; i < size;) {
    const std::vector<uint8_t>& piece = kPieces[random.below(static_cast<uint32_t>(kPieces.size()))];
    const size_t length = std::min(piece.size(), size - i);
    std::copy_n(piece.begin(), length, frame + i);
    i += length;
    const size_t run = std::min<size_t>(random.below(3) == 0 ? random.below(200) : 0, size - i);
    const bool is_small = random.below(2) == 0;
    for (size_t k = 0; k < run; ++k) frame[i + k] = static_cast<uint8_t>(random.below(is_small ? 4 : 256));
    i += run;
  }
}

// Length prefixes that fit, so that walks get far.
inline void frame_by_lengths(Random& random, uint8_t* frame, size_t size, size_t length_size) {
  size_t at = 0;
  while (size - at > length_size) {
    const size_t rest = size - at - length_size;
    const size_t most = std::min<size_t>(rest, length_size == 1 ? 255 : 1000);
    const size_t length =
        random.below(20) == 0 ? rest + 1 : std::min<size_t>(rest, 1 + random.below(static_cast<uint32_t>(most)));
    for (size_t i = 0; i < length_size; ++i) {
      const size_t shift = 8 * (length_size - 1 - i);
      frame[at + i] = static_cast<uint8_t>(length >> shift);
    }
    at += length_size + std::min(length, rest);
  }
}

// Hostile bytes in one framing or another.
inline void make_frame(Random& random, uint8_t* frame, size_t size) {
  fill(random, frame, size);
  const size_t length_size = random.below(8);
  if (length_size == 1 || length_size == 2 || length_size == 4) frame_by_lengths(random, frame, size, length_size);
}

#endif  // H264_SEI_NATIVE_TEST_HOSTILE_FRAMES_H_
