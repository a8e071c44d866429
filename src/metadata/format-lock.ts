/**
 * Remembers in which framing the frames of one track come, so that a single odd frame is not taken for something else.
 */
import { backend } from '../backend/current.js';
import { MIN_INJECTION_CONFIDENCE, detectedConfidence, detectedFraming } from '../codec/format-detection.js';
import { Framing, isLengthPrefixed } from '../codec/framing.js';

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
   * The framing of the next frame.
   *
   * @returns 0 where the frame is to pass untouched: it is no H.264, or does not fit what came before it
   */
  framingOf(frame: Uint8Array): number {
    const detection = backend().detect(frame, Framing.detect);
    const isSure = detectedConfidence(detection) >= MIN_INJECTION_CONFIDENCE;
    const detected = isSure ? detectedFraming(detection) : Framing.detect;
    if (this.#locked === Framing.detect || (isSure && !this.#isLocked(detected))) return this.#judge(frame, detected);
    // A frame that looks like nothing else may still be what is expected.
    const isExpected = isSure && detected === this.#locked;
    const expected = isExpected ? detected : detectedFraming(backend().detect(frame, this.#locked));
    if (expected !== Framing.detect) this.#locked = expected;
    this.#agreeing = 0;
    return expected;
  }

  #isLocked(framing: number): boolean {
    return framing === this.#locked || (this.#locked === Framing.avcc && isLengthPrefixed(framing));
  }

  /** Counts the frames that agree on something else than what is expected. */
  #judge(frame: Uint8Array, detected: number): number {
    let framing = detected;
    // A frame that by itself proves little may still agree with the one before.
    if (framing === Framing.detect && this.#agreeing > 0) {
      framing = detectedFraming(backend().detect(frame, this.#candidate));
    }
    if (framing === Framing.detect) {
      this.#agreeing = 0;
      return 0;
    }
    this.#agreeing = this.#agreeing > 0 && framing === this.#candidate ? this.#agreeing + 1 : 1;
    this.#candidate = framing;
    const hasLock = this.#locked !== Framing.detect;
    if (this.#agreeing >= (hasLock ? FRAMES_TO_MOVE : FRAMES_TO_LOCK)) {
      this.#locked = framing;
      this.#agreeing = 0;
      return framing;
    }
    return hasLock ? 0 : framing;
  }
}
