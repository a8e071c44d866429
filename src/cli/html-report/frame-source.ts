import type { FilePacket } from '../../containers/packet.js';
import type { FramingOptions } from '../../frame/arguments.js';
import { holdsPicture } from '../../streams/access-unit-reader.js';
import { PictureClock } from '../../streams/picture-clock.js';
import { accessUnitBatches } from '../access-units.js';
import type { BoundCounts } from '../bounds.js';
import type { ReportSummary } from './model.js';

/** A frame, or a piece of one that is too large to come as a whole. */
export interface FramePiece {
  /** Its bytes, which are there until the next pieces are asked for. */
  readonly data: Uint8Array;
  /** How its NAL units follow each other. */
  readonly framing: FramingOptions;
  /** Where it begins in the file, in bytes; undefined where that is not one place. */
  readonly offset: number | undefined;
  /** Its time in milliseconds; undefined where nothing says it. */
  readonly milliseconds: number | undefined;
  /** Whether it goes on with the frame of the piece before. */
  readonly isContinuation: boolean;
}

/** The frames of a report. */
export interface FrameSource {
  /** What the times are. */
  readonly timeKind: ReportSummary['timeKind'];
  /** The pieces, many at once so that there is not a wait for each. */
  readonly pieces: AsyncIterable<readonly FramePiece[]>;
  /** How long the frames that have come last, in milliseconds; undefined where nothing says it. */
  duration(): number | undefined;
}

const ANNEX_B = { format: 'annexb' } as const;

/**
 * The frames of a byte stream: its access units.
 *
 * @param source the chunks of an Annex B byte stream
 * @param frameRate frames a second; what the stream says where absent
 * @param counts told of each access unit that comes in pieces (H.264 7.4.1.2.3)
 */
export function byteStreamFrames(
  source: AsyncIterable<Uint8Array>,
  frameRate: number | undefined,
  counts: BoundCounts,
): FrameSource {
  const clock = new PictureClock(frameRate);
  async function* pieces(): AsyncGenerator<readonly FramePiece[]> {
    for await (const accessUnits of accessUnitBatches(source, counts)) {
      yield accessUnits.map(({ data, offset, isContinuation }) => {
        const seconds = !isContinuation && holdsPicture(data) ? clock.next(data) : undefined;
        const milliseconds = seconds === undefined ? undefined : seconds * 1000;
        return { data, framing: ANNEX_B, offset, milliseconds, isContinuation };
      });
    }
  }
  const duration = () => (clock.end === undefined ? undefined : clock.end * 1000);
  return { timeKind: 'decoding', pieces: pieces(), duration };
}

/**
 * The frames of a track of a container: its samples.
 *
 * @param packets in decoding order
 */
export function trackFrames(packets: AsyncIterable<FilePacket>): FrameSource {
  let first = Infinity;
  let last = -Infinity;
  let lastDuration = 0;
  let frames = 0;
  async function* pieces(): AsyncGenerator<readonly FramePiece[]> {
    for await (const { data, framing, presentationTimeMs: milliseconds, durationMs = 0 } of packets) {
      frames++;
      if (milliseconds !== undefined) {
        first = Math.min(first, milliseconds);
        if (milliseconds > last) [last, lastDuration] = [milliseconds, durationMs];
      }
      yield [{ data, framing, offset: undefined, milliseconds, isContinuation: false }];
    }
  }
  const duration = () => {
    if (last < first) return undefined;
    // Where nothing says how long the last frame is shown, it is as long as the others are on average.
    return last - first + (lastDuration > 0 ? lastDuration : (last - first) / Math.max(1, frames - 1));
  };
  return { timeKind: 'presentation', pieces: pieces(), duration };
}
