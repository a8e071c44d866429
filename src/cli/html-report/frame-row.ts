import { BitReader } from '../../codec/bit-reader.js';
import { NalUnitCursor } from '../../codec/nal-unit-cursor.js';
import { NalUnitType, nalUnitType } from '../../codec/nal-unit.js';
import { hasSliceHeader, readSliceHeaderStart } from '../../codec/slice-header.js';
import { framingHint } from '../../frame/arguments.js';
import { type SeiMessage, extractSei } from '../../frame/extract.js';
import { type BoundCounts, countMessages } from '../bounds.js';
import type { FramePiece } from './frame-source.js';
import type { ReportLimits } from './limits.js';
import { type FrameRow, type MessageRow, NAL_UNIT_LENGTH, Picture } from './model.js';
import type { PayloadContents } from './payload-content.js';

/** What is counted over all frames of a report. */
export interface ReportCounts extends BoundCounts {
  /** Frames. */
  accessUnits: number;
  /** NAL units. */
  nalUnits: number;
  /** SEI messages. */
  messages: number;
  /** Bytes of the frames. */
  size: number;
  /** Bytes of SEI NAL units. */
  seiBytes: number;
}

/** The pictures of slice_type modulo 5: P, B, I, SP, SI (H.264 Table 7-6). */
const PICTURES = [Picture.p, Picture.b, Picture.i, Picture.p, Picture.i] as const;

/** What the NAL unit at `start` holds: a value of {@link Picture} (H.264 7.3.3, Table 7-6). */
function pictureOf(data: Uint8Array, start: number, end: number): number {
  const type = nalUnitType(data[start]);
  if (!hasSliceHeader(type)) return Picture.none;
  if (type === NalUnitType.idrSlice) return Picture.idr;
  const slice = readSliceHeaderStart(new BitReader(data, start + 1, end), data[start]);
  return slice === undefined ? Picture.none : PICTURES[slice.sliceType % 5];
}

/** What a picture is of which one slice is `a` and another `b`: the one that is decoded from more of the others. */
function joinedPicture(a: number, b: number): number {
  if (a === Picture.none || b === Picture.none || a === Picture.idr || b === Picture.idr) return Math.max(a, b);
  return Math.min(a, b);
}

/** Makes the row of a frame, which may come in pieces. */
export class FrameRowBuilder {
  readonly #offset: number | undefined;
  readonly #milliseconds: number | undefined;
  readonly #contents: PayloadContents;
  readonly #limits: ReportLimits;
  readonly #counts: ReportCounts;
  readonly #nalUnits: number[] = [];
  readonly #messages: MessageRow[] = [];
  #size = 0;
  #picture: number = Picture.none;
  #unlistedNalUnits = 0;
  #unlistedMessages = 0;

  /**
   * @param first the frame, or its first piece, which is not taken yet
   * @param contents makes the content of its messages
   * @param limits how much of it is listed
   * @param counts brought up to date
   */
  constructor(
    { offset, milliseconds }: FramePiece,
    contents: PayloadContents,
    limits: ReportLimits,
    counts: ReportCounts,
  ) {
    this.#offset = offset;
    this.#milliseconds = milliseconds;
    this.#contents = contents;
    this.#limits = limits;
    this.#counts = counts;
    counts.accessUnits++;
  }

  /** Takes the frame, or its next piece, of which nothing is kept. */
  add({ data, framing }: FramePiece): void {
    const nalUnitAt = new Map<number, number>();
    const cursor = new NalUnitCursor(data, framingHint(framing));
    while (cursor.next()) this.#addNalUnit(data, cursor.start, cursor.end, nalUnitAt);
    const messages = extractSei(data, framing);
    countMessages(messages.length, this.#counts);
    this.#counts.messages += messages.length;
    for (const message of messages) this.#addMessage(message, nalUnitAt);
    this.#size += data.length;
    this.#counts.size += data.length;
  }

  /** The row of what was taken. */
  build(): FrameRow {
    const row = [
      this.#offset ?? null,
      this.#size,
      this.#picture,
      this.#milliseconds === undefined ? null : Math.round(this.#milliseconds * 1000) / 1000,
      this.#nalUnits,
      this.#messages,
    ] as const;
    const areAllListed = this.#unlistedNalUnits === 0 && this.#unlistedMessages === 0;
    return areAllListed ? row : [...row, this.#unlistedNalUnits, this.#unlistedMessages];
  }

  #addNalUnit(data: Uint8Array, start: number, end: number, nalUnitAt: Map<number, number>): void {
    const picture = pictureOf(data, start, end);
    this.#picture = joinedPicture(this.#picture, picture);
    this.#counts.nalUnits++;
    if (nalUnitType(data[start]) === NalUnitType.sei) this.#counts.seiBytes += end - start;
    const listed = this.#nalUnits.length / NAL_UNIT_LENGTH;
    if (listed >= this.#limits.nalUnits) {
      this.#unlistedNalUnits++;
      return;
    }
    nalUnitAt.set(start, listed);
    this.#nalUnits.push(this.#size + start, end - start, data[start], picture);
  }

  #addMessage({ payloadType, uuid, payload, nalUnitOffset }: SeiMessage, nalUnitAt: ReadonlyMap<number, number>): void {
    const nalUnit = nalUnitAt.get(nalUnitOffset);
    if (nalUnit === undefined || this.#messages.length >= this.#limits.messages) {
      this.#unlistedMessages++;
      return;
    }
    this.#messages.push([nalUnit, payloadType, payload.length, uuid ?? '', ...this.#contents.take(payload)]);
  }
}
