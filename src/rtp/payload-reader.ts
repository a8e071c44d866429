/** From RTP payloads, in order, to the NAL units in them: RFC 6184, packetization-mode 0 and 1. */
import { Framing } from '../codec/framing.js';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { RtpPayloadType } from '../codec/rtp-payload.js';
import { nalUnitType } from '../codec/nal-unit.js';
import { FU_A_HEADER_LENGTH, FuHeaderBit, fragmentedNalUnitHeader } from './fragmentation-unit.js';

/** Takes NAL units piece by piece, so that a fragmented one is copied once: to where it belongs. */
export interface NalUnitSink {
  /** A NAL unit begins with this header byte. */
  begin(header: number): void;
  /** It goes on with `data[start..end)`, which is borrowed for the time of the call. */
  append(data: Uint8Array, start: number, end: number): void;
  /** It is whole. */
  end(): void;
  /** The rest of it will not come. */
  abort(): void;
}

function isWholeNalUnitType(type: number): boolean {
  return type > 0 && type < RtpPayloadType.stapA;
}

/** Reads the payloads of one stream, in order, and gives the NAL units in them to a sink. No bytes make it throw. */
export class PayloadReader {
  readonly #sink: NalUnitSink;
  /** The header of the NAL unit whose fragments are coming; -1 while none are. */
  #fragmentedHeader = -1;

  /** @param sink takes the NAL units */
  constructor(sink: NalUnitSink) {
    this.#sink = sink;
  }

  /**
   * Reads the next payload.
   *
   * @param payload a view of the payload alone; borrowed for the time of the call. An empty one is passed over
   * @returns whether all that was sent is here so far: false for a payload that is malformed or of another
   *   packetization-mode, and for fragments without their beginning or their end (RFC 6184 5.6, 5.7.1, 5.8)
   */
  read(payload: Uint8Array): boolean {
    if (payload.length === 0) return true;
    const type = nalUnitType(payload[0]);
    if (type === RtpPayloadType.fuA) return this.#readFragment(payload);
    const isWhole = this.breakOff();
    if (type === RtpPayloadType.stapA) return this.#readAggregate(payload) && isWhole;
    if (!isWholeNalUnitType(type)) return false;
    this.#take(payload, 0, payload.length);
    return isWhole;
  }

  /**
   * A packet is missing, or the stream ends: the NAL unit whose fragments were coming stays incomplete.
   *
   * @returns whether there was none
   */
  breakOff(): boolean {
    if (this.#fragmentedHeader < 0) return true;
    this.#fragmentedHeader = -1;
    this.#sink.abort();
    return false;
  }

  #readFragment(payload: Uint8Array): boolean {
    const header = payload.length < FU_A_HEADER_LENGTH ? 0 : fragmentedNalUnitHeader(payload);
    if (!isWholeNalUnitType(nalUnitType(header))) {
      this.breakOff();
      return false;
    }
    let isWhole = true;
    if ((payload[1] & FuHeaderBit.start) !== 0) {
      isWhole = this.breakOff();
      this.#fragmentedHeader = header;
      this.#sink.begin(header);
    } else if (header !== this.#fragmentedHeader) {
      this.breakOff();
      return false;
    }
    this.#sink.append(payload, FU_A_HEADER_LENGTH, payload.length);
    if ((payload[1] & FuHeaderBit.end) !== 0) {
      this.#fragmentedHeader = -1;
      this.#sink.end();
    }
    return isWhole;
  }

  #readAggregate(payload: Uint8Array): boolean {
    const cursor = new NalUnitCursor(payload, Framing.rtp);
    let isWhole = true;
    while (cursor.next()) {
      if (isWholeNalUnitType(nalUnitType(payload[cursor.start]))) this.#take(payload, cursor.start, cursor.end);
      else isWhole = false;
    }
    return isWhole && cursor.position === payload.length;
  }

  #take(data: Uint8Array, start: number, end: number): void {
    this.#sink.begin(data[start]);
    this.#sink.append(data, start + 1, end);
    this.#sink.end();
  }
}
