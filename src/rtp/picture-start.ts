/**
 * Where a picture starts in the packets of a stream: the place for SEI, directly in front of its first VCL NAL unit or
 * of the prefix NAL unit that belongs to that (H.264 7.4.1.2.3, F.7.4.1.2.3). A packet is looked at once, at the first
 * bytes of its NAL units; what was in the packets before it is one small number.
 */
import { startsPicture, hasSliceHeader } from '../codec/slice-header.js';
import { Framing } from '../codec/framing.js';
import { NalUnitCursor } from '../codec/nal-unit-cursor.js';
import { NalUnitType, hasForbiddenZeroBit, isVcl, nalUnitType } from '../codec/nal-unit.js';
import { RtpPayloadType } from '../codec/rtp-payload.js';
import { FU_A_HEADER_LENGTH, FuHeaderBit } from './fragmentation-unit.js';

/** How far into its access unit a stream is behind a packet. */
export const Progress = {
  /** Packets are missing, or marker bit and timestamp disagree: first_mb_in_slice has to tell. */
  unknown: 0,
  /** No VCL NAL unit of the access unit has come, for certain. */
  beforePicture: 1,
  /** The picture has begun; or no other one begins before the next access unit that can be made out. */
  inPicture: 2,
} as const;

const NONE = -1;

/** svc_extension_flag and idr_flag, behind the header of a prefix NAL unit (H.264 7.3.1, F.7.3.1.1). */
const SVC_IDR_BITS = 0xc0;

/** Whether a NAL unit of this type stands in front of the first VCL NAL unit of an access unit (H.264 7.4.1.2.3). */
function precedesPicture(type: number): boolean {
  const isParameterSetOrSei = type >= NalUnitType.sei && type <= NalUnitType.accessUnitDelimiter;
  return isParameterSetOrSei || (type >= NalUnitType.subsetSequenceParameterSet && type < NalUnitType.auxiliarySlice);
}

/**
 * Looks at the payloads of one stream. It is used again for each packet, so that it takes no memory, and keeps nothing
 * from one to the next but what it has learned of the whole stream.
 */
export class PictureStartFinder {
  /** Offset of the NAL unit, or of its size in a STAP-A, in front of which SEI goes; -1 where no picture starts. */
  insertionOffset: number = NONE;
  /** Whether the picture that starts is an IDR picture. */
  isIdr = false;
  /** Whether it is a reference picture: nal_ref_idc is above 0. */
  isKept = false;
  /** How far the stream is behind the packet: a value of {@link Progress}. */
  progress: number = Progress.unknown;
  /** Whether the packet leaves a fragmented NAL unit open. */
  isFragmentOpen = false;
  /** Whether the payload breaks RFC 6184, or is of a kind that packetization-modes 0 and 1 do not have. */
  isMalformed = false;
  /**
   * Whether first_mb_in_slice 0 tells where a picture starts although packets are missing: not with arbitrary slice
   * order, and not where a prefix NAL unit has a packet of its own, which may be the missing one.
   */
  #trustsFirstMb = true;

  /**
   * Looks at the payload `data[start..end)`, of one byte or more, and says in the fields what it is.
   *
   * @param before how far the stream is in front of it: a value of {@link Progress}
   * @param isFragmentOpen whether the packet before it has left a fragmented NAL unit open, or is missing
   */
  read(data: Uint8Array, start: number, end: number, before: number, isFragmentOpen: boolean): void {
    this.insertionOffset = NONE;
    this.progress = before;
    this.isFragmentOpen = false;
    this.isMalformed = false;
    const header = data[start];
    const type = nalUnitType(header);
    if (type === RtpPayloadType.fuA) this.#readFragment(data, start, end, isFragmentOpen);
    else if (type === RtpPayloadType.stapA) this.#readAggregate(data.subarray(start, end), start);
    else if (type === 0 || type > RtpPayloadType.stapA) this.#giveUp();
    else if (type === NalUnitType.prefixNalUnit) this.#takeLonePrefix(data, start, end, start);
    else this.#take(data, start, end, header, start);
  }

