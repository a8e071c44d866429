/**
 * Remembers in which framing the frames of one track come, so that a single odd frame is not taken for something else.
 */
import { backend } from '../backend/current.js';
import { Framing, isLengthPrefixed } from '../codec/framing.js';
import { isSureOfFraming, locatedFraming } from '../codec/results.js';

/** So many frames in a row have to agree before their framing is expected of the next ones. */
export const FRAMES_TO_LOCK = 2;

/** So many frames in a row have to agree on another framing before it is believed that the stream has changed. */
export const FRAMES_TO_MOVE = 3;

/** The framing of a track. */
export class FormatLock {
  /** The framing that is expected; `Framing.detect` as long as there is none. */
  #locked: number;
  #candidate: number = Framing.detect;
  #agreeing = 0;

  /** @param hint what the caller says, a value of `Framing` */
  constructor(hint: number) {
    this.#locked = hint;
  }

  /**
   * Locates SEI in the next frame, under the framing that the track has.
   *
   * @returns a packed location, see codec/location; 0 if the frame is to pass untouched: it is not H.264, or does not
   *   fit what came before it
   */
  locate(frame: Uint8Array): number {
    const current = backend();
    // A payload of RTP by itself proves nothing, so what is expected is asked first; its first byte is never 0.
    if (this.#locked === Framing.rtp) {
      const location = current.locate(frame, Framing.rtp);
      if (location !== 0) return this.#expect(location);
    }
    const location = current.locate(frame, Framing.detect);
    const isSure = isSureOfFraming(location);
    const detected = isSure ? locatedFraming(location) : Framing.detect;
    const fitsLock = this.#isLocked(detected);
    if (this.#locked === Framing.detect || (isSure && !fitsLock)) return this.#judge(frame, isSure ? location : 0);
    // A frame that looks like nothing else may still be what is expected.
    if (isSure && detected === this.#locked) return this.#expect(location);
    return this.#expect(this.#locked === Framing.rtp ? 0 : current.locate(frame, this.#locked));
  }

  /** The frame is what the lock expects, or nothing. */
  #expect(location: number): number {
    const framing = locatedFraming(location);
    if (framing !== Framing.detect) this.#locked = framing;
    this.#agreeing = 0;
    return location;
  }

  #isLocked(framing: number): boolean {
    return framing === this.#locked || (this.#locked === Framing.avcc && isLengthPrefixed(framing));
  }

  /** Counts the frames that agree on something else than what is expected. */
  #judge(frame: Uint8Array, detected: number): number {
    let location = detected;
    // A frame that by itself proves little may still agree with the one before.
    if (location === 0 && this.#agreeing > 0) location = backend().locate(frame, this.#candidate);
    if (location === 0) {
      this.#agreeing = 0;
      return 0;
    }
    const framing = locatedFraming(location);
    this.#agreeing = this.#agreeing > 0 && framing === this.#candidate ? this.#agreeing + 1 : 1;
    this.#candidate = framing;
    const hasLock = this.#locked !== Framing.detect;
    if (this.#agreeing >= (hasLock ? FRAMES_TO_MOVE : FRAMES_TO_LOCK)) {
      this.#locked = framing;
      this.#agreeing = 0;
      return location;
    }
    return hasLock ? 0 : location;
  }
}
