import { ElementaryStream, type PacketTimes, type StreamPacket } from './elementary-stream.js';
import type { PesPacket } from './transport-stream.js';

const CLOCK_RATE_MS = 90;
const WRAP = 2 ** 33;
/** A stream whose first timestamp is so near to the wrap of its clock begins in front of 0, as FFmpeg has it: 60 s. */
const NEAR_WRAP = 60_000 * CLOCK_RATE_MS;

/** Follows timestamps of 33 bits across their wrap. */
class TransportClock {
  #last: number | undefined;

  /** The time of a timestamp in milliseconds. */
  timeMs(timestamp: number): number {
    if (this.#last === undefined) {
      this.#last = timestamp > WRAP - NEAR_WRAP ? timestamp - WRAP : timestamp;
    } else {
      const step = (((timestamp - this.#last) % WRAP) + WRAP) % WRAP;
      this.#last += step < WRAP / 2 ? step : step - WRAP;
    }
    return this.#last / CLOCK_RATE_MS;
  }
}

/** Where a PES packet begins in its elementary stream, and when. */
interface Mark extends PacketTimes {
  readonly offset: number;
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
  readonly #stream: ElementaryStream;
  readonly #presentation = new TransportClock();
  readonly #decoding = new TransportClock();
  readonly #marks: Mark[] = [];
  #length = 0;
  #current: PacketTimes = { presentationTimeMs: undefined };

  /** @param pid of its packets */
  constructor(pid: number) {
    this.#stream = new ElementaryStream(pid, (data, offset) => this.#timesOf(data, offset));
  }

  /** Takes the next PES packet; returns the access units that are complete. */
  push({ payload, pts, dts = pts }: PesPacket): StreamPacket[] {
    if (pts !== undefined && dts !== undefined) {
      const [presentationTimeMs, decodeTimeMs] = [this.#presentation.timeMs(pts), this.#decoding.timeMs(dts)];
      this.#marks.push({ offset: this.#length, presentationTimeMs, decodeTimeMs });
    }
    this.#length += payload.length;
    return this.#stream.push(payload);
  }

  /** Ends the stream; returns what there is left. */
  flush(): StreamPacket[] {
    return this.#stream.flush();
  }

  #timesOf(data: Uint8Array, offset: number): PacketTimes {
    // Zeros in front of a start code may lie in the PES packet before.
    const start = offset + leadingZeros(data);
    let passed = 0;
    while (passed < this.#marks.length && this.#marks[passed].offset <= start) passed++;
    const { presentationTimeMs, decodeTimeMs } = this.#marks[passed - 1] ?? this.#current;
    this.#marks.splice(0, passed);
    this.#current = { presentationTimeMs, ...(decodeTimeMs !== undefined && { decodeTimeMs }) };
    return this.#current;
  }
}
