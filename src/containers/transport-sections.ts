/** Sections of the tables of a transport stream (ISO/IEC 13818-1 2.4.4), which may lie in several packets. */
import { concatBytes } from '../codec/bytes.js';

/** The most bytes of a section of the tables that are read: 3, and a section_length of 1021 at most. */
const MAX_SECTION_SIZE = 1024;

const HEADER_SIZE = 3;
/** table_id of what fills the rest of a packet. */
const STUFFING = 0xff;

/** Puts the sections of one PID together. Whatever the bytes are, it does not throw. */
export class SectionReader {
  /** What there is of a section; undefined until one begins. */
  #held: Uint8Array | undefined;

  /** Takes the payload of the next packet and its payload_unit_start_indicator; returns the sections that end there. */
  *push(payload: Uint8Array, isUnitStart: boolean): Generator<Uint8Array> {
    const start = isUnitStart ? 1 + payload[0] : 0;
    if (isUnitStart) {
      yield* this.#take(payload.subarray(1, start));
      this.#held = payload.subarray(start, start);
    }
    yield* this.#take(payload.subarray(start));
  }

  *#take(payload: Uint8Array): Generator<Uint8Array> {
    if (this.#held === undefined) return;
    let held = concatBytes([this.#held, payload]);
    while (held.length >= HEADER_SIZE && held[0] !== STUFFING) {
      const size = HEADER_SIZE + (((held[1] & 0x0f) << 8) | held[2]);
      if (held.length < size && size <= MAX_SECTION_SIZE) break;
      if (size <= MAX_SECTION_SIZE) yield held.subarray(0, size);
      held = size <= MAX_SECTION_SIZE ? held.subarray(size) : Uint8Array.of(STUFFING);
    }
    this.#held = held[0] === STUFFING ? undefined : held;
  }
}
