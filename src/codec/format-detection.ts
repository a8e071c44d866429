/**
 * Tells in which framing H.264 comes, from the bytes of one frame or packet.
 *
 * The order matters, since the framings overlap: the length 1 of four bytes is the start code `00 00 00 01`, and 256 to
 * 511 begin with `00 00 01`. So the chain of lengths is walked first: it has to end exactly at the end of the data,
 * each NAL unit on it has to be possible, and none may hold a start code. What is left may be a byte stream; then
 * shorter lengths, whose walk is less of a proof, need a slice that starts a picture; then the payload of a RTP packet,
 * for which nothing speaks but its first byte.
 */
import { startsPicture } from './slice-header.js';
import { startCodeSearch } from './start-code-scan.js';
import { Framing, isLengthPrefixed, lengthSizeOf } from './framing.js';
import { NalUnitCursor } from './nal-unit-cursor.js';
import { readLength } from './length-prefixed.js';
import {
  HeaderPlausibility,
  NalUnitType,
  hasForbiddenZeroBit,
  headerPlausibility,
  isVcl,
  looksLikeHevc,
  nalUnitType,
} from './nal-unit.js';
import { RtpPayloadType, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH } from './rtp-payload.js';

/** How sure a detection is, in percent. */
export const Confidence = {
  none: 0,
  /** Nothing but the first byte of the data speaks for it. */
  singleNalUnit: 30,
  /** Lengths of one or two bytes fit and a slice starts a picture, which audio and text do by chance. */
  shortLengths: 40,
  /** The header of a fragment is possible. */
  fragment: 40,
  /** The sizes of an aggregation packet fit. */
  aggregation: 60,
  /** The same, with a sequence parameter set in front of the slice. */
  shortLengthsWithParameterSet: 80,
  /** A start code, or four-byte lengths that end where the data ends. */
  framed: 95,
  /** The caller has said so, and the bytes agree. */
  given: 100,
} as const;

/** A frame is changed without being told its format only from this confidence on, in percent. */
export const MIN_INJECTION_CONFIDENCE = 75;

/** The kinds of RTP payload as they are packed into a detection. */
export const RtpPacketKind = { none: 0, singleNalUnit: 1, stapA: 2, fuA: 3 } as const;

/**
 * A detection as one number, which crosses the border to the addon without cost: framing in bits 0 to 7, nal_unit_type
 * in bits 8 to 12, kind of RTP packet in bits 13 and 14, confidence in percent from bit 16 on. 0 where nothing was
 * detected.
 */
export function packDetection(framing: number, nalUnitType: number, confidence: number, rtpPacketKind = 0): number {
  return framing | (nalUnitType << 8) | (rtpPacketKind << 13) | (confidence << 16);
}

/** The framing in a packed detection; 0 where nothing was detected. */
export function detectedFraming(detection: number): number {
  return detection & 0xff;
}

/** The confidence in a packed detection, in percent. */
export function detectedConfidence(detection: number): number {
  return detection >>> 16;
}

// profile_idc (A.2, F.10, G.10, H.10) and level_idc (A.3) of a sequence parameter set that is to be believed.
const PROFILES = new Set([44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244]);
const LEVELS = new Set([9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62]);

function isCredibleParameterSet(data: Uint8Array, start: number, end: number): boolean {
  return (
    nalUnitType(data[start]) === NalUnitType.sequenceParameterSet &&
    end - start > 4 &&
    PROFILES.has(data[start + 1]) &&
    (data[start + 2] & 3) === 0 && // reserved_zero_2bits
    LEVELS.has(data[start + 3])
  );
}

/**
 * Whether a NAL unit of detected framing is possible: its header, and its length, 1 for the types that are a header
 * only (7.3.2.5).
 */
function isPossibleNalUnit(data: Uint8Array, start: number, end: number): boolean {
  if (headerPlausibility(data[start]) === HeaderPlausibility.impossible) return false;
  const type = nalUnitType(data[start]);
  return (end - start === 1) === (type === NalUnitType.endOfSequence || type === NalUnitType.endOfStream);
}

/** Whether the first NAL unit of a frame is one that a frame can begin with. */
function isPossibleBeginning(data: Uint8Array, start: number): boolean {
  return headerPlausibility(data[start]) === HeaderPlausibility.assigned && !looksLikeHevc(data, start);
}

