/** Frames to inject into, in each framing. */
import type * as Index from '../../src/index.js';
import { createSeiNalUnit, toLengthPrefixed } from '../../src/index.js';
import { annexBFrame } from '../inputs.js';

const KIB = 1024;

/** From a frame that is little more than its parameter sets to the largest that cameras make. */
export const FRAME_SIZES: readonly number[] = [
  KIB,
  4 * KIB,
  16 * KIB,
  64 * KIB,
  100 * KIB,
  256 * KIB,
  KIB * KIB,
  4 * KIB * KIB,
];

/** How a frame is given to the library: with its format, or so that the library has to find it out. */
export interface GivenFrame {
  readonly name: string;
  /** Whether `--quick` measures it. */
  readonly isQuick: boolean;
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

/** Every framing, given and detected. RTP is only ever given. */
export const GIVEN_FRAMES: readonly GivenFrame[] = [
  { name: 'annexb', isQuick: true, frame: annexBFrame, options: () => ({ format: 'annexb' }) },
  { name: 'annexb detected', isQuick: false, frame: annexBFrame, options: () => undefined },
  { name: 'avcc', isQuick: true, frame: avccFrame, options: () => ({ lengthSize: 4 }) },
  { name: 'avcc detected', isQuick: false, frame: avccFrame, options: () => undefined },
  { name: 'rtp', isQuick: true, frame: rtpPayload, options: (size) => ({ format: 'rtp', maxPacketSize: size + KIB }) },
];

/** A SEI NAL unit of 500 bytes. */
export const SEI_NAL_UNIT: Uint8Array = createSeiNalUnit(Buffer.alloc(480, 'x'));
