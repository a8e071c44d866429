// A number of records or NAL units together with the framing in which they were found, as one number.
#ifndef H264_SEI_NATIVE_CODEC_PACKED_COUNT_H_
#define H264_SEI_NATIVE_CODEC_PACKED_COUNT_H_

#include "framing.h"

namespace h264_sei {

inline int64_t packed_count(size_t count, Framing framing) {
  return static_cast<int64_t>(count) * 0x100 + static_cast<int64_t>(framing);
}

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_PACKED_COUNT_H_