/** Whether the lengths from `from` on end exactly at the end of the data, with a possible NAL unit behind each. */
function isChain(data: Uint8Array, from: number, lengthSize: number): boolean {
  let position = from;
  while (position < data.length) {
    const start = position + lengthSize;
    if (start >= data.length) return false;
    position = start + readLength(data, position, lengthSize);
    if (position > data.length || position === start || !isPossibleNalUnit(data, start, position)) return false;
  }
  return position > from;
}

/** Whether a NAL unit of a length-prefixed chain holds a start code, which it cannot. */
function hasStartCodeInside(data: Uint8Array, framing: number): boolean {
  const cursor = new NalUnitCursor(data, framing);
  while (cursor.next()) {
    if (startCodeSearch(data, cursor.end).next(cursor.start) >= 0) return true;
  }
  return false;
}

/**
 * Four-byte lengths without a hint: the first header has to be a named type, and nothing may look more like a byte
 * stream.
 */
function isFourByteChain(data: Uint8Array): boolean {
  if (data.length < 5 || !isPossibleBeginning(data, 4) || !isChain(data, 0, 4)) return false;
  const looksLikeByteStream = data[0] === 0 && data[1] === 0 && (data[2] === 1 || (data[2] === 0 && data[3] === 1));
  return !looksLikeByteStream || !hasStartCodeInside(data, Framing.avcc4);
}

/**
 * Shorter lengths without a hint: the confidence that the first slice and the parameter sets give; 0 where it is none.
 */
function shortChainConfidence(data: Uint8Array, lengthSize: 1 | 2): number {
  if (data.length <= lengthSize || !isPossibleBeginning(data, lengthSize)) return Confidence.none;
  if (!isChain(data, 0, lengthSize)) return Confidence.none;
  let hasParameterSet = false;
  const cursor = new NalUnitCursor(data, Framing.avcc + lengthSize);
  while (cursor.next()) {
    if (isCredibleParameterSet(data, cursor.start, cursor.end)) hasParameterSet = true;
    if (!isVcl(nalUnitType(data[cursor.start]))) continue;
    if (!startsPicture(data, cursor.start, cursor.end)) return Confidence.none;
    return hasParameterSet ? Confidence.shortLengthsWithParameterSet : Confidence.shortLengths;
  }
  return Confidence.none;
}

/** Offset behind the start code that the data begin with, with any number of zeros in front of it; 0 without one. */
function endOfLeadingStartCode(data: Uint8Array): number {
  if (data.length < 3 || data[0] !== 0 || data[1] !== 0) return 0;
  let at = 2;
  while (at < data.length && data[at] === 0) at++;
  return at < data.length && data[at] === 1 ? at + 1 : 0;
}

/** Offset of the header of the first NAL unit of a byte stream; -1 where there is none. */
function firstInByteStream(data: Uint8Array): number {
  // Nearly always it stands behind the first start code, which takes no search.
  const start = endOfLeadingStartCode(data);
  if (start > 0 && start < data.length && data[start] !== 0) return start;
  const cursor = new NalUnitCursor(data, Framing.annexb);
  return cursor.next() ? cursor.start : -1;
}

function detectByteStream(data: Uint8Array, confidence: number): number {
  const start = firstInByteStream(data);
  if (start < 0) return 0;
  const header = data[start];
  const isPossible = confidence === Confidence.given ? !hasForbiddenZeroBit(header) : isPossibleBeginning(data, start);
  return isPossible ? packDetection(Framing.annexb, nalUnitType(header), confidence) : 0;
}

/**
 * Whether what looks like a three-byte start code is the length 256 to 511 of a sample that is not H.264, such as one of
 * HEVC: the lengths end where the data end, and no unit between them holds a start code.
 */
function isForeignSample(data: Uint8Array): boolean {
  if (data.length < 5 || data[0] !== 0 || data[1] !== 0 || data[2] !== 1) return false;
  // A set bit is no header, in any of these codecs; it is first_mb_in_slice of a slice behind a start code.
  if (hasForbiddenZeroBit(data[4])) return false;
  const cursor = new NalUnitCursor(data, Framing.avcc4);
  while (cursor.next());
  return cursor.position === data.length && !hasStartCodeInside(data, Framing.avcc4);
}

/**
 * nal_unit_type of the first NAL unit where the caller has said what the framing is: then lengths that end where the
 * data end and no forbidden_zero_bit are enough, whatever encoders make of nal_ref_idc. -1 where the data are something
 * else.
 */
