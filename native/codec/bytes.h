// Views of memory that somebody else owns. One of zero bytes may be a null pointer.
#ifndef H264_SEI_NATIVE_CODEC_BYTES_H_
#define H264_SEI_NATIVE_CODEC_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace h264_sei {

// Bytes that are only read.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;

  uint8_t operator[](size_t index) const { return data[index]; }
  const uint8_t* at(size_t index) const { return size == 0 ? data : data + index; }
  const uint8_t* end() const { return at(size); }
};

// Memory that is written to.
struct Target {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// Copies `source[from, to)` to `target`; answers what is behind the copy. The caller has made sure that there is room.
// The memories do not overlap; should they all the same, the result is garbage but no undefined behavior.
inline uint8_t* copy_bytes(Bytes source, size_t from, size_t to, uint8_t* target) {
  if (from >= to) return target;
  std::memmove(target, source.data + from, to - from);
  return target + (to - from);
}

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_BYTES_H_
