import { DEFAULT_SEI_UUID } from '../codec/uuid.js';
import { invalidType } from '../errors.js';
import { type StripByUuid, stripSei } from '../frame/strip.js';
import type { DiagnosticListener } from '../diagnostics.js';
import { FRAGMENT_SEI_UUID } from '../wire/fragmentation.js';
import { checkOptions, optionNames } from '../options.js';
import { checkSubscriber } from '../patch/global.js';
import type { SeiSubscriber } from '../receive/subscriber.js';
import { type SeiFrameTransform, frameTransform } from './frame-transform.js';
import { Layers } from './layers.js';

/** Options of {@link createSeiReceiverTransform}. */
export interface SeiReceiverTransformOptions {
  /** Who reads the frames. */
  readonly subscriber: SeiSubscriber;
  /**
   * Whether messages are taken out of the frames before they are decoded; false where absent, since decoders pass over
   * them. `true` takes out those of {@link DEFAULT_SEI_UUID} and their fragments, `{ uuids }` those that it names.
   */
  readonly strip?: boolean | Pick<StripByUuid, 'uuids'> | undefined;
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

const OPTIONS = /* @__PURE__ */ optionNames<SeiReceiverTransformOptions>()('createSeiReceiverTransform', {
  subscriber: true,
  strip: true,
  onDiagnostic: true,
});

const STRIP_OPTIONS = /* @__PURE__ */ optionNames<Pick<StripByUuid, 'uuids'>>()('strip', { uuids: true });

function stripOption(strip: unknown = false): Pick<StripByUuid, 'uuids'> | undefined {
  if (strip === false) return undefined;
  if (strip === true) return { uuids: [DEFAULT_SEI_UUID, FRAGMENT_SEI_UUID] };
  if (typeof strip !== 'object' || strip === null) throw invalidType('options.strip', 'a boolean or an object', strip);
  checkOptions(strip, STRIP_OPTIONS, 'options.strip');
  const { uuids } = strip as Pick<StripByUuid, 'uuids'>;
  // What is no UUID is told at once, not at the first frame.
  stripSei(new Uint8Array(0), { uuids });
  return { uuids };
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
  checkOptions(options, OPTIONS);
  const { subscriber, onDiagnostic } = options;
  checkSubscriber('options.subscriber', subscriber);
  const strip = stripOption(options.strip);
  return frameTransform({
    source: 'subscriber',
    onDiagnostic,
    layers: new Layers(
      () => undefined,
      () => undefined,
    ),
    process(bytes, { name: track }, timestamp) {
      // Of several layers a server may switch from one to another, so each has its own timestamps.
      subscriber.processFrame(bytes, { timestamp, track });
      return strip === undefined ? bytes : stripSei(bytes, strip);
    },
    stats: ({ frames, framesChanged: framesStripped, framesOfOtherCodecs, errors }) => {
      return { frames, framesStripped, framesOfOtherCodecs, errors };
    },
  });
}
