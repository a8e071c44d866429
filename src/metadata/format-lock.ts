/**
 * Remembers in which framing the frames of one track come, so that a single odd frame is not taken for something else.
 */
import { backend } from '../backend/current.js';
import { MIN_INJECTION_CONFIDENCE, detectedConfidence, detectedFraming } from '../codec/format-detection.js';
import { Framing } from '../codec/framing.js';

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
    if (this.#locked !== Framing.detect) {
      const expected = detectedFraming(backend().detect(frame, this.#locked));
      if (expected !== 0) {
        this.#locked = expected;
        this.#agreeing = 0;
        return expected;
      }
    }
    const detection = backend().detect(frame, Framing.detect);
    if (detectedConfidence(detection) < MIN_INJECTION_CONFIDENCE) {
      this.#agreeing = 0;
      return 0;
    }
    const framing = detectedFraming(detection);
    this.#agreeing = framing === this.#candidate ? this.#agreeing + 1 : 1;
    this.#candidate = framing;
    const isLocked = this.#locked !== Framing.detect;
    if (this.#agreeing >= (isLocked ? FRAMES_TO_MOVE : FRAMES_TO_LOCK)) {
      this.#locked = framing;
      this.#agreeing = 0;
      return framing;
    }
    return isLocked ? 0 : framing;
  }
}
