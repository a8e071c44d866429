import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import { invalidType } from '../errors.js';
import { type StripOptions, stripSei } from '../frame/strip.js';
import { type DiagnosticListener, diagnose } from '../metadata/diagnostics.js';
import { FRAGMENT_SEI_UUID } from '../metadata/fragmentation.js';
import { checkSubscriber } from '../metadata/global.js';
import type { SeiSubscriber } from '../metadata/subscriber.js';
import { type EncodedVideoFrame, mayBeH264, setFrameData } from './encoded-frame.js';
import { type FrameWork, type SeiFrameTransform, frameTransform } from './frame-transform.js';
import { Layers } from './layers.js';

/** Options of {@link createSeiReceiverTransform}. */
export interface SeiReceiverTransformOptions {
  /** Who reads the frames. */
  readonly subscriber: SeiSubscriber;
  /**
   * Whether messages are taken out of the frames before they are decoded; false where absent, since decoders pass over
   * them. `true` takes out those of {@link DEFAULT_SEI_UUID} and their fragments, `{ uuids }` those that it names.
   */
  readonly strip?: boolean | Pick<StripOptions, 'uuids'> | undefined;
  /** Told what goes wrong. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

/** Counts of a receiver's transform; the subscriber has those of messages. */
export interface SeiReceiverTransformStats {
  /** Frames that came; all of them went on. */
  readonly frames: number;
  /** Those among them that messages were taken out of. */
  readonly framesStripped: number;
  /** Those that say that they are something else than H.264. */
  readonly framesOfOtherCodecs: number;
  /** Those that passed since something was thrown. */
  readonly errors: number;
}

function stripOption(strip: unknown = false): Pick<StripOptions, 'uuids'> | undefined {
  if (strip === false) return undefined;
  if (strip === true) return { uuids: [DEFAULT_SEI_UUID, FRAGMENT_SEI_UUID] };
  if (typeof strip !== 'object' || strip === null) throw invalidType('options.strip', 'a boolean or an object', strip);
  const { uuids } = strip as Pick<StripOptions, 'uuids'>;
  // What is no UUID is told at once, not at the first frame.
  stripSei(new Uint8Array(0), { uuids });
  return { uuids };
}

class ReceiverWork implements FrameWork<SeiReceiverTransformStats> {
  readonly #subscriber: SeiSubscriber;
  readonly #strip: Pick<StripOptions, 'uuids'> | undefined;
  readonly #onDiagnostic: DiagnosticListener | undefined;
  readonly #layers = new Layers(
    () => undefined,
    () => undefined,
  );
  #frames = 0;
  #framesStripped = 0;
  #framesOfOtherCodecs = 0;
  #errors = 0;

  constructor({ subscriber, strip, onDiagnostic }: SeiReceiverTransformOptions) {
    checkSubscriber('options.subscriber', subscriber);
    this.#subscriber = subscriber;
    this.#strip = stripOption(strip);
    this.#onDiagnostic = onDiagnostic;
  }

  get stats(): SeiReceiverTransformStats {
    return {
      frames: this.#frames,
      framesStripped: this.#framesStripped,
      framesOfOtherCodecs: this.#framesOfOtherCodecs,
      errors: this.#errors,
    };
  }

  process(frame: EncodedVideoFrame): void {
    this.#frames++;
    const metadata = frame.getMetadata();
    if (!mayBeH264(metadata)) {
      this.#framesOfOtherCodecs++;
      return;
    }
    const layer = this.#layers.of(metadata);
    const bytes = new Uint8Array(frame.data);
    // Of several layers a server may switch from one to another, so each has its own timestamps.
    const options = { timestamp: layer.timestampOf(frame, metadata), track: layer.name };
    this.#subscriber.processFrame(bytes, options);
    if (this.#strip === undefined) return;
    const stripped = stripSei(bytes, this.#strip);
    if (stripped === bytes) return;
    setFrameData(frame, stripped);
    this.#framesStripped++;
  }

  failed(error: unknown): void {
    this.#errors++;
    diagnose('subscriber', 'transform-error', { error }, this.#onDiagnostic);
  }

  close(): void {
    this.#layers.close();
  }
}

/**
 * Reads the messages out of the encoded frames of a WebRTC receiver: a TransformStream for the worker of a
 * `RTCRtpScriptTransform`, and for `createEncodedStreams()` of older Chrome; see {@link pipeEncodedFrames}.
 *
 * Every frame goes on, once and in order, whatever is in it and whatever a message handler throws. The timestamps of
 * messages are those of RTP in milliseconds: `Math.round(message.frameTimestamp * 90) % 2 ** 32` is the `rtpTimestamp`
 * that `requestVideoFrameCallback` tells of the frame when it is shown.
 *
 * @param options who reads
 * @returns the transform; several may have one subscriber, which stays open when they end
 * @throws `TypeError`, {@link SeiError} `ERR_SEI_INVALID_UUID` for options that are none (H.264 D.1.7)
 */
export function createSeiReceiverTransform(
  options: SeiReceiverTransformOptions,
): SeiFrameTransform<SeiReceiverTransformStats> {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options);
  return frameTransform(new ReceiverWork(options));
}
