import { checkOptions, optionNames } from '../options.js';
import { SeiInjector, type SeiInjectorOptions } from '../publish/injector.js';
import { type SeiFrameTransform, frameTransform } from './frame-transform.js';
import { Layers } from './layers.js';

/**
 * The bytes by which a transform lets one frame grow: Chrome plays streams with up to 2 kB of SEI in every frame, and
 * loses frames with 6 kB.
 */
export const DEFAULT_MAX_FRAME_GROWTH = 2048;

/** Options of {@link createSeiSenderTransform}. */
export interface SeiSenderTransformOptions extends Pick<SeiInjectorOptions, 'publisher' | 'format' | 'onDiagnostic'> {
  /**
   * The most bytes by which a frame may grow, {@link DEFAULT_MAX_FRAME_GROWTH} where absent. A NAL unit that is larger
   * by itself goes alone.
   */
  readonly maxFrameGrowth?: number | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<SeiSenderTransformOptions>()('createSeiSenderTransform', {
  publisher: true,
  format: true,
  onDiagnostic: true,
  maxFrameGrowth: true,
});

/** Counts of a sender's transform. */
export interface SeiSenderTransformStats {
  /** Frames that came; all of them went on. */
  readonly frames: number;
  /** Those among them that messages went into. */
  readonly framesInjected: number;
  /** Those that say that they are something else than H.264. */
  readonly framesOfOtherCodecs: number;
  /** Those that passed while messages were waiting, since they are no H.264 or hold no picture. */
  readonly framesUnreadable: number;
  /** Those that passed since something was thrown. */
  readonly errors: number;
  /** Simulcast layers that have had a frame. */
  readonly layers: number;
}

/** Adds those of one layer. */
function countLayer(counts: { framesUnreadable: number; layers: number }, { stats }: SeiInjector): void {
  counts.framesUnreadable += stats.unknownFrames + stats.framesWithoutPicture;
  counts.layers++;
}

/**
 * Puts the messages of a publisher into the encoded frames of a WebRTC sender: a TransformStream for the worker of a
 * `RTCRtpScriptTransform`, and for `createEncodedStreams()` of older Chrome; see {@link pipeEncodedFrames}.
 *
 * One transform takes all simulcast layers of its sender: each has an injector of its own, so that each carries every
 * message. Every frame goes on, once and in order; what is no H.264, is broken or holds no picture goes on as it is.
 * Messages that would let a frame grow too much wait for the next ones, and a publisher with `oversize: 'split'` spreads
 * a large message over several.
 *
 * @param options the publisher, and how much goes into a frame
 * @returns the transform; it belongs to one sender
 * @throws `TypeError`, `RangeError` for options that are none (H.264 7.4.1.2.3)
 */
export function createSeiSenderTransform(
  options: SeiSenderTransformOptions,
): SeiFrameTransform<SeiSenderTransformStats> {
  checkOptions(options, OPTIONS);
  const { publisher, format, onDiagnostic, maxFrameGrowth = DEFAULT_MAX_FRAME_GROWTH } = options;
  const open = (track: string) => new SeiInjector({ publisher, format, onDiagnostic, maxFrameGrowth, track });
  // Options that are none are told at once, not at the first frame.
  open('').close();
  /** Counts of layers that are gone. */
  const gone = { framesUnreadable: 0, layers: 0 };
  const layers = new Layers(open, (injector) => {
    injector.close();
    countLayer(gone, injector);
  });
  return frameTransform({
    source: 'injector',
    onDiagnostic,
    layers,
    process: (bytes, { state: injector }, timestamp) => injector.inject(bytes, { timestamp }),
    stats: ({ frames, framesChanged: framesInjected, framesOfOtherCodecs, errors }) => {
      const counts = { ...gone };
      for (const injector of layers.states()) countLayer(counts, injector);
      return { frames, framesInjected, framesOfOtherCodecs, errors, ...counts };
    },
  });
}
