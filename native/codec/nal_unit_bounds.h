// Splits a frame into its NAL units, and joins NAL units into a frame, by a table of their bounds.
#ifndef H264_SEI_NATIVE_CODEC_NAL_UNIT_BOUNDS_H_
#define H264_SEI_NATIVE_CODEC_NAL_UNIT_BOUNDS_H_

#include "framing.h"

namespace h264_sei {

// One NAL unit in memory of less than 2^32 bytes; the layout of the table in src/codec/nal-unit-bounds.ts.
struct NalUnitBounds {
  uint32_t start;
  uint32_t end;
};

// Fills `bounds` as far as `capacity` reaches; empty NAL units are left out. Returns the number of NAL units and the
// framing as packed_count() packs them, 0 if the bytes are not H.264; if a length reaches past the end, -1 minus the
// offset of that length.
int64_t split_nal_units(Bytes data, Framing hint, NalUnitBounds* bounds, size_t capacity, const simd::Kernel& kernel);

// Writes the NAL units of `data` to `target`, each after its framing. The bounds lie within the data. Returns the
// number of bytes written or kTargetTooSmall.
int64_t join_nal_units(Bytes data, const NalUnitBounds* bounds, size_t count, Framing framing, Target target);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_NAL_UNIT_BOUNDS_H_
