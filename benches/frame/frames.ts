/** Frames to inject into, in each framing. */
import type * as Index from '../../src/index.js';
import { createSeiNalUnit, toLengthPrefixed } from '../../src/index.js';
import { annexBFrame } from '../inputs.js';

const KIB = 1024;

/** From a frame in which nothing moves to the largest that cameras make. */
export const FRAME_SIZES: readonly number[] = [
  300,
  ...[1, 4, 16, 32, 64, 100, 256, 1024, 4096].map((kibibytes) => kibibytes * KIB),
];

/** Those of a comparison by size. */
const SIZES_APART: readonly number[] = [1, 16, 256, 4096].map((kibibytes) => kibibytes * KIB);

/** Up to the largest that fits a STAP-A packet with the SEI; what is larger passes as it is (RFC 6184 5.7.1). */
const PAYLOAD_SIZES: readonly number[] = [1, 4, 16, 63].map((kibibytes) => kibibytes * KIB);

/** How a frame is given to the library: with its format, or so that the library has to find it out. */
export interface GivenFrame {
  readonly name: string;
  /** Whether `--quick` measures it. */
  readonly isQuick: boolean;
  readonly sizes: readonly number[];
  /** From the smallest to the largest. */
  readonly sizesApart: readonly number[];
  /** The one on which the goals are set. */
  readonly goalSize: number;
  readonly frame: (size: number) => Uint8Array;
  readonly options: (size: number) => Index.InjectOptions | undefined;
}

const lengthPrefixed = new Map<number, Uint8Array>();

function avccFrame(size: number): Uint8Array {
  const frame = lengthPrefixed.get(size) ?? toLengthPrefixed(annexBFrame(size));
  lengthPrefixed.set(size, frame);
  return frame;
}

/** The slice NAL unit of a frame, as a RTP packet would carry it if packets could be that large. */
function rtpPayload(size: number): Uint8Array {
  const frame = annexBFrame(size);
  return frame.subarray(Buffer.from(frame.buffer, frame.byteOffset).indexOf(Uint8Array.of(0, 0, 1, 0x65)) + 3);
}

const frames = { sizes: FRAME_SIZES, sizesApart: SIZES_APART, goalSize: 100 * KIB };
const payloads = { sizes: PAYLOAD_SIZES, sizesApart: PAYLOAD_SIZES, goalSize: 63 * KIB };

/** Every framing, given and detected. RTP is only ever given. */
export const GIVEN_FRAMES: readonly GivenFrame[] = [
  { ...frames, name: 'annexb', isQuick: true, frame: annexBFrame, options: () => ({ format: 'annexb' }) },
  { ...frames, name: 'annexb detected', isQuick: false, frame: annexBFrame, options: () => undefined },
  { ...frames, name: 'avcc', isQuick: true, frame: avccFrame, options: () => ({ lengthSize: 4 }) },
  { ...frames, name: 'avcc detected', isQuick: false, frame: avccFrame, options: () => undefined },
  {
    ...payloads,
    name: 'rtp',
    isQuick: true,
    frame: rtpPayload,
    options: (size) => ({ format: 'rtp', maxPacketSize: size + KIB }),
  },
];

/** A SEI NAL unit of 500 bytes. */
export const SEI_NAL_UNIT: Uint8Array = createSeiNalUnit(Buffer.alloc(480, 'x'));
