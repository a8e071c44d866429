import { disposable } from '../disposal.js';
import { optionNames } from '../options.js';
import { isUint8Array } from '../codec/bytes.js';
import { invalidType, outOfRange } from '../errors.js';
import { type DiagnosticListener, diagnose } from '../diagnostics.js';
import { type PacketVisitor, PassedPackets, mapOutput, packetBytes } from './encoded-output.js';
import { checkSubscriber, getGlobalSeiSubscriber } from './global.js';
import { type Around, type PatchHandle, applyPatch, checkCallback, checkPatchArguments, methodNames } from './patch.js';
import type { SeiSubscriber } from '../receive/subscriber.js';

/** How a decoder, or whatever else handles encoded frames at the receiver, is patched. */
export interface H264DecoderPatchOptions<Packet = unknown, Decoder = unknown> {
  /** The methods that encoded frames pass through. */
  readonly methods: string | readonly string[];
  /**
   * `input` (the default) where the methods take encoded frames, as a decoder does; `output` where they answer them, as
   * a demuxer does.
   */
  readonly direction?: 'input' | 'output' | undefined;
  /** Which argument has the frames, where the methods take them; 0, the first, where absent. */
  readonly argument?: number | undefined;
  /** Who reads the frames; where absent, the global subscriber of the moment. */
  readonly subscriber?: SeiSubscriber | undefined;
  /**
   * The bytes of a packet, nothing where it has none. Where absent, a packet is a Uint8Array or an ArrayBuffer, or an
   * object whose `data` is one.
   */
  readonly getData?: ((packet: Packet) => Uint8Array | null | undefined) | undefined;
  /** The time of a packet in milliseconds; nothing where it is not known. */
  readonly getTimestamp?: ((packet: Packet) => number | null | undefined) | undefined;
  /** Whether a packet is video; all are where absent. */
  readonly isVideo?: ((packet: Packet, decoder: Decoder) => boolean) | undefined;
  /** Told what goes wrong, where there is no `node:diagnostics_channel`. */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<H264DecoderPatchOptions>()('patchH264Decoder', {
  methods: true,
  direction: true,
  argument: true,
  subscriber: true,
  getData: true,
  getTimestamp: true,
  isVideo: true,
  onDiagnostic: true,
});

/** The options, checked, with nothing absent but the subscriber. */
interface DecoderAdapter {
  readonly subscriber: SeiSubscriber | undefined;
  readonly getData: (packet: object) => unknown;
  readonly getTimestamp: (packet: object) => unknown;
  readonly isVideo: (packet: object, decoder: object) => boolean;
}

/** What has come out of any patched method. */
const passed = /* @__PURE__ */ new PassedPackets();

/**
 * What goes into patched methods that have not returned, for each subscriber: one of them may hand it on to another.
 */
const entering = new WeakMap<SeiSubscriber, Set<object>>();

/** The names of the tracks, one for each decoder. */
const tracks = new WeakMap<object, string>();
let decoders = 0;

function trackOf(decoder: object): string {
  const track = tracks.get(decoder) ?? `decoder-${++decoders}`;
  tracks.set(decoder, track);
  return track;
}

/** Hands the bytes of one packet to the subscriber. */
function readPacket(packet: object, decoder: object, subscriber: SeiSubscriber, adapter: DecoderAdapter): void {
  if (!adapter.isVideo(packet, decoder)) return;
  const frame = adapter.getData(packet);
  if (!isUint8Array(frame) || frame.length === 0) return;
  const timestamp = adapter.getTimestamp(packet);
  const track = trackOf(decoder);
  subscriber.processFrame(frame, Number.isFinite(timestamp) ? { timestamp: timestamp as number, track } : { track });
}

function decoderAdapter(options: H264DecoderPatchOptions): DecoderAdapter {
  const { subscriber, getData, getTimestamp, isVideo } = options;
  if (subscriber !== undefined) checkSubscriber('options.subscriber', subscriber);
  checkCallback('options.getData', getData);
  checkCallback('options.getTimestamp', getTimestamp);
  checkCallback('options.isVideo', isVideo);
  checkCallback('options.onDiagnostic', options.onDiagnostic);
  return {
    subscriber,
    getData: getData ?? packetBytes,
    getTimestamp: getTimestamp ?? (() => undefined),
    isVideo: isVideo ?? (() => true),
  };
}

function argumentOption(argument: unknown): number {
  if (argument === undefined) return 0;
  if (typeof argument !== 'number') throw invalidType('options.argument', 'a number', argument);
  if (!Number.isInteger(argument) || argument < 0)
    throw outOfRange('options.argument', 'an integer from 0 on', argument);
  return argument;
}

function directionOption(direction: unknown): 'input' | 'output' {
  if (direction === undefined || direction === 'input') return 'input';
  if (direction !== 'output') throw outOfRange('options.direction', "'input' or 'output'", direction);
  return direction;
}

/**
 * Patches a decoder, a demuxer or a receiver, so that a subscriber reads the frames that pass through it.
 *
 * Works with any object or prototype that has methods which take encoded frames, or answer them. They are bytes,
 * packets with bytes, or arrays, Sets, Maps, iterators, generators and iterables of these, read as they are asked for; and,
 * in what a method answers, promises of them. Frames that go in are read before the method is called.
 *
 * Nothing is changed: neither the frames, nor what a method is given, answers and throws, but for a promise that is
 * answered, which is followed by one of our own. What goes wrong inside is told to `h264-sei:subscriber`
 * (`patch-error`) and to nobody else; so is that there was no method to patch (`patch-not-applied`).
 *
 * A frame that one patched method hands on to another at once, or that one has answered to another, is read once.
 *
 * @param target the decoder, or the prototype of all decoders that are and will be: `Decoder.prototype`, since the class
 *   itself has no such methods
 * @param options which methods, and where their packets have their bytes
 * @returns says what was patched, and takes it back. A method that this function has patched already is left alone.
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind
 */
export function patchH264Decoder<Packet = unknown, Decoder = unknown>(
  target: object,
  options: H264DecoderPatchOptions<Packet, Decoder>,
): PatchHandle {
  checkPatchArguments(target, options, OPTIONS);
  const names = methodNames('options.methods', options.methods);
  const direction = directionOption(options.direction);
  const position = argumentOption(options.argument);
  // What the callbacks are given are the packets of this decoder, whatever it calls them.
  const adapter = decoderAdapter(options as H264DecoderPatchOptions);
  const { onDiagnostic } = options;
  const owner = {};
  let isActive = true;
  const visitor = (read: (packet: object, subscriber: SeiSubscriber) => void): PacketVisitor => ({
    owner,
    followsPromises: direction === 'output',
    visit: (packet) => {
      const subscriber = isActive ? (adapter.subscriber ?? getGlobalSeiSubscriber()) : undefined;
      if (subscriber !== undefined) read(packet, subscriber);
      return packet;
    },
    failed: (error) => {
      diagnose('subscriber', 'patch-error', { error }, onDiagnostic);
    },
  });

  const readOutput: Around = (proceed, decoder) => {
    const call = passed.beginCall();
    const read = visitor((packet, subscriber) => {
      if (passed.hasPassed(packet, call, subscriber)) return;
      passed.add(packet, call, subscriber);
      readPacket(packet, decoder, subscriber, adapter);
    });
    return mapOutput(proceed(), read);
  };
  const readInput: Around = (proceed, decoder, args) => {
    const entered: (() => void)[] = [];
    let isOver = false;
    const read = visitor((packet, subscriber) => {
      const packets = entering.get(subscriber) ?? new Set();
      if (packets.has(packet)) return;
      // What is iterated may come when the call is long over.
      if (!isOver) {
        entering.set(subscriber, packets.add(packet));
        entered.push(() => packets.delete(packet));
      }
      readPacket(packet, decoder, subscriber, adapter);
    });
    mapOutput(args[position], read);
    try {
      return proceed();
    } finally {
      isOver = true;
      for (const leave of entered) leave();
    }
  };
  const handle = applyPatch(target, names, direction === 'input' ? readInput : readOutput, 'decoder');
  if (!handle.applied) diagnose('subscriber', 'patch-not-applied', { methods: names }, onDiagnostic);
  return disposable({
    ...handle,
    close: () => {
      isActive = false;
      handle.close();
    },
  });
}
