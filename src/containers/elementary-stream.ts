import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { Framing } from '../codec/framing.js';
import { NalUnitType, nalUnitType } from '../codec/nal-unit.js';
import { AccessUnitSplitter } from '../frame/access-unit-splitter.js';
import { firstVclHeader } from '../frame/nal-units.js';
import type { FilePacket } from './packet.js';

/** An access unit of an elementary stream. */
export interface StreamPacket extends FilePacket {
  /** Offset of its first byte in the stream. */
  readonly offset: number;
}

/** When an access unit is shown and decoded. */
export type PacketTimes = Pick<FilePacket, 'presentationTimeMs' | 'decodeTimeMs'>;

/** Whether an access unit of a byte stream is an IDR picture: its first slice says so (H.264 7.4.1.2.4). */
function isIdr(annexB: Uint8Array): boolean {
  const header = firstVclHeader(annexB, Framing.annexb);
  return header >= 0 && nalUnitType(header) === NalUnitType.idrSlice;
}

/** Makes packets of a byte stream: its access units. Of one above `MAX_ACCESS_UNIT_SIZE` only the first piece is one. */
export class ElementaryStream {
  readonly #trackId: number;
  readonly #timesOf: (accessUnit: Uint8Array, offset: number) => PacketTimes;
  readonly #splitter = new AccessUnitSplitter();
  #index = -1;
  #offset = 0;
  #isContinuation = false;

  /** @param timesOf tells the times of each access unit by its bytes and its offset in the stream */
  constructor(trackId: number, timesOf: (accessUnit: Uint8Array, offset: number) => PacketTimes) {
    this.#trackId = trackId;
    this.#timesOf = timesOf;
  }

  /** Takes the next bytes; returns the access units that are complete. */
  push(chunk: Uint8Array): StreamPacket[] {
    return this.#packets((splitter) => splitter.push(chunk));
  }

  /** Ends the stream; returns what there is left. */
  flush(): StreamPacket[] {
    return this.#packets((splitter) => splitter.flush());
  }

  #packets(split: (splitter: AccessUnitSplitter) => Uint8Array[]): StreamPacket[] {
    const { forcedCuts } = this.#splitter;
    const pieces = split(this.#splitter);
    const hasCut = this.#splitter.forcedCuts > forcedCuts;
    const packets: StreamPacket[] = [];
    for (const data of pieces) {
      const offset = this.#offset;
      this.#offset += data.length;
      const isFirst = !this.#isContinuation;
      this.#isContinuation = hasCut && data.length === MAX_ACCESS_UNIT_SIZE;
      if (!isFirst) continue;
      this.#index++;
      packets.push({
        trackId: this.#trackId,
        index: this.#index,
        offset,
        ...this.#timesOf(data, offset),
        isKey: isIdr(data),
        data,
        framing: { format: 'annexb' },
      });
    }
    return packets;
  }
}
