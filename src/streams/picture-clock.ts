import { BitReader } from '../codec/bit-reader.js';
import { Framing } from '../codec/framing.js';
import { NalUnitType, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { readPictureParameterSet, type PictureParameterSet } from '../codec/parameter-sets.js';
import { BOUNDS_LENGTH } from '../codec/results.js';
import { hasSliceHeader, readSliceHeader, readSliceHeaderStart } from '../codec/slice-header.js';
import { nalUnitBounds } from '../frame/nal-units.js';
import { type TimedParameterSet, readTimedParameterSet } from './frame-rate.js';

/** The duration of a frame or field, in seconds or parts of a frame. */
interface Duration {
  readonly frameRate: number | undefined;
  readonly frames: number;
}

/**
 * Tells at which time each picture of a byte stream stands, from 0 on, in decoding order: the frame rate is what it was
 * given or what the sequence parameter sets say, and a field lasts half a frame (H.264 E.2.1).
 */
export class PictureClock {
  readonly #givenFrameRate: number | undefined;
  readonly #spsById = new Map<number, TimedParameterSet>();
  readonly #ppsById = new Map<number, PictureParameterSet>();
  #frameRate: number | undefined;
  // Counted in frames since the frame rate last changed, so that no error adds up over hours.
  #baseSeconds = 0;
  #frames = 0;

  /** @param frameRate frames a second; what the stream says where absent */
  constructor(frameRate?: number) {
    this.#givenFrameRate = frameRate;
  }

  /**
   * Takes note of the next access unit that holds a picture.
   *
   * @param accessUnit in Annex B format; it is only read
   * @returns the time of its picture in seconds; undefined where the stream does not say its frame rate and none was
   *   given
   */
  next(accessUnit: Uint8Array): number | undefined {
    const { frameRate, frames } = this.#durationOf(accessUnit);
    if (frameRate === undefined) return undefined;
    if (frameRate !== this.#frameRate) {
      if (this.#frameRate !== undefined) this.#baseSeconds += this.#frames / this.#frameRate;
      this.#frameRate = frameRate;
      this.#frames = 0;
    }
    const seconds = this.#baseSeconds + this.#frames / frameRate;
    this.#frames += frames;
    return seconds;
  }

  /** Where the last picture ends, in seconds; undefined where no frame rate is known. */
  get end(): number | undefined {
    return this.#frameRate === undefined ? undefined : this.#baseSeconds + this.#frames / this.#frameRate;
  }

  #durationOf(accessUnit: Uint8Array): Duration {
    const { bounds, length } = nalUnitBounds(accessUnit, Framing.annexb);
    for (let at = 0; at < length; at += BOUNDS_LENGTH) {
      const start = bounds[at];
      const type = nalUnitType(accessUnit[start]);
      if (type === NalUnitType.sequenceParameterSet) this.#takeSps(accessUnit, start, bounds[at + 1]);
      else if (type === NalUnitType.pictureParameterSet) this.#takePps(accessUnit, start, bounds[at + 1]);
      else if (isVcl(type)) return this.#durationOfSlice(accessUnit, start);
    }
    return { frameRate: this.#known(undefined), frames: 1 };
  }

  #takeSps(data: Uint8Array, start: number, end: number): void {
    const parameterSet = readTimedParameterSet(data, start, end);
    if (parameterSet !== undefined) this.#spsById.set(parameterSet.sps.sequenceParameterSetId, parameterSet);
  }

  #takePps(data: Uint8Array, start: number, end: number): void {
    const pps = readPictureParameterSet(new BitReader(data, start + 1, end));
    if (pps !== undefined) this.#ppsById.set(pps.pictureParameterSetId, pps);
  }

  #durationOfSlice(data: Uint8Array, at: number): Duration {
    const reader = new BitReader(data, at + 1, data.length);
    const start = hasSliceHeader(nalUnitType(data[at])) ? readSliceHeaderStart(reader, data[at]) : undefined;
    const pps = start && this.#ppsById.get(start.pictureParameterSetId);
    const timed = pps && this.#spsById.get(pps.sequenceParameterSetId);
    const header = start && pps && timed && readSliceHeader(reader, start, pps, timed.sps);
    return { frameRate: this.#known(timed?.frameRate), frames: header?.fieldPicFlag === true ? 0.5 : 1 };
  }

  /** What was given, else what the parameter set in use says, else what the one before said. */
  #known(ofParameterSet: number | undefined): number | undefined {
    return this.#givenFrameRate ?? ofParameterSet ?? this.#frameRate;
  }
}
