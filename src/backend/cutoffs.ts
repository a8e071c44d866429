/**
 * Where the addon begins to pay. A call into it costs 60 to 120 ns before it has looked at a byte; JavaScript has looked
 * at a few hundred bytes by then, as long as it does not meet many zeros. Each number is the one that the benchmarks of
 * `benches/codec` found: they print, for each function and size, the times of both sides and which one was chosen.
 */

/** Bytes from which on the addon scans for start codes; benchmark `scanNalUnits`. */
export const SCAN_CUTOFF = 96;

/** Bytes from which on the addon counts and inserts escapes where there are zero bytes; benchmark `escape`. */
export const ESCAPE_CUTOFF = 64;

/**
 * Up to so many bytes without a single zero are copied by JavaScript, which `memchr` and `memmove` make as fast as the
 * addon; benchmark `escape` of text.
 */
export const ZERO_FREE_CUTOFF = 4096;

/** Bytes from which on the addon removes escapes; benchmark `unescape`. */
export const UNESCAPE_CUTOFF = 64;

/** Bytes from which on the addon reads a whole frame for SEI; benchmark `extractSei`, scan `full`. */
export const FULL_EXTRACTION_CUTOFF = 128;

/**
 * How far into a frame JavaScript looks for the first slice before the addon is asked: behind the parameter sets and a
 * few messages; benchmarks `injectSei` and `extractSei`, scan `first-vcl`.
 */
export const NEAR_SLICE = 256;

/** Bytes up to which JavaScript detects the framing, whatever the first of them are; benchmark `detectH264Format`. */
export const DETECTION_CUTOFF = 64;
