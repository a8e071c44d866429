import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { Framing } from '../codec/framing.js';
import { AccessUnitSplitter } from '../frame/access-unit-splitter.js';
import { checkBytes } from '../frame/arguments.js';
import { firstVclHeader } from '../frame/nal-units.js';

/** Bytes that the splitter gets at once, so that the parts of the tiniest access units take bounded memory. */
const STEP = 64 * 1024;

/** A stretch of a byte stream, which lies within one access unit. */
export interface StreamPart {
  /** Its bytes; they are there until the next parts are asked for. */
  readonly data: Uint8Array;
  /**
   * Whether an access unit begins here. Then all that stands in front of its first VCL NAL unit is in this part, with
   * the header of that one; or the whole access unit, where it has none.
   */
  readonly isStart: boolean;
}

/** Whether the data hold the NAL unit in front of which SEI belongs. */
export function holdsPicture(annexB: Uint8Array): boolean {
  return firstVclHeader(annexB, Framing.annexb) >= 0;
}

/**
 * Reads a byte stream in parts such that everything in front of a picture is in one of them, and hands each on as soon
 * as it may: nothing waits for the end of an access unit, which only shows when the next one has begun.
 *
 * SEI in front of a picture, and the place for it, need no more than that: a SEI NAL unit behind a slice begins the
 * next access unit (H.264 7.4.1.2.3). The parts, joined, are the stream, whatever its bytes are. What is held back is
 * the beginning of an access unit without a slice so far, `MAX_ACCESS_UNIT_SIZE` bytes at most.
 */
export class AccessUnitReader {
  readonly #splitter = new AccessUnitSplitter({ reuseMemory: true });
  /** How many bytes of the access unit that is not complete have been handed on. */
  #handedOn = 0;
  /** Whether that is a later piece of an access unit above `MAX_ACCESS_UNIT_SIZE`. */
  #isContinuation = false;
  /** How many bytes of it were searched in vain for a picture, although it has a slice: one that is malformed. */
  #searched = 0;

  /** How often an access unit was cut because it was larger than `MAX_ACCESS_UNIT_SIZE`: nothing goes in there. */
  get forcedCuts(): number {
    return this.#splitter.forcedCuts;
  }

  /**
   * Takes the next bytes of the stream, of any length.
   *
   * @param chunk borrowed
   * @returns the parts that can be handed on now, in lists of which each is there until the next one is asked for
   * @throws `TypeError` where `chunk` is no Uint8Array; `SeiError` `ERR_SEI_DETACHED_BUFFER`
   */
  *push(chunk: Uint8Array): Generator<readonly StreamPart[], void> {
    checkBytes('chunk', chunk);
    for (let at = 0; at < chunk.length; at += STEP) {
      const parts = this.#complete((splitter) => splitter.push(chunk.subarray(at, at + STEP)));
      const { incomplete, hasVcl } = this.#splitter;
      if (this.#isUnderWay || (hasVcl && this.#holdsPicture(incomplete))) this.#handOn(incomplete, parts);
      if (parts.length > 0) yield parts;
    }
  }

  /** Says that the stream ends here; answers what there is left. */
  flush(): readonly StreamPart[] {
    return this.#complete((step) => step.flush());
  }

  get #isUnderWay(): boolean {
    return this.#handedOn > 0 || this.#isContinuation;
  }

  /** Searches again only once there is twice as much, so that all searches together take linear time. */
  #holdsPicture(incomplete: Uint8Array): boolean {
    if (incomplete.length < 2 * this.#searched) return false;
    this.#searched = incomplete.length;
    return holdsPicture(incomplete);
  }

  #complete(step: (splitter: AccessUnitSplitter) => Uint8Array[]): StreamPart[] {
    const { forcedCuts } = this.#splitter;
    const parts: StreamPart[] = [];
    const accessUnits = step(this.#splitter);
    const hasCut = this.#splitter.forcedCuts > forcedCuts;
    for (const accessUnit of accessUnits) {
      this.#handOn(accessUnit, parts);
      this.#handedOn = 0;
      this.#searched = 0;
      // So large are no two pieces that come out of one step.
      this.#isContinuation = hasCut && accessUnit.length === MAX_ACCESS_UNIT_SIZE;
    }
    return parts;
  }

  #handOn(accessUnit: Uint8Array, parts: StreamPart[]): void {
    const isStart = !this.#isUnderWay;
    const data = this.#handedOn > 0 ? accessUnit.subarray(this.#handedOn) : accessUnit;
    if (data.length > 0) parts.push({ data, isStart });
    this.#handedOn = accessUnit.length;
  }
}
