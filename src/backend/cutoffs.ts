/**
 * The numbers of the three rules in auto.ts, in bytes. Each is where the two sides cross in the benchmark that is named
 * with it; `npm run bench` prints the times of both sides and which one is chosen.
 */

/** Below this, TypeScript does everything: benchmarks `scanNalUnits`, `escape`, `unescape`, `extractSei`. */
export const SHORT = 64;

/** Below this, TypeScript copies: benchmarks `injectSei`, `stripSei`, `toAnnexB`. */
export const COPY = 1024;

/** Below this, TypeScript copies bytes that hold no zero, and so need no escape: benchmark `escape` of text. */
export const TEXT = 8192;

/**
 * How far into a frame TypeScript looks for the first slice: after parameter sets and a message or two. Benchmarks
 * `injectSei`, `injectSeiParts` and `extractSei`, scan `first-vcl`.
 */
export const NEAR = 768;

/** Through how many NAL units of a sample TypeScript looks for SEI: benchmark `extractSei` of avcc. */
export const FEW_NAL_UNITS = 16;
