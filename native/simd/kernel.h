// The interface between the codec and the instruction sets: the loops that touch every byte of a frame.
//
// What is searched
// ----------------
// H.264 gives meaning to one thing only below the level of NAL units: two zero bytes followed by a small byte.
//
//   00 00 01      a start code prefix                                        (Annex B)
//   00 00 03      the 03 is an emulation_prevention_three_byte, to be dropped (7.3.1)
//   00 00 00..03  in an RBSP: a 03 has to be put before the third byte        (7.4.1)
//
// So each loop asks the same question of every position i: are bytes i-2 and i-1 zero, and does byte i match?
//
// How it is searched
// ------------------
// A kernel with vectors works on blocks of 64 bytes, two at a time, in two stages. The first stage rules out a pair of
// blocks; nearly always it does, in entropy-coded video. Of any three bytes in a row two lie in one 16-bit lane,
// whatever the alignment: the two zeros, or the second zero and the third byte. So where no lane holds 00 and a small
// byte, there is no hit, and that takes an AND and a minimum per vector and one branch per 128 bytes. The second stage
// is exact. It turns a block into 64-bit masks, bit i for byte i, so that the question becomes a handful of integer
// operations:
//
//   pair_carry = 0                                  // no two zeros lie before the first byte
//   for each 128 bytes:
//     if pair_carry == 0 and no 16-bit lane is 00 and a small byte: next 128 bytes
//     for each 64 of them:
//       matches = mask(byte matches)                // none: go on, as in a run of zeros when looking for a 01
//       zero  = mask(byte == 0)
//       pair  = zero & (zero << 1 | zero_carry)     // bit i: bytes i-1 and i are zero; zero_carry: the byte before is
//       third = pair << 1 | pair_carry              // bit i: bytes i-2 and i-1 are zero
//       pair_carry = pair >> 63
//       deal with the set bits of third & matches
//
// Every vector is loaded once. The carries are why no byte outside of the data is ever read, wherever a pattern
// straddles two blocks. The last, incomplete block is copied to the stack and filled up with ff, which is part of no
// pattern.
//
// A search for zeros (memchr) or for `00 00 01` by its rarest byte stops at every false candidate, and a sender who
// knows it fills the frame with them. Here a candidate costs the second stage for 128 bytes, so the speed on hostile
// bytes stays within a small factor of that on video.
//
// Escaping has one subtlety. The 03 that is put in ends the run of zeros, so of neighboring hits (they exist in runs of
// three and more zeros) only every other one counts: the first, the third, and so on of each run of set bits.
//
//   starts    = hits & ~(hits << 1)
//   even_runs = hits & ~(hits + (starts & 0x5555...))   // the sum carries through each run that starts at an even bit
//   chosen    = (even_runs & 0x5555...) | (hits & ~even_runs & 0xaaaa...)
//
// Then, where hits exist, bytes are taken out or put in without a loop over the hits: a whole block at once by the
// instructions of AVX-512 VBMI2, else in groups of eight by a table of shuffles (SSSE3, NEON), or in groups of four by
// masks and shifts (SSE2).
//
// Concurrency
// -----------
// The bytes may be in shared memory and change while a kernel runs. What a kernel answers is meaningless then, but
// every read lies within the source and every write within the capacity all the same: no bound is derived from a byte
// twice.
#ifndef H264_SEI_NATIVE_SIMD_KERNEL_H_
#define H264_SEI_NATIVE_SIMD_KERNEL_H_

#include <cstddef>
#include <cstdint>

namespace h264_sei {
namespace simd {

// One implementation of the loops. All kernels answer the same for the same bytes.
// A source or destination of zero bytes may be a null pointer.
struct Kernel {
  // Lower-case name of the instruction set, as H264_SEI_KERNEL spells it.
  const char* name;

  // Kernels are tried from high to low.
  int priority;

  // Whether this processor, as the operating system runs it, can execute the kernel.
  bool (*usable)();

  // The first `00 00 01` that lies wholly in [begin, end), or `end`.
  const uint8_t* (*find_start_code)(const uint8_t* begin, const uint8_t* end);

  // The first `00 00 03` that lies wholly in [begin, end), or `end`.
  const uint8_t* (*find_escape)(const uint8_t* begin, const uint8_t* end);

  // Writes the index of the byte after each `00 00 01` to `offsets`, ascending, the first `capacity` of them, and
  // answers how many there are in all. `size` must be below 2^32.
  size_t (*scan_start_codes)(const uint8_t* data, size_t size, uint32_t* offsets, size_t capacity);

  // How many emulation_prevention_three_bytes 7.4.1 demands between the `size` bytes (not the one after a final 00).
  size_t (*count_escapes)(const uint8_t* source, size_t size);

  // Copies `size` bytes with those emulation_prevention_three_bytes put in. Answers the number of bytes written, or
  // kNoRoom if they do not fit `capacity`; then what has been written is unspecified. What lies behind the bytes
  // written, within the capacity, may change as well. The memories must not overlap.
  size_t (*escape)(const uint8_t* source, size_t size, uint8_t* target, size_t capacity);

  // Copies `size` bytes without the 03 of each `00 00 03` (7.3.1). Answers as `escape` does; a capacity of `size` is
  // always enough.
  size_t (*unescape)(const uint8_t* source, size_t size, uint8_t* target, size_t capacity);
};

inline constexpr size_t kNoRoom = SIZE_MAX;

}  // namespace simd
}  // namespace h264_sei

#endif  // H264_SEI_NATIVE_SIMD_KERNEL_H_
