/**
 * A number of records or NAL units together with the framing in which they were found, as one number, so that the addon
 * returns both without creating an object.
 */
const COUNT_SCALE = 0x100;

/** Packs a number of items and a value of `Framing`. */
export function packCount(count: number, framing: number): number {
  return count * COUNT_SCALE + framing;
}

/** The number of items in a packed count. */
export function packedCount(packed: number): number {
  return Math.floor(packed / COUNT_SCALE);
}

/** The framing in a packed count. */
export function packedFraming(packed: number): number {
  return packed & 0xff;
}
