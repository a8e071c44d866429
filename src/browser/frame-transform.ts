import { invalidType } from '../errors.js';
import type { EncodedVideoFrame } from './encoded-frame.js';

/** A transform of encoded frames that counts what it does. */
export interface SeiFrameTransform<Stats> extends TransformStream<EncodedVideoFrame, EncodedVideoFrame> {
  /** Counts so far; a new object each time. */
  readonly stats: Stats;
}

/** What a transform does, without the stream around it. */
export interface FrameWork<Stats> {
  /** Counts so far. */
  readonly stats: Stats;
  /** Looks at a frame, and may give it other bytes. */
  process(frame: EncodedVideoFrame): void;
  /** Is told what `process` has thrown. */
  failed(error: unknown): void;
  /** The stream has ended. */
  close(): void;
}

/** The stream around what is done to frames: each goes on, once and in its place, whatever is thrown. */
export function frameTransform<Stats>(work: FrameWork<Stats>): SeiFrameTransform<Stats> {
  const transformer = {
    transform(frame: EncodedVideoFrame, controller: TransformStreamDefaultController<EncodedVideoFrame>) {
      try {
        work.process(frame);
      } catch (error) {
        work.failed(error);
      }
      controller.enqueue(frame);
    },
    flush() {
      work.close();
    },
    // Called where the stream is given up, by browsers that know of it.
    cancel() {
      work.close();
    },
  };
  const stream = new TransformStream<EncodedVideoFrame, EncodedVideoFrame>(transformer);
  return Object.defineProperty(stream, 'stats', { get: () => work.stats }) as SeiFrameTransform<Stats>;
}

/** The two ends of what a browser hands out: `event.transformer`, or what `createEncodedStreams()` answers. */
export interface EncodedStreams {
  /** The frames that come. */
  readonly readable: ReadableStream;
  /** Where they go on. */
  readonly writable: WritableStream;
}

/**
 * Puts a transform between the two ends that a browser hands out:
 *
 * ```ts
 * // In a worker, for `sender.transform = new RTCRtpScriptTransform(worker)`:
 * onrtctransform = ({ transformer }) => pipeEncodedFrames(transformer, createSeiSenderTransform({ publisher }));
 * // Older Chrome, on a connection that was made with `encodedInsertableStreams: true`:
 * pipeEncodedFrames(sender.createEncodedStreams(), createSeiSenderTransform({ publisher }));
 * ```
 *
 * @param streams the two ends
 * @param transform what {@link createSeiSenderTransform} or {@link createSeiReceiverTransform} has answered
 * @returns settles when the stream has ended, in whatever way; it is never rejected, since a connection that is closed
 *   may end its streams with an error
 * @throws `TypeError` for arguments of the wrong kind, and for streams that are in use
 */
export function pipeEncodedFrames(
  streams: EncodedStreams,
  transform: TransformStream<EncodedVideoFrame, EncodedVideoFrame>,
): Promise<void> {
  const { readable, writable } = (streams ?? {}) as Partial<EncodedStreams>;
  // Of one that is in use pipeTo() would only tell when the frames have left their stream, and the video stands still.
  if (typeof readable?.pipeThrough !== 'function' || writable?.locked !== false || transform.readable.locked) {
    throw invalidType('streams', 'a readable and a writable stream, none in use', streams);
  }
  const output = (readable as ReadableStream<EncodedVideoFrame>).pipeThrough(transform);
  return output.pipeTo(writable).catch(() => undefined);
}
