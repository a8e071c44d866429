/** What the suite uses of `Buffer` to compare bytes; the library does not see it. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- it takes the place of a class
export class Buffer {
  static from(value: string | Uint8Array): Uint8Array {
    return typeof value === 'string' ? new TextEncoder().encode(value) : value;
  }

  static concat(pieces: readonly Uint8Array[]): Uint8Array {
    const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** 0 for equal bytes, as that of Node.js; the suite asks for no more. */
  static compare(one: Uint8Array, other: Uint8Array): number {
    return one.length === other.length && one.every((byte, at) => byte === other[at]) ? 0 : 1;
  }
}
