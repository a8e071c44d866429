// What an insertion adds to a frame, the framing before each NAL unit and a STAP-A around a single one, and how much of
// it a frame has room for.
#ifndef H264_SEI_NATIVE_CODEC_INSERTION_H_
#define H264_SEI_NATIVE_CODEC_INSERTION_H_

#include "locate.h"

namespace h264_sei {

// The results that are not a length.
enum SpliceResult : int64_t {
  // The frame passes as it is.
  kPassThrough = -1,
  kTargetTooSmall = -2,
  // A NAL unit is longer than the length field of the framing can say.
  kNalUnitTooLarge = -3,
};

// The NAL units to be inserted, without framing, each less than 2^32 bytes long.
struct NalUnits {
  const Bytes* units = nullptr;
  size_t count = 0;

  const Bytes* begin() const { return units; }
  const Bytes* end() const { return units + count; }
};

// The bytes that framing takes before an inserted NAL unit (H.264 B.1.1, ISO/IEC 14496-15 5.3.3, RFC 6184 5.7.1).
size_t framing_length(Framing framing);

// Writes the framing of a NAL unit of `length` bytes, for which the caller has made room; returns what follows it.
uint8_t* write_framing(uint8_t* target, size_t length, Framing framing);

// Whether an injection wraps the frame into a new STAP-A. A single NAL unit packet has its insertion point at 0, a
// STAP-A at 1 at the earliest.
bool becomes_stap_a(Location location);

// The bytes by which a frame grows if `nal_units` are inserted at `location`.
uint64_t growth(NalUnits nal_units, Location location);

// Whether `nal_units` can be inserted at `location`: 0 if they can, else the SpliceResult that says why not. A frame
// passes if its framing is uncertain, if it has no insertion point, and if it is an RTP payload without the room.
int64_t why_not(Bytes frame, NalUnits nal_units, Location location, uint64_t max_packet_size);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_INSERTION_H_
