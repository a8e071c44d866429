/** Sections of the tables of a transport stream (ISO/IEC 13818-1 2.4.4), which may lie in several packets. */

/** The most bytes of a section of the tables that are read: 3, and a section_length of 1021 at most. */
const MAX_SECTION_SIZE = 1024;

const HEADER_SIZE = 3;
/** table_id of what fills the rest of a packet. */
const STUFFING = 0xff;

/** Puts the sections of one PID together. Whatever the bytes are, it does not throw. */
export class SectionReader {
  #bytes = new Uint8Array(MAX_SECTION_SIZE);
  #length = 0;
  #isOpen = false;

  /**
   * Takes the payload of the next packet.
   *
   * @param payload begins with pointer_field where a section begins in it
   * @param isUnitStart payload_unit_start_indicator
   * @returns the sections that are complete now, in memory that is written to again
   */
  *push(payload: Uint8Array, isUnitStart: boolean): Generator<Uint8Array> {
    let rest = payload;
    if (isUnitStart) {
      const start = 1 + (payload[0] ?? 0);
      yield* this.#take(payload.subarray(1, start));
      this.#length = 0;
      this.#isOpen = true;
      rest = payload.subarray(start);
    }
    yield* this.#take(rest);
  }

  *#take(payload: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (this.#isOpen && at < payload.length) {
      if (this.#length === 0 && payload[at] === STUFFING) {
        this.#isOpen = false;
        return;
      }
      const wanted = this.#length < HEADER_SIZE ? HEADER_SIZE : this.#size;
      const piece = payload.subarray(at, at + wanted - this.#length);
      this.#bytes.set(piece, this.#length);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length < HEADER_SIZE) return;
      if (this.#size > MAX_SECTION_SIZE) {
        this.#isOpen = false;
      } else if (this.#length >= this.#size) {
        const section = this.#bytes.subarray(0, this.#size);
        this.#length = 0;
        yield section;
      }
    }
  }

  get #size(): number {
    return HEADER_SIZE + (((this.#bytes[1] & 0x0f) << 8) | this.#bytes[2]);
  }
}
