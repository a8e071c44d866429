/**
 * Where the addon begins to pay. A call into it costs 60 to 120 ns before it has looked at a byte; JavaScript has looked
 * at a few hundred bytes by then, as long as it does not meet many zeros. Each number is where the two sides cross in
 * the benchmark that is named with it, which prints the times of both, and which one the automatic backend chose.
 */

/** Bytes from which on a piece that is full of zeros goes to the addon; benchmarks of the hostile inputs. */
export const ZERO_HEAVY_CUTOFF = 32;

/** Bytes from which on the addon scans for start codes; benchmark `scanNalUnits`. */
export const SCAN_CUTOFF = 256;

/** Bytes from which on the addon inserts escapes, and counts them, where there is a zero; benchmark `escape`. */
export const ESCAPE_CUTOFF = 40;

/**
 * Bytes up to which JavaScript copies what holds no zero, and so needs no escape: `memchr` and `memmove` are a shorter
 * way than the addon; benchmark `escape` of text.
 */
export const ZERO_FREE_CUTOFF = 8192;

/** Bytes up to which it looks for a zero before the addon counts the escapes; benchmark `escapedLength` of text. */
export const ZERO_FREE_COUNT_CUTOFF = 32_768;

/** Bytes from which on the addon removes escapes; benchmark `unescape`. */
export const UNESCAPE_CUTOFF = 48;

/** Bytes from which on the addon reads a whole byte stream for SEI; benchmark `extractSei`, scan `full`. */
export const FULL_EXTRACTION_CUTOFF = 256;

/** NAL units of a sample through which JavaScript goes to see that none of them is SEI; benchmark `extractSei` of avcc. */
export const FEW_NAL_UNITS = 16;

/**
 * How far into a frame JavaScript looks for the first slice before it asks the addon, in bytes: behind parameter sets
 * and a message or two; benchmarks `injectSei`, `injectSeiParts` and `extractSei`, scan `first-vcl`.
 */
export const NEAR_SLICE = 768;

/** Bytes up to which JavaScript detects the framing, whatever the first of them are; benchmark `detectH264Format`. */
export const DETECTION_CUTOFF = 256;
