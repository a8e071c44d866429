import { invalidType, outOfRange } from '../errors.js';
import { holdsPicture } from './access-unit-reader.js';
import { PictureClock } from './picture-clock.js';

/** Tells the timestamps of the access units of a stream with a known frame rate, in decoding order from 0 on. */
export class FrameClock {
  readonly #pictures: PictureClock | undefined;
  #timestamp: number | undefined;

  /**
   * @param frameRate frames a second; undefined where there are to be no timestamps
   * @throws `TypeError`, `RangeError` where it is none
   */
  constructor(frameRate: unknown) {
    if (frameRate === undefined) return;
    if (typeof frameRate !== 'number') throw invalidType('options.frameRate', 'a number', frameRate);
    if (!Number.isFinite(frameRate) || frameRate <= 0) throw outOfRange('options.frameRate', 'above 0', frameRate);
    this.#pictures = new PictureClock(frameRate);
    this.#timestamp = 0;
  }

  /**
   * Takes note of the next access unit. One without a picture has the timestamp of the one before.
   *
   * @param data its beginning, with the header of its first slice, in Annex B format
   * @returns its timestamp in milliseconds; undefined where no frame rate is known
   */
  next(data: Uint8Array): number | undefined {
    const seconds = this.#pictures !== undefined && holdsPicture(data) ? this.#pictures.next(data) : undefined;
    if (seconds !== undefined) this.#timestamp = seconds * 1000;
    return this.#timestamp;
  }
}
