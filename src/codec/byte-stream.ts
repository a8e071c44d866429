/**
 * The byte stream format of Annex B: NAL units after start code prefixes `00 00 01`, of which the first one and those of
 * parameter sets have a `zero_byte` before them (H.264 B.1.1).
 */

/** Length of the start code that this library writes: `zero_byte` and `start_code_prefix_one_3bytes`. */
export const START_CODE_LENGTH = 4;

/** Writes the four-byte start code `00 00 00 01` at `at`; answers the offset behind it (H.264 B.1.1). */
export function writeStartCode(target: Uint8Array, at: number): number {
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 0;
  target[at + 3] = 1;
  return at + START_CODE_LENGTH;
}
