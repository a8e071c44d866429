// The byte stream format of Annex B: NAL units behind start code prefixes `00 00 01`.
#ifndef H264_SEI_NATIVE_CODEC_BYTE_STREAM_H_
#define H264_SEI_NATIVE_CODEC_BYTE_STREAM_H_

#include "../simd/kernel.h"
#include "bytes.h"

namespace h264_sei {

// start_code_prefix_one_3bytes.
constexpr size_t kStartCodePrefixLength = 3;

// The start code that is written: zero_byte and start_code_prefix_one_3bytes.
constexpr size_t kStartCodeLength = 4;

// Writes `00 00 00 01`, for which the caller has made room; answers what is behind it.
uint8_t* write_start_code(uint8_t* target);

// The index of the first `00 00 01` at or behind `from` (which is at most the size), or the size.
size_t find_start_code(Bytes data, size_t from, const simd::Kernel& kernel);

// The index of a start code prefix, or of the zero_byte in front of it if there is one (B.1.1).
size_t with_zero_byte(Bytes data, size_t prefix);

// The end of the NAL unit `data[start, limit)` without trailing_zero_8bits (B.1.1).
size_t trim_trailing_zeros(Bytes data, size_t start, size_t limit);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_BYTE_STREAM_H_
