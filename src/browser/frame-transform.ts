import { invalidType } from '../errors.js';
import { type DiagnosticListener, diagnose } from '../diagnostics.js';
import { type EncodedVideoFrame, mayBeH264, setFrameData } from './encoded-frame.js';
import type { Layer, Layers } from './layers.js';

/** A transform of encoded frames that counts what it does. */
export interface SeiFrameTransform<Stats> extends TransformStream<EncodedVideoFrame, EncodedVideoFrame> {
  /** Counts so far; a new object each time. */
  readonly stats: Stats;
}

/** What every transform counts. */
export interface FrameCounts {
  /** Frames that came; all of them went on. */
  frames: number;
  /** Those among them that went on with other bytes. */
  framesChanged: number;
  /** Those that say that they are something else than H.264. */
  framesOfOtherCodecs: number;
  /** Those that passed since something was thrown. */
  errors: number;
}

/** What one kind of transform does. */
export interface FrameWork<State, Stats> {
  /** Who says what goes wrong. */
  readonly source: 'injector' | 'subscriber';
  /** Who is told. */
  readonly onDiagnostic: DiagnosticListener | undefined;
  /** The simulcast layers that are told apart. */
  readonly layers: Layers<State>;
  /** Takes the bytes of a frame, with its timestamp in milliseconds; answers those that go on, the same or others. */
  process(bytes: Uint8Array, layer: Layer<State>, timestamp: number | undefined): Uint8Array;
  /** Counts so far. */
  stats(counts: Readonly<FrameCounts>): Stats;
}

/** The stream around what is done to frames: each goes on, once and in its place, whatever is thrown. */
export function frameTransform<State, Stats>(work: FrameWork<State, Stats>): SeiFrameTransform<Stats> {
  const { layers } = work;
  const counts: FrameCounts = { frames: 0, framesChanged: 0, framesOfOtherCodecs: 0, errors: 0 };
  const transformer = {
    transform(frame: EncodedVideoFrame, controller: TransformStreamDefaultController<EncodedVideoFrame>) {
      counts.frames++;
      try {
        const metadata = frame.getMetadata();
        if (mayBeH264(metadata)) {
          const layer = layers.of(metadata);
          const bytes = new Uint8Array(frame.data);
          const changed = work.process(bytes, layer, layer.timestampOf(frame, metadata));
          if (changed !== bytes) {
            setFrameData(frame, changed);
            counts.framesChanged++;
          }
        } else {
          counts.framesOfOtherCodecs++;
        }
      } catch (error) {
        counts.errors++;
        diagnose<'injector' | 'subscriber', 'transform-error'>(
          work.source,
          'transform-error',
          { error },
          work.onDiagnostic,
        );
      }
      controller.enqueue(frame);
    },
    flush() {
      layers.close();
    },
    // Called where the stream is given up, by browsers that know of it.
    cancel() {
      layers.close();
    },
  };
  const stream = new TransformStream<EncodedVideoFrame, EncodedVideoFrame>(transformer);
  return Object.defineProperty(stream, 'stats', { get: () => work.stats(counts) }) as SeiFrameTransform<Stats>;
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
