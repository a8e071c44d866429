const START_CODE = Uint8Array.of(0, 0, 0, 1);

/** A byte stream of NAL units, each after the four-byte start code (H.264 B.1.1). */
export function joinByteStream(nalUnits: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(nalUnits.flatMap((nalUnit) => [START_CODE, nalUnit])));
}
