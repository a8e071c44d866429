import { ElementaryStream, type LocatedAccessUnit, isIdr } from './elementary-stream.js';
import type { FilePacket } from './packet.js';
import { type PesPacket, TransportClock } from './transport-stream.js';

const ANNEX_B = { format: 'annexb' } as const;

/** Where a PES packet begins in its elementary stream, and when. */
interface Mark {
  readonly offset: number;
  readonly presentationTimeMs: number | undefined;
  readonly decodeTimeMs: number | undefined;
}

/** An access unit with its place in the elementary stream. */
export interface TransportAccessUnit extends FilePacket {
  /** Offset of its first byte in the elementary stream. */
  readonly offset: number;
  /** Whether it is a later piece of one above `MAX_ACCESS_UNIT_SIZE`. */
  readonly isContinuation: boolean;
}

function leadingZeros(data: Uint8Array): number {
  let at = 0;
  while (at < data.length && data[at] === 0) at++;
  return at;
}

/**
 * Makes access units of the PES packets of one track. A timestamp is that of the first access unit that begins in its
 * PES packet (ISO/IEC 13818-1 2.4.3.7); another one there, as the second field of a frame, has that of the one before.
 */
export class TransportAccessUnits {
  readonly #stream = new ElementaryStream();
  readonly #presentation = new TransportClock();
  readonly #decoding = new TransportClock();
  #marks: Mark[] = [];
  #length = 0;
  #pid = 0;
  #current: Mark | undefined;

  /** Takes the next PES packet; answers the access units that are complete now. */
  push({ pid, payload, pts, dts = pts }: PesPacket): TransportAccessUnit[] {
    this.#pid = pid;
    this.#marks.push({
      offset: this.#length,
      presentationTimeMs: pts === undefined ? undefined : this.#presentation.timeMs(pts),
      decodeTimeMs: dts === undefined ? undefined : this.#decoding.timeMs(dts),
    });
    this.#length += payload.length;
    return this.#stream.push(payload).map((accessUnit) => this.#timed(accessUnit));
  }

  /** Says that the stream ends here; answers what there is left. */
  flush(): TransportAccessUnit[] {
    return this.#stream.flush().map((accessUnit) => this.#timed(accessUnit));
  }

  #timed({ index, offset, data, isContinuation }: LocatedAccessUnit): TransportAccessUnit {
    // Zeros in front of a start code may lie in the PES packet before.
    const start = offset + leadingZeros(data);
    let passed = 0;
    for (; passed < this.#marks.length && this.#marks[passed].offset <= start; passed++) {
      const mark = this.#marks[passed];
      if (mark.presentationTimeMs !== undefined || this.#current === undefined) this.#current = mark;
    }
    this.#marks.splice(0, passed);
    const { presentationTimeMs, decodeTimeMs } = this.#current ?? {};
    return {
      trackId: this.#pid,
      index,
      offset,
      data,
      isContinuation,
      presentationTimeMs,
      ...(decodeTimeMs !== undefined && { decodeTimeMs }),
      isKey: isIdr(data),
      framing: ANNEX_B,
    };
  }
}
