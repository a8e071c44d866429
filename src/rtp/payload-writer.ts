/** From NAL units to RTP payloads: RFC 6184, packetization-mode 0 (6.2) and 1 (6.3). */
import { writeLength } from '../codec/length-prefixed.js';
import { nalUnitType } from '../codec/nal-unit.js';
import { RtpPayloadType, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH } from '../codec/rtp-payload.js';
import { SeiError } from '../errors.js';
import { FU_A_HEADER_LENGTH, writeFuAHeader } from './fragmentation-unit.js';

/**
 * What a payload may be: 0, one whole NAL unit (RFC 6184 6.2); 1, that, a STAP-A or an FU-A (6.3). It is what the
 * session description says, 0 where it says nothing.
 */
export type PacketizationMode = 0 | 1;

/** The payload of a packet in pieces, which follow one another; pieces of NAL units are views of them. */
export type RtpPayloadPieces = readonly Uint8Array[];

/** How NAL units become payloads. */
export interface PayloadOptions {
  /** The bytes that a payload may have, 65,535 at most. */
  readonly maxPayloadSize: number;
  /** What a payload may be. */
  readonly packetizationMode: PacketizationMode;
  /** Whether NAL units that follow one another share a STAP-A where they fit; never so in packetization-mode 0. */
  readonly aggregate: boolean;
}

/**
 * Whether a NAL unit can be the payload of a packet. Types 0 and 24 to 31 cannot: there they mean other things, or
 * nothing (RFC 6184 Table 1).
 */
export function isPacketizable(nalUnit: Uint8Array): boolean {
  if (nalUnit.length === 0) return false;
  const type = nalUnitType(nalUnit[0]);
  return type > 0 && type < RtpPayloadType.stapA;
}

/**
 * Splits and aggregates NAL units into payloads, in order. Those that no payload can hold ({@link isPacketizable}) are
 * left out.
 *
 * @param nalUnits without framing, of one access unit; they are borrowed by the result
 * @param options the size and the kind of the payloads
 * @returns each payload in pieces (RFC 6184 5.6, 5.7.1, 5.8)
 * @throws {@link SeiError} `ERR_SEI_NAL_UNIT_TOO_LARGE` for a NAL unit that packetization-mode 0 cannot split
 */
export function packetizeNalUnits(nalUnits: readonly Uint8Array[], options: PayloadOptions): RtpPayloadPieces[] {
  const { maxPayloadSize, packetizationMode } = options;
  const canAggregate = options.aggregate && packetizationMode === 1;
  const payloads: RtpPayloadPieces[] = [];
  let group: Uint8Array[] = [];
  let groupSize = 0;
  const finishGroup = () => {
    if (group.length > 0) payloads.push(group.length === 1 ? group : stapA(group));
    group = [];
    groupSize = STAP_A_HEADER_LENGTH;
  };
  finishGroup();
  for (const nalUnit of nalUnits) {
    if (!isPacketizable(nalUnit)) continue;
    const unitSize = STAP_A_SIZE_LENGTH + nalUnit.length;
    if (!canAggregate || groupSize + unitSize > maxPayloadSize) finishGroup();
    if (nalUnit.length > maxPayloadSize) payloads.push(...fuA(nalUnit, options));
    else {
      group.push(nalUnit);
      groupSize += unitSize;
    }
  }
  finishGroup();
  return payloads;
}

/** A STAP-A: F is the OR of the bits of its NAL units, NRI the maximum (RFC 6184 5.7.1). */
export function stapA(nalUnits: readonly Uint8Array[]): RtpPayloadPieces {
  let forbiddenZeroBit = 0;
  let nalRefIdc = 0;
  const pieces: Uint8Array[] = [];
  for (const nalUnit of nalUnits) {
    forbiddenZeroBit |= nalUnit[0] & 0x80;
    nalRefIdc = Math.max(nalRefIdc, nalUnit[0] & 0x60);
    const size = new Uint8Array(STAP_A_SIZE_LENGTH);
    writeLength(size, 0, nalUnit.length, STAP_A_SIZE_LENGTH);
    pieces.push(size, nalUnit);
  }
  return [Uint8Array.of(forbiddenZeroBit | nalRefIdc | RtpPayloadType.stapA), ...pieces];
}

/** The fragments of a NAL unit, of about equal sizes, two or more (RFC 6184 5.8). */
function fuA(nalUnit: Uint8Array, { maxPayloadSize, packetizationMode }: PayloadOptions): RtpPayloadPieces[] {
  if (packetizationMode === 0) {
    throw new SeiError(
      'ERR_SEI_NAL_UNIT_TOO_LARGE',
      `a NAL unit of ${nalUnit.length} bytes does not fit a payload of ${maxPayloadSize}, and packetization-mode 0 ` +
        'has no fragments; set the slice size of the encoder',
    );
  }
  const bodyLength = nalUnit.length - 1;
  const count = Math.ceil(bodyLength / (maxPayloadSize - FU_A_HEADER_LENGTH));
  const fragments: RtpPayloadPieces[] = [];
  for (let i = 0; i < count; i++) {
    const header = new Uint8Array(FU_A_HEADER_LENGTH);
    writeFuAHeader(header, nalUnit[0], i === 0, i === count - 1);
    const start = 1 + Math.floor((bodyLength * i) / count);
    const end = 1 + Math.floor((bodyLength * (i + 1)) / count);
    fragments.push([header, nalUnit.subarray(start, end)]);
  }
  return fragments;
}
