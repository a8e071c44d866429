// NAL units behind their lengths, big-endian numbers of 1, 2 or 4 bytes (ISO/IEC 14496-15 5.3.3).
#ifndef H264_SEI_NATIVE_CODEC_LENGTH_PREFIXED_H_
#define H264_SEI_NATIVE_CODEC_LENGTH_PREFIXED_H_

#include "bytes.h"

namespace h264_sei {

// Reads the big-endian number of `length_size` (1 to 4) bytes that the caller knows to be there.
uint32_t read_length(const uint8_t* from, size_t length_size);

// Writes such a number where the caller has made room; answers what is behind it.
uint8_t* write_length(uint8_t* target, size_t length, size_t length_size);

// The longest NAL unit that a length of `length_size` bytes can announce.
inline uint64_t max_nal_unit_length(size_t length_size) { return (uint64_t{1} << (8 * length_size)) - 1; }

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_LENGTH_PREFIXED_H_
