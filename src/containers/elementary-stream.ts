import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { Framing } from '../codec/framing.js';
import { NalUnitType, nalUnitType } from '../codec/nal-unit.js';
import { AccessUnitSplitter } from '../frame/access-unit-splitter.js';
import { firstVclHeader } from '../frame/nal-units.js';

/** An access unit of an elementary stream. */
export interface LocatedAccessUnit {
  /** Its number in decoding order, from 0 on. */
  readonly index: number;
  /** Offset of its first byte in the stream. */
  readonly offset: number;
  /** Its bytes, with their start codes; they belong to the caller. */
  readonly data: Uint8Array;
  /** Whether it is a later piece of one above `MAX_ACCESS_UNIT_SIZE`: nothing is to be inserted there. */
  readonly isContinuation: boolean;
}

/** Splits a byte stream into its access units and counts them. */
export class ElementaryStream {
  readonly #splitter = new AccessUnitSplitter();
  #index = -1;
  #offset = 0;
  #isContinuation = false;

  /** Takes the next bytes; answers the access units that are complete now. */
  push(chunk: Uint8Array): LocatedAccessUnit[] {
    return this.#locate(() => this.#splitter.push(chunk));
  }

  /** Says that the stream ends here; answers what there is left. */
  flush(): LocatedAccessUnit[] {
    return this.#locate(() => this.#splitter.flush());
  }

  #locate(step: () => Uint8Array[]): LocatedAccessUnit[] {
    const { forcedCuts } = this.#splitter;
    const pieces = step();
    const hasCut = this.#splitter.forcedCuts > forcedCuts;
    return pieces.map((data) => {
      if (!this.#isContinuation) this.#index++;
      const accessUnit = { index: this.#index, offset: this.#offset, data, isContinuation: this.#isContinuation };
      this.#offset += data.length;
      this.#isContinuation = hasCut && data.length === MAX_ACCESS_UNIT_SIZE;
      return accessUnit;
    });
  }
}

/** Whether an access unit of a byte stream is an IDR picture: its first slice says so (H.264 7.4.1.2.4). */
export function isIdr(annexB: Uint8Array): boolean {
  const header = firstVclHeader(annexB, Framing.annexb);
  return header >= 0 && nalUnitType(header) === NalUnitType.idrSlice;
}
