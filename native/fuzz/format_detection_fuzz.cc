// detect and detect_for_injection with every hint: all kernels agree, and what was detected is what the bytes are: the
// NAL units can be walked in that framing, and the first one is of the type that was told.
#include "../codec/format_detection.h"
#include "../codec/nal_unit.h"
#include "../codec/rtp_payload.h"
#include "fuzz.h"

namespace {

using namespace h264_sei;

bool is_known(Framing framing) {
  return std::find(fuzz::kFramings, fuzz::kFramings + fuzz::kKnownFramings, framing) !=
         fuzz::kFramings + fuzz::kKnownFramings;
}

void check(Bytes data, Framing hint, PackedDetection detection, const simd::Kernel& kernel) {
  const Framing framing = static_cast<Framing>(detection & 0xff);
  const uint8_t type = detection >> 8 & 0x1f;
  const uint32_t packet_kind = detection >> 13 & 3;
  const uint32_t confidence = detection >> 16;
  fuzz::expect(is_known(framing), kernel, "the framing that was detected");
  fuzz::expect(confidence > 0 && confidence <= 100, kernel, "the confidence");
  fuzz::expect((hint == Framing::kDetect) == (confidence < 100), kernel, "the confidence in a hint");
  fuzz::expect((packet_kind != 0) == (framing == Framing::kRtp), kernel, "the kind of packet");
  if (hint == Framing::kAvcc) {
    fuzz::expect(is_length_prefixed(framing), kernel, "the length size");
  } else if (hint != Framing::kDetect) {
    fuzz::expect(framing == hint, kernel, "the framing of a hint");
  }
  if (framing == Framing::kRtp && is_fu_a(data)) {
    fuzz::expect(type == nal_unit_type(data[1]), kernel, "the type of a fragment");
    return;
  }
  NalUnitCursor cursor(data, framing, kernel);
  fuzz::expect(cursor.next(), kernel, "the first NAL unit");
  fuzz::expect(type == nal_unit_type(data[cursor.start()]), kernel, "the type of the first NAL unit");
  fuzz::expect(!has_forbidden_zero_bit(data[cursor.start()]), kernel, "the forbidden bit");
  if (framing == Framing::kAnnexB) return;
  while (cursor.next()) continue;
  fuzz::expect(cursor.position() == data.size, kernel, "the end of the lengths");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  FuzzedDataProvider provider(input, size);
  static fuzz::GuardedInput memory;
  const Bytes data = memory.place(provider);
  const simd::Kernel& scalar = *fuzz::kernels().back();
  for (const Framing hint : fuzz::kFramings) {
    const PackedDetection expected = detect(data, hint, scalar);
    if (expected != 0) check(data, hint, expected, scalar);
    const bool is_packet = detected_framing(expected) == Framing::kRtp;
    fuzz::expect(hint != Framing::kDetect || !is_packet || !is_sure_enough_to_inject(expected), scalar,
                 "a packet that nobody has announced");
    for (const simd::Kernel* kernel : fuzz::kernels()) {
      fuzz::expect(detect(data, hint, *kernel) == expected, *kernel, "detect");
    }
  }
  return 0;
}
