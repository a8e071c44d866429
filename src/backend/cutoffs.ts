/**
 * The numbers of the rules in auto.ts. Each is where the two sides cross in the benchmarks that are named with it;
 * `npm run bench` prints the times of both sides and which one is chosen.
 */

/** Below so many bytes, TypeScript does everything: benchmarks `scanNalUnits`, `escape`, `unescape`, `extractSei`. */
export const SHORT = 64;

/** Below so many bytes, TypeScript copies what has no zeros: benchmark `escape` of text. */
export const TEXT = 8192;

/** Below so many bytes, TypeScript says that there are no zeros to escape: benchmark `escapedLength` of text. */
export const LONG_TEXT = 131_072;

/** After so many NAL units without SEI, TypeScript leaves the rest to the addon: benchmark `extractSei` of avcc. */
export const FEW_NAL_UNITS = 16;
