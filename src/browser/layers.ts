import { RTP_CLOCK_KHZ, TimestampUnwrapper } from '../rtp/serial-number.js';
import { type EncodedFrameMetadata, type EncodedVideoFrame, rtpTimestampOf } from './encoded-frame.js';

/**
 * The most simulcast layers that one transform tells apart; the one without a frame for longest makes room. What names
 * them comes from the network.
 */
export const MAX_TRANSFORM_LAYERS = 16;

/** One layer of what a transform sees. */
export class Layer<State> {
  /** The name, the same for all its frames. */
  readonly name: string;
  /** What is kept for it. */
  readonly state: State;
  readonly #timestamps = new TimestampUnwrapper();

  /**
   * @param name the name
   * @param state what is kept for it
   */
  constructor(name: string, state: State) {
    this.name = name;
    this.state = state;
  }

  /** The timestamp of its next frame in milliseconds, which goes on where 32 bits wrap; undefined where it has none. */
  timestampOf(frame: EncodedVideoFrame, metadata: EncodedFrameMetadata): number | undefined {
    const timestamp = rtpTimestampOf(frame, metadata);
    return timestamp === undefined ? undefined : this.#timestamps.unwrap(timestamp) / RTP_CLOCK_KHZ;
  }
}

/** What tells the layers apart: the SSRC, where there is one. */
function nameOf({ synchronizationSource, rid, spatialIndex }: EncodedFrameMetadata): string {
  if (synchronizationSource) return `${synchronizationSource}`;
  return rid ?? (spatialIndex === undefined ? 'video' : `layer-${spatialIndex}`);
}

/** The layers that one transform sees. */
export class Layers<State> {
  readonly #open: (name: string) => State;
  readonly #close: (state: State) => void;
  /** By name, the one without a frame for longest first. */
  readonly #layers = new Map<string, Layer<State>>();
  #latest: Layer<State> | undefined;

  /**
   * @param open makes what is kept for a layer
   * @param close ends it
   */
  constructor(open: (name: string) => State, close: (state: State) => void) {
    this.#open = open;
    this.#close = close;
  }

  /** The layer of a frame; a new one where there was none. */
  of(metadata: EncodedFrameMetadata): Layer<State> {
    const name = nameOf(metadata);
    if (this.#latest?.name === name) return this.#latest;
    const layer = this.#layers.get(name) ?? new Layer(name, this.#open(name));
    this.#layers.delete(name);
    this.#layers.set(name, layer);
    this.#latest = layer;
    if (this.#layers.size > MAX_TRANSFORM_LAYERS) {
      const [silent] = this.#layers.values();
      this.#layers.delete(silent.name);
      this.#close(silent.state);
    }
    return layer;
  }

  /** What is kept for each layer. */
  *states(): Iterable<State> {
    for (const { state } of this.#layers.values()) yield state;
  }

  /** Ends all layers. */
  close(): void {
    for (const state of this.states()) this.#close(state);
    this.#layers.clear();
    this.#latest = undefined;
  }
}
