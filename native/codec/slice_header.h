// The first bits of a slice header (H.264 7.3.3).
#ifndef H264_SEI_NATIVE_CODEC_SLICE_HEADER_H_
#define H264_SEI_NATIVE_CODEC_SLICE_HEADER_H_

#include "bytes.h"

namespace h264_sei {

// Whether the slice or slice data partition `data[start, end)` starts a picture, as far as its first bits tell:
// first_mb_in_slice is 0 and slice_type is one that the NAL unit type can have (7.3.3, Table 7-6).
bool starts_picture(Bytes data, size_t start, size_t end);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SLICE_HEADER_H_
