#include "sei_removal.h"

#include <vector>

#include "emulation_prevention.h"
#include "insertion.h"
#include "length_prefixed.h"
#include "rtp_payload.h"
#include "sei_message.h"

namespace h264_sei {

namespace {

// The target, filled from its start on.
class Writer {
 public:
  explicit Writer(Target target) : target_(target) {}

  size_t length() const { return length_; }

  // False if there is no room; then nothing was written.
  bool copy(Bytes source, size_t from, size_t to) {
    if (to - from > target_.size - length_) return false;
    copy_bytes(source, from, to, target_.data + length_);
    length_ += to - from;
    return true;
  }

  bool write_length(size_t value, size_t length_size) {
    if (length_size > target_.size - length_) return false;
    h264_sei::write_length(target_.data + length_, value, length_size);
    length_ += length_size;
    return true;
  }

 private:
  const Target target_;
  size_t length_ = 0;
};

// The messages of one SEI NAL unit among the records of a frame.
struct NalUnitRecords {
  const SeiRecord* records;
  const uint8_t* is_removed;
  size_t count;

  bool any_removed() const {
    for (size_t i = 0; i < count; ++i) {
      if (is_removed[i] != 0) return true;
    }
    return false;
  }

  // Nothing that says something is left.
  bool all_removed() const {
    for (size_t i = 0; i < count; ++i) {
      if (is_removed[i] == 0) return false;
    }
    return (records[count - 1].flags & kEndsNalUnit) != 0;
  }
};

// The NAL unit `nal_unit` without the messages that go; see `rebuild` in src/codec/sei-removal.ts.
std::vector<uint8_t> rebuild(Bytes nal_unit, const NalUnitRecords& group, const simd::Kernel& kernel) {
  std::vector<uint8_t> rbsp(nal_unit.size - 1);
  rbsp.resize(unescape({nal_unit.data + 1, nal_unit.size - 1}, {rbsp.data(), rbsp.size()}, kernel));
  const Bytes source{rbsp.data(), rbsp.size()};
  std::vector<uint8_t> kept(rbsp.size());
  uint8_t* end = kept.data();
  SeiMessageCursor messages(source, 0, source.size);
  for (size_t i = 0; messages.next(); ++i) {
    const bool is_kept = i >= group.count || group.is_removed[i] == 0;
    if (is_kept) end = copy_bytes(source, messages.start(), messages.payload_end(), end);
  }
  end = copy_bytes(source, messages.payload_end(), source.size, end);

  const Bytes kept_rbsp{kept.data(), static_cast<size_t>(end - kept.data())};
  std::vector<uint8_t> result(1 + escaped_length(kept_rbsp, kernel));
  result[0] = nal_unit[0];
  escape(kept_rbsp, {result.data() + 1, result.size() - 1}, kernel);
  return result;
}

}  // namespace

int64_t remove_sei(Bytes frame, Framing framing, const SeiRecord* records, const uint8_t* is_removed, size_t count,
                   Target target, const simd::Kernel& kernel) {
  Writer writer(target);
  size_t position = 0;
  size_t last = 0;
  for (size_t first = 0; first < count; first = last) {
    // A copy: what is checked must be what is used, even if another thread writes to the table.
    const SeiRecord record = records[first];
    const size_t unit_start = record.unit_start;
    const size_t start = record.nal_unit_offset;
    const size_t end = record.nal_unit_end;
    if (position > unit_start || unit_start > start || start >= end || end > frame.size) return kForeignRecords;
    for (last = first + 1; last < count && records[last].nal_unit_offset == start;) ++last;
    const NalUnitRecords group{records + first, is_removed + first, last - first};

    if (group.all_removed()) {
      if (!writer.copy(frame, position, unit_start)) return kTargetTooSmall;
      position = end;
    } else if (group.any_removed()) {
      const std::vector<uint8_t> nal_unit = rebuild({frame.data + start, end - start}, group, kernel);
      const bool has_length = framing != Framing::kAnnexB && unit_start != start;
      const size_t length_size = has_length ? framing_length(framing) : 0;
      if (has_length && nal_unit.size() > max_nal_unit_length(length_size)) continue;
      if (!writer.copy(frame, position, has_length ? unit_start : start)) return kTargetTooSmall;
      if (!writer.write_length(nal_unit.size(), length_size)) return kTargetTooSmall;
      if (!writer.copy({nal_unit.data(), nal_unit.size()}, 0, nal_unit.size())) return kTargetTooSmall;
      position = end;
    }
  }
  if (position == 0) return kPassThrough;
  if (!writer.copy(frame, position, frame.size)) return kTargetTooSmall;
  // A STAP-A without a NAL unit is not a packet any more.
  const bool is_empty_stap_a = framing == Framing::kRtp && is_stap_a(frame) && writer.length() == kStapAHeaderLength;
  return is_empty_stap_a ? 0 : static_cast<int64_t>(writer.length());
}

}  // namespace h264_sei
