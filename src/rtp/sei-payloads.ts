/** SEI in the payloads of a stream that exists: merged into a packet of it, or in payloads of their own. */
import { backend } from '../backend/current.js';
import { allocate, copyBytes } from '../codec/bytes.js';
import { Framing } from '../codec/framing.js';
import { growth } from '../codec/insertion.js';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH, isStapA } from '../codec/rtp-payload.js';
import { packLocation } from '../codec/results.js';
import { type PacketizationMode, type RtpPayloadPieces, packetizeNalUnits, stapA } from './payload-writer.js';
import type { RtpPacket } from './rtp-packet.js';

/** Bytes that a payload grows by when it becomes a STAP-A; 0 where it is one. */
export function wrapGrowth(payload: Uint8Array): number {
  return isStapA(payload) ? 0 : STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH;
}

/**
 * Merges NAL units into a packet that holds a single NAL unit or a STAP-A: the result is a STAP-A. Header and padding
 * are those of the packet (RFC 6184 5.7.1).
 *
 * @param packet is only read
 * @param offset in the packet, of the NAL unit or of its size, in front of which they go
 * @param nalUnits SEI NAL units; they and what they are merged with have 65,535 bytes each at most
 * @returns a packet in memory of its own, a `Buffer` where the other one is
 */
export function mergeIntoPacket(packet: RtpPacket, offset: number, nalUnits: readonly Uint8Array[]): Uint8Array {
  const { data, payload, payloadStart, payloadEnd } = packet;
  const target = allocate(data.length + growth(payload, nalUnits, Framing.rtp), data);
  const location = packLocation(Framing.rtp, true, 0, offset - payloadStart);
  copyBytes(data, 0, payloadStart, target, 0);
  const length = backend().splice(payload, nalUnits, target.subarray(payloadStart), location);
  copyBytes(data, payloadEnd, data.length, target, payloadStart + length);
  return target;
}

/** A STAP-A that was taken apart. */
export interface SplitAggregate {
  /** The NAL units in front, views of the packet. */
  readonly head: readonly Uint8Array[];
  /** A packet with the others, in memory of its own. Header and padding are as they were. */
  readonly tail: Uint8Array;
}

/**
 * Takes a STAP-A apart, so that a packet can go in between (RFC 6184 5.7.1).
 *
 * @param packet holds a STAP-A; it is only read
 * @param offset in the packet, of the size of the first NAL unit of the second part
 */
export function splitAggregate(packet: RtpPacket, offset: number): SplitAggregate {
  const { data, payload, payloadStart, payloadEnd } = packet;
  const head: Uint8Array[] = [];
  const rest: Uint8Array[] = [];
  const cursor = new NalUnitCursor(payload, Framing.rtp);
  while (cursor.next()) {
    const part = payloadStart + cursor.unitStart < offset ? head : rest;
    part.push(payload.subarray(cursor.start, cursor.end));
  }
  const pieces = [
    data.subarray(0, payloadStart),
    ...(rest.length === 1 ? rest : stapA(rest)),
    data.subarray(payloadEnd),
  ];
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const tail = allocate(length, data);
  let at = 0;
  for (const piece of pieces) at = copyBytes(piece, 0, piece.length, tail, at);
  return { head, tail };
}

/**
 * Payloads for NAL units that go in front of a picture. In packetization-mode 1 even a lone one is in a STAP-A where
 * there is room: some receivers look for a key frame in the second byte of a payload, and the payloadType of SEI is 5
 * like the nal_unit_type of an IDR picture.
 *
 * @param nalUnits in order
 * @param maxPayloadSize the bytes of a payload
 * @param packetizationMode what a payload may be
 * @returns undefined where packetization-mode 0 cannot carry one of them (RFC 6184 5.6, 5.7.1, 5.8)
 */
export function payloadsInFront(
  nalUnits: readonly Uint8Array[],
  maxPayloadSize: number,
  packetizationMode: PacketizationMode,
): RtpPayloadPieces[] | undefined {
  if (packetizationMode === 0 && nalUnits.some(({ length }) => length > maxPayloadSize)) return undefined;
  const payloads = packetizeNalUnits(nalUnits, { maxPayloadSize, packetizationMode, aggregate: true });
  if (packetizationMode === 0) return payloads;
  return payloads.map((pieces) =>
    pieces.length === 1 && pieces[0].length + wrapGrowth(pieces[0]) <= maxPayloadSize ? stapA(pieces) : pieces,
  );
}
