import { backend } from '../backend/current.js';
import { RtpPacketKind, detectedConfidence, detectedFraming } from '../codec/format-detection.js';
import { type H264Format, formatOf, isLengthPrefixed, lengthSizeOf } from '../codec/framing.js';
import type { LengthSize } from '../codec/length-prefixed.js';
import { checkRepeatedOptions, optionNames } from '../options.js';
import { FRAMING_NAMES, type FramingOptions, framingHint, readableBytes } from './arguments.js';

const OPTIONS = /* @__PURE__ */ optionNames<FramingOptions>()('detectH264Format', FRAMING_NAMES);

/** The kinds of RTP payload in packetization modes 0 and 1 (RFC 6184 5.2). */
export type RtpPacketType = 'single-nal-unit' | 'stap-a' | 'fu-a';

/** In which framing H.264 comes. */
export interface FormatDetection {
  /** Whether the bytes can be H.264 at all. */
  readonly isH264: boolean;
  /** The framing; `unknown` where the bytes are no H.264. */
  readonly format: H264Format | 'unknown';
  /**
   * nal_unit_type of the first NAL unit: inside a STAP-A the first one in it, in an FU-A the one that is fragmented.
   */
  readonly nalUnitType?: number;
  /** Bytes of each length prefix, with `avcc`. */
  readonly lengthSize?: LengthSize;
  /** The kind of packet, with `rtp`. */
  readonly rtpPacketType?: RtpPacketType;
  /**
   * How sure it is, from 0 to 1. Frames are injected into without being told the format from 0.75 on; a RTP payload,
   * for which only its first byte speaks, is below that, as are lengths of one or two bytes without a parameter set.
   */
  readonly confidence: number;
}

const RTP_PACKET_TYPES: Readonly<Record<number, RtpPacketType>> = {
  [RtpPacketKind.singleNalUnit]: 'single-nal-unit',
  [RtpPacketKind.stapA]: 'stap-a',
  [RtpPacketKind.fuA]: 'fu-a',
};

/**
 * Tells in which framing a frame or packet of H.264 comes.
 *
 * @param data one access unit, sample or RTP payload; it is only read
 * @param hint what the caller knows: it is then checked and not guessed
 * @returns the framing; `{ isH264: false, format: 'unknown', confidence: 0 }` where the bytes are not H.264, or not
 *   what the hint says
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_MALFORMED` for a
 *   hint's avcC that is none, `ERR_SEI_DETACHED_BUFFER` (H.264 7.3.1, B.1.1; ISO/IEC 14496-15 5.3.3; RFC 6184 5.2)
 */
export function detectH264Format(data: Uint8Array, hint?: H264Format | FramingOptions): FormatDetection {
  const options = typeof hint === 'string' ? { format: hint } : hint;
  if (options !== undefined) checkRepeatedOptions(options, OPTIONS, 'hint');
  const expected = framingHint(options);
  const detection = backend().detect(readableBytes('data', data), expected);
  if (detection === 0) return { isH264: false, format: 'unknown', confidence: 0 };
  const framing = detectedFraming(detection);
  const rtpPacketType = RTP_PACKET_TYPES[(detection >> 13) & 3];
  return {
    isH264: true,
    format: formatOf(framing),
    nalUnitType: (detection >> 8) & 0x1f,
    ...(isLengthPrefixed(framing) && { lengthSize: lengthSizeOf(framing) as LengthSize }),
    ...(rtpPacketType !== undefined && { rtpPacketType }),
    confidence: detectedConfidence(detection) / 100,
  };
}