  #readFragment(data: Uint8Array, start: number, end: number, isOpen: boolean): void {
    const fuHeader = start + 1;
    const isFirst = (data[fuHeader] & FuHeaderBit.start) !== 0;
    const isLast = (data[fuHeader] & FuHeaderBit.end) !== 0;
    const length = end - start - FU_A_HEADER_LENGTH;
    // A fragment may be empty (RFC 6184 5.8), but then it does not tell what begins.
    if (length < 0 || (isFirst ? isLast || length === 0 : !isOpen)) {
      this.#giveUp();
      return;
    }
    this.isFragmentOpen = !isLast;
    if (isFirst) {
      // The FU header stands where the header of the NAL unit would, with the same type in the same bits.
      this.#take(data, fuHeader, end, data[start], start);
    } else if (isVcl(nalUnitType(data[fuHeader]))) {
      this.progress = Progress.inPicture;
    }
  }

  #readAggregate(payload: Uint8Array, payloadStart: number): void {
    const cursor = new NalUnitCursor(payload, Framing.rtp);
    let prefix: number = NONE;
    let prefixUnit: number = NONE;
    while (cursor.next()) {
      const { start, unitStart } = cursor;
      const type = nalUnitType(payload[start]);
      if (type === 0 || type >= RtpPayloadType.stapA) {
        this.#giveUp();
      } else if (type === NalUnitType.prefixNalUnit) {
        if (prefix === NONE) {
          prefix = start;
          prefixUnit = unitStart;
        }
      } else {
        this.#take(payload, start, cursor.end, payload[start], prefix === NONE ? unitStart : prefixUnit);
        prefix = NONE;
      }
    }
    if (cursor.position !== payload.length) this.#giveUp();
    else if (prefix !== NONE) this.#takeLonePrefix(payload, prefix, payload.length, prefixUnit);
    if (this.isMalformed) this.insertionOffset = NONE;
    else if (this.insertionOffset !== NONE) this.insertionOffset += payloadStart;
  }

  /**
   * Takes note of a NAL unit.
   *
   * @param start where its type is, in front of its first bytes
   * @param header the byte with its forbidden_zero_bit and nal_ref_idc
   * @param insertionOffset where SEI goes if it starts a picture
   */
  #take(data: Uint8Array, start: number, end: number, header: number, insertionOffset: number): void {
    const type = nalUnitType(data[start]);
    if (hasForbiddenZeroBit(header)) {
      this.#giveUp();
    } else if (isVcl(type)) {
      const isFirst = this.#isFirstVcl(data, start, end);
      this.progress = Progress.inPicture;
      if (isFirst) this.#pictureStarts(insertionOffset, header, type === NalUnitType.idrSlice);
    } else if (precedesPicture(type)) {
      this.progress = Progress.beforePicture;
    }
  }

  /** A prefix NAL unit whose slice is in the next packet. */
  #takeLonePrefix(data: Uint8Array, start: number, end: number, insertionOffset: number): void {
    if (hasForbiddenZeroBit(data[start])) {
      this.#giveUp();
      return;
    }
    this.#trustsFirstMb = false;
    const isIdr = start + 1 < end && (data[start + 1] & SVC_IDR_BITS) === SVC_IDR_BITS;
    if (this.progress === Progress.beforePicture) this.#pictureStarts(insertionOffset, data[start], isIdr);
    this.progress = Progress.inPicture;
  }

  #isFirstVcl(data: Uint8Array, start: number, end: number): boolean {
    if (this.progress === Progress.inPicture || !hasSliceHeader(nalUnitType(data[start])) || end - start < 2) {
      return false;
    }
    const beginsWithFirstMb = startsPicture(data, start, end);
    if (this.progress === Progress.unknown) return beginsWithFirstMb && this.#trustsFirstMb;
    if (!beginsWithFirstMb) this.#trustsFirstMb = false;
    return true;
  }

  #pictureStarts(insertionOffset: number, header: number, isIdr: boolean): void {
    if (this.insertionOffset !== NONE) return;
    this.insertionOffset = insertionOffset;
    this.isIdr = isIdr;
    this.isKept = (header & 0x60) !== 0;
  }

  #giveUp(): void {
    this.insertionOffset = NONE;
    this.isMalformed = true;
    this.progress = Progress.inPicture;
  }
}
