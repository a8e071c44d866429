// Emulation prevention: wherever two zero bytes would be followed by a byte of at most 3, an
// emulation_prevention_three_byte `03` stands between them (H.264 7.3.1, 7.4.1).
#ifndef H264_SEI_NATIVE_CODEC_EMULATION_PREVENTION_H_
#define H264_SEI_NATIVE_CODEC_EMULATION_PREVENTION_H_

#include "../simd/kernel.h"
#include "bytes.h"

namespace h264_sei {

// How many bytes `escape` writes.
size_t escaped_length(Bytes rbsp, const simd::Kernel& kernel);

// Inserts emulation_prevention_three_bytes; an RBSP that ends in 00 gets a final 03. Answers how many bytes it has
// written to `target`, which overlaps nothing, or simd::kNoRoom if they do not fit. The rest of the target may change
// too.
size_t escape(Bytes rbsp, Target target, const simd::Kernel& kernel);

// Removes the 03 of every `00 00 03`, whatever follows it. Answers as `escape` does; as many bytes as there are in
// `bytes` are always enough.
size_t unescape(Bytes bytes, Target target, const simd::Kernel& kernel);

// Whether there is an emulation_prevention_three_byte in `data[from, to)`.
bool has_escape(Bytes data, size_t from, size_t to, const simd::Kernel& kernel);

}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_CODEC_EMULATION_PREVENTION_H_