function firstTypeOfGivenChain(data: Uint8Array, framing: number): number {
  const cursor = new NalUnitCursor(data, framing);
  let first = -1;
  while (cursor.next()) {
    if (hasForbiddenZeroBit(data[cursor.start])) return -1;
    if (first < 0) first = nalUnitType(data[cursor.start]);
  }
  return cursor.position === data.length ? first : -1;
}

function detectLengthPrefixed(data: Uint8Array, framing: number): number {
  if (framing === Framing.avcc) {
    for (const candidate of [Framing.avcc4, Framing.avcc2, Framing.avcc1]) {
      const detection = detectLengthPrefixed(data, candidate);
      if (detection !== 0) return detection;
    }
    return 0;
  }
  const type = firstTypeOfGivenChain(data, framing);
  return type < 0 ? 0 : packDetection(framing, type, Confidence.given);
}

/** A STAP-A, FU-A or single NAL unit packet of which the caller has said that it is one. */
function detectGivenRtpPayload(data: Uint8Array): number {
  if (hasForbiddenZeroBit(data[0])) return 0;
  const payloadType = nalUnitType(data[0]);
  if (payloadType === RtpPayloadType.fuA) return detectFuA(data, Confidence.given);
  const kind = payloadType === RtpPayloadType.stapA ? RtpPacketKind.stapA : RtpPacketKind.singleNalUnit;
  const isSingle = payloadType > 0 && payloadType < RtpPayloadType.stapA;
  if (kind === RtpPacketKind.singleNalUnit && !isSingle) return 0;
  const type = firstTypeOfGivenChain(data, Framing.rtp);
  return type < 0 ? 0 : packDetection(Framing.rtp, type, Confidence.given, kind);
}

function detectFuA(data: Uint8Array, confidence: number): number {
  // S and E are never set together, R is 0 (RFC 6184 5.8).
  if (data.length < 3 || (data[1] & 0xc0) === 0xc0 || data[1] & 0x20) return 0;
  if (headerPlausibility((data[0] & 0xe0) | (data[1] & 0x1f)) !== HeaderPlausibility.assigned) return 0;
  return packDetection(Framing.rtp, nalUnitType(data[1]), confidence, RtpPacketKind.fuA);
}

function detectRtpPayload(data: Uint8Array): number {
  if (hasForbiddenZeroBit(data[0])) return 0;
  const type = nalUnitType(data[0]);
  if (type === RtpPayloadType.stapA) {
    if (!isChain(data, STAP_A_HEADER_LENGTH, STAP_A_SIZE_LENGTH)) return 0;
    const first = nalUnitType(data[STAP_A_HEADER_LENGTH + STAP_A_SIZE_LENGTH]);
    return packDetection(Framing.rtp, first, Confidence.aggregation, RtpPacketKind.stapA);
  }
  if (type === RtpPayloadType.fuA) return detectFuA(data, Confidence.fragment);
  if (!isPossibleBeginning(data, 0) || !isPossibleNalUnit(data, 0, data.length)) return 0;
  return packDetection(Framing.rtp, type, Confidence.singleNalUnit, RtpPacketKind.singleNalUnit);
}

/**
 * Detects the framing of one frame or packet.
 *
 * @param data one access unit, sample or RTP payload
 * @param hint a value of {@link Framing}: `detect`, or what the caller says it is, which then only has to be possible
 * @returns a packed detection ({@link packDetection}); 0 where the bytes are no H.264, or not what the hint says
 */
export function detect(data: Uint8Array, hint: number): number {
  if (data.length === 0) return 0;
  if (hint === Framing.annexb) return detectByteStream(data, Confidence.given);
  if (hint === Framing.rtp) return detectGivenRtpPayload(data);
  if (isLengthPrefixed(hint)) return detectLengthPrefixed(data, hint);

  if (isFourByteChain(data)) return packDetection(Framing.avcc4, nalUnitType(data[4]), Confidence.framed);
  if (isForeignSample(data)) return 0;
  if (endOfLeadingStartCode(data) > 0) return detectByteStream(data, Confidence.framed);
  for (const framing of [Framing.avcc2, Framing.avcc1] as const) {
    const lengthSize = lengthSizeOf(framing);
    const confidence = shortChainConfidence(data, lengthSize as 1 | 2);
    if (confidence > 0) return packDetection(framing, nalUnitType(data[lengthSize]), confidence);
  }
  return detectRtpPayload(data);
}
