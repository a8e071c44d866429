/**
 * The framing of MP4, FLV, RTMP and WebCodecs' `avc`: each NAL unit behind its length, a big-endian number of 1, 2 or 4
 * bytes (ISO/IEC 14496-15 5.3.3), and the AVCDecoderConfigurationRecord ("avcC") that says how many (5.3.3.1).
 */
import { SeiError, invalidType } from '../errors.js';
import { isUint8Array } from './bytes.js';

/** How many bytes the length in front of each NAL unit has: lengthSizeMinusOne and one (ISO/IEC 14496-15 5.3.3.1.2). */
export type LengthSize = 1 | 2 | 4;

/** Reads the big-endian length of `lengthSize` bytes at `at`; the caller has checked that they are there. */
export function readLength(data: Uint8Array, at: number, lengthSize: number): number {
  if (lengthSize === 4) return data[at] * 0x1000000 + ((data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3]);
  return lengthSize === 2 ? (data[at] << 8) | data[at + 1] : data[at];
}

/** Writes `length` as a big-endian number of `lengthSize` bytes at `at`; answers the offset behind it. */
export function writeLength(target: Uint8Array, at: number, length: number, lengthSize: number): number {
  for (let shift = (lengthSize - 1) * 8; shift >= 0; shift -= 8) target[at++] = length >>> shift;
  return at;
}

/** The longest NAL unit that a length of `lengthSize` bytes can announce. */
export function maxNalUnitLength(lengthSize: number): number {
  return 2 ** (8 * lengthSize) - 1;
}

/** A {@link SeiError} that says that a NAL unit is too long for the length field of its framing. */
export function nalUnitTooLarge(length: number, lengthSize: number): SeiError {
  return new SeiError(
    'ERR_SEI_NAL_UNIT_TOO_LARGE',
    `a NAL unit of ${length} bytes does not fit a length field of ${lengthSize} byte${lengthSize === 1 ? '' : 's'}, ` +
      `which reaches to ${maxNalUnitLength(lengthSize)}`,
  );
}

/** What an AVCDecoderConfigurationRecord says, as far as it is needed here. */
export interface AvcDecoderConfigurationRecord {
  /** AVCProfileIndication: profile_idc of the stream. */
  readonly profileIdc: number;
  /** AVCLevelIndication: level_idc of the stream. */
  readonly levelIdc: number;
  /** lengthSizeMinusOne + 1: bytes of the length in front of each NAL unit. */
  readonly lengthSize: LengthSize;
  /** Views of the sequence parameter sets, as NAL units without framing. */
  readonly sequenceParameterSets: readonly Uint8Array[];
  /** Views of the picture parameter sets, as NAL units without framing. */
  readonly pictureParameterSets: readonly Uint8Array[];
}

/**
 * Parses an AVCDecoderConfigurationRecord: the `avcC` box of MP4, WebCodecs' `description`, the AVC sequence header of
 * FLV.
 *
 * @param avcC the record, without a box header; fields behind the picture parameter sets are ignored
 * @returns views of `avcC` (ISO/IEC 14496-15 5.3.3.1.2)
 * @throws `TypeError` where `avcC` is no Uint8Array; {@link SeiError} `ERR_SEI_MALFORMED` with the offset where the
 *   record breaks the syntax
 */
export function parseAvcDecoderConfigurationRecord(avcC: Uint8Array): AvcDecoderConfigurationRecord {
  const malformed = (what: string, offset: number) =>
    new SeiError('ERR_SEI_MALFORMED', `AVCDecoderConfigurationRecord: ${what} at offset ${offset}`, { offset });
  if (!isUint8Array(avcC)) throw invalidType('avcC', 'a Uint8Array', avcC);
  if (avcC.length < 7) throw malformed('ends early', avcC.length);
  if (avcC[0] !== 1) throw malformed(`configurationVersion is ${avcC[0]} and not 1`, 0);
  const lengthSize = (avcC[4] & 3) + 1;
  if (lengthSize === 3) throw malformed('lengthSizeMinusOne is 2, which is not allowed', 4);

  let at = 5;
  const parameterSets = (count: number) => {
    const nalUnits: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      if (at + 2 > avcC.length) throw malformed('ends early', avcC.length);
      const end = at + 2 + readLength(avcC, at, 2);
      if (end > avcC.length) throw malformed('a parameter set reaches past the end', at);
      nalUnits.push(avcC.subarray(at + 2, end));
      at = end;
    }
    return nalUnits;
  };
  const sequenceParameterSets = parameterSets(avcC[at++] & 0x1f);
  if (at >= avcC.length) throw malformed('ends early', avcC.length);
  const pictureParameterSets = parameterSets(avcC[at++]);
  return {
    profileIdc: avcC[1],
    levelIdc: avcC[3],
    lengthSize: lengthSize as LengthSize,
    sequenceParameterSets,
    pictureParameterSets,
  };
}
