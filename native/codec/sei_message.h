// SEI RBSP: sei_message after sei_message, each a payloadType, a payloadSize and the payload, then rbsp_trailing_bits
// once (H.264 7.3.2.3, 7.3.2.3.1).
#ifndef H264_SEI_NATIVE_CODEC_SEI_MESSAGE_H_
#define H264_SEI_NATIVE_CODEC_SEI_MESSAGE_H_

#include "bytes.h"

namespace h264_sei {

// Reads the messages of one SEI RBSP, without emulation prevention, one after the other. A message that reaches past
// the end, a number that does not end, or a payloadType of more than 32 bits ends the walk.
class SeiMessageCursor {
 public:
  // The RBSP is `memory[start, end)` and must outlive the cursor.
  SeiMessageCursor(Bytes memory, size_t start, size_t end) : memory_(memory), end_(end), payload_end_(start) {}

  // Goes to the next message; false at the trailing bits, and where the rest is no message.
  bool next();

  // Whether the messages read so far are all that the RBSP says: only trailing bits follow, or nothing at all.
  bool is_at_end() const { return payload_end_ == end_ || is_at_trailing_bits(); }

  // Index in the memory of the first byte of the message, its payloadType.
  size_t start() const { return start_; }
  uint32_t payload_type() const { return payload_type_; }
  // Index in the memory.
  size_t payload_start() const { return payload_start_; }
  size_t payload_size() const { return payload_end_ - payload_start_; }
  // Where the next message or the trailing bits begin.
  size_t payload_end() const { return payload_end_; }

 private:
  bool read_coded_number(size_t& at, uint64_t& value) const;
  bool is_at_trailing_bits() const;

  const Bytes memory_;
  const size_t end_;
  size_t start_ = 0;
  uint32_t payload_type_ = 0;
  size_t payload_start_ = 0;
  size_t payload_end_;
};

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_SEI_MESSAGE_H_
