#include "sei_extraction.h"

#include "emulation_prevention.h"
#include "format_detection.h"
#include "nal_unit.h"
#include "packed_count.h"
#include "sei_message.h"

namespace h264_sei {

int64_t extract_sei_records(Bytes frame, Framing hint, bool is_first_vcl_end, SeiRecord* records, size_t capacity,
                            Target scratch, const simd::Kernel& kernel) {
  const Framing framing = detected_framing(detect(frame, hint, kernel));
  if (framing == Framing::kDetect) return 0;
  NalUnitCursor cursor(frame, framing, kernel);
  size_t count = 0;
  size_t scratch_length = 0;
  while (cursor.next()) {
    const uint8_t header = frame[cursor.start()];
    const uint8_t type = nal_unit_type(header);
    if (is_first_vcl_end && is_vcl(type)) break;
    if (type != kSei || has_forbidden_zero_bit(header)) continue;

    const size_t nal_unit_end = cursor.end();
    Bytes rbsp = frame;
    size_t start = cursor.start() + 1;
    size_t end = nal_unit_end;
    const bool is_in_scratch = has_escape(frame, start, end, kernel);
    if (is_in_scratch) {
      if (end - start > scratch.size - scratch_length) return kScratchTooSmall;
      const Target rest{scratch.data + scratch_length, scratch.size - scratch_length};
      const size_t length = unescape({frame.data + start, end - start}, rest, kernel);
      rbsp = {scratch.data, scratch.size};
      start = scratch_length;
      scratch_length = end = start + length;
    }

    SeiMessageCursor messages(rbsp, start, end);
    while (messages.next()) {
      if (count < capacity) {
        records[count] = {
            static_cast<uint32_t>(cursor.unit_start()),
            static_cast<uint32_t>(cursor.start()),
            static_cast<uint32_t>(nal_unit_end),
            messages.payload_type(),
            static_cast<uint32_t>(messages.payload_start()),
            static_cast<uint32_t>(messages.payload_size()),
            (is_in_scratch ? kInScratch : 0u) | (messages.is_at_end() ? kEndsNalUnit : 0u),
        };
      }
      if (++count == kMaxSeiMessagesPerFrame) return packed_count(count, framing);
    }
  }
  return packed_count(count, framing);
}

}  // namespace h264_sei
