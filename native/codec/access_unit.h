// Where SEI belongs in an access unit: behind the access unit delimiter, parameter sets and SEI that are there,
// directly in front of the first VCL NAL unit, or of the prefix NAL unit that belongs to it (H.264 7.4.1.2.3,
// F.7.4.1.2.3).
#ifndef H264_SEI_NATIVE_CODEC_ACCESS_UNIT_H_
#define H264_SEI_NATIVE_CODEC_ACCESS_UNIT_H_

#include "framing.h"

namespace h264_sei {

// Whether the slice or slice data partition `data[start, end)` starts a picture, as far as its first bits tell:
// first_mb_in_slice is 0 and slice_type is one that the NAL unit type can have (7.3.3, Table 7-6).
bool starts_picture(Bytes data, size_t start, size_t end);

// No insertion point.
constexpr size_t kNowhere = SIZE_MAX;

// The offset of the framing of the first VCL NAL unit or of its prefix NAL unit; kNowhere where no VCL NAL unit is
// found or a NAL unit in front of it cannot be H.264. `cursor` is a new one; afterwards it stands on the first VCL NAL
// unit.
size_t find_insertion_point(Bytes data, NalUnitCursor& cursor);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_ACCESS_UNIT_H_
