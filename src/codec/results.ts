/**
 * What the functions of a backend return: numbers, and tables of numbers that they fill, so that the addon creates no
 * object. Each result is packed and unpacked here and nowhere else.
 */

/** A detection that is sure enough to change the frame; see `MIN_INJECTION_CONFIDENCE`. */
const SURE_BIT = 0x100;

const HEADER_SHIFT = 9;

/** The offset of the insertion point plus 1 is in the bits from 17 on: 0 means that there is no insertion point. */
const OFFSET_SCALE = 0x20000;

/** The framing of a located frame, a value of `Framing`; 0 if the bytes are not H.264. */
export function locatedFraming(location: number): number {
  return location & 0xff;
}

/** Whether the framing is certain enough to change a frame whose format the caller did not give. */
export function isSureOfFraming(location: number): boolean {
  return (location & SURE_BIT) !== 0;
}

/** Offset of the insertion point: of the framing before the first VCL NAL unit or its prefix NAL unit; -1 for none. */
export function locatedOffset(location: number): number {
  return Math.floor(location / OFFSET_SCALE) - 1;
}

/** The header byte of the first VCL NAL unit, if there is an insertion point (H.264 7.3.1). */
export function locatedHeader(location: number): number {
  return (location >>> HEADER_SHIFT) & 0xff;
}

/** Packs a location. */
export function packLocation(framing: number, isSure: boolean, header: number, offset: number): number {
  return (offset + 1) * OFFSET_SCALE + ((header << HEADER_SHIFT) | framing | (isSure ? SURE_BIT : 0));
}

/** The results of `splice`, `inject`, `removeSei` and `joinNalUnits` that are not a length. */
export const SpliceResult = {
  /** The frame has no insertion point: it passes as it is. */
  passThrough: -1,
  /** The result is larger than the target. */
  targetTooSmall: -2,
  /** A NAL unit is longer than the length field of the framing can say. */
  nalUnitTooLarge: -3,
} as const;

/** The most messages that are read from one frame; hostile bytes can hold half as many as they are long. */
export const MAX_SEI_MESSAGES_PER_FRAME = 16_384;

/** The numbers of one message in the table of records. */
export const SeiRecord = {
  /** Offset in the frame of the framing before the SEI NAL unit, or of the NAL unit if there is no framing. */
  unitStart: 0,
  /** Offset in the frame of the header of the SEI NAL unit. */
  nalUnitOffset: 1,
  /** Offset in the frame after the SEI NAL unit. */
  nalUnitEnd: 2,
  /** payloadType. */
  payloadType: 3,
  /** Offset of the payload, in the frame or in the scratch memory. */
  payloadOffset: 4,
  /** payloadSize. */
  payloadLength: 5,
  /** The sum of the {@link SeiFlag}s that apply. */
  flags: 6,
} as const;

/** What a record says about its message. */
export const SeiFlag = {
  /** The payload is in the scratch memory, since the NAL unit had to be unescaped; otherwise it is in the frame. */
  inScratch: 1,
  /** The message is the last one of its NAL unit, and nothing but rbsp_trailing_bits follows it. */
  endsNalUnit: 2,
} as const;

/** Numbers of one record. */
export const SEI_RECORD_LENGTH = 7;

/** The result of `extractSeiRecords` if the scratch memory is too small. */
export const SCRATCH_TOO_SMALL = -1;

/** Numbers of one NAL unit in a table of bounds: the offset of its header, and the offset after its end. */
export const BOUNDS_LENGTH = 2;

const COUNT_SCALE = 0x100;

/** Packs a number of items and a value of `Framing`. */
export function packCount(count: number, framing: number): number {
  return count * COUNT_SCALE + framing;
}

/** The number of items in a packed count. */
export function packedCount(packed: number): number {
  return Math.floor(packed / COUNT_SCALE);
}

/** The framing in a packed count. */
export function packedFraming(packed: number): number {
  return packed & 0xff;
}
