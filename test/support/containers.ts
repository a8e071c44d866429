/** Pieces of containers, for files that no writer makes. */

/** A box of MP4 (ISO/IEC 14496-12 4.2). */
export function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + Buffer.concat(content).length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}

/** Numbers of 32 bits. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * i);
  return bytes;
}

/** An element of Matroska, whose size has eight bytes (RFC 8794 6). */
export function element(id: Uint8Array, ...content: readonly Uint8Array[]): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(Buffer.concat(content).length, 4);
  size[0] = 1;
  return Buffer.concat([id, size, ...content]);
}
