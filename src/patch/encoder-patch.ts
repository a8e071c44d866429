import { disposable } from '../disposal.js';
import { optionNames } from '../options.js';
import { isUint8Array } from '../codec/bytes.js';
import { invalidType } from '../errors.js';
import { type InjectOptions, framingHint, maxPacketSizeOption } from '../frame/arguments.js';
import { type DiagnosticListener, diagnose } from '../diagnostics.js';
import {
  type PacketVisitor,
  PassedPackets,
  canReplacePacketBytes,
  mapOutput,
  packetBytes,
  replacePacketBytes,
} from './encoded-output.js';
import { checkPublisher, getGlobalSeiPublisher } from './global.js';
import { type InjectFrameOptions, SeiInjector, type SeiInjectorOptions } from '../publish/injector.js';
import {
  type Around,
  type PatchHandle,
  checkCallback,
  checkPatchArguments,
  applyPatch,
  isObject,
  methodNames,
} from './patch.js';
import type { SeiPublisher } from '../publish/publisher.js';
import { afterwards } from './thenable.js';

/** The methods after which the injector of an encoder is closed, where the options name none. */
export const DEFAULT_CLOSE_METHODS: readonly string[] = ['close', 'free', 'destroy', 'dispose'];

/** What a patched encoder needs of its injector. */
export interface FrameInjector {
  /** Answers the frame with SEI, or the frame itself. */
  inject(frame: Uint8Array, options?: InjectFrameOptions): Uint8Array;
  /** Ends the track. */
  close(): void;
}

/**
 * How an encoder is patched; what it says of the framing holds for the bytes of every packet and is detected where
 * absent.
 */
export interface H264EncoderPatchOptions<Packet = unknown, Encoder = unknown> extends InjectOptions {
  /**
   * The methods that answer encoded output. Name all of an encoder in one call: each call gives it an injector of its
   * own.
   */
  readonly methods: string | readonly string[];
  /**
   * The methods after which an encoder's injector is closed, as far as they exist; {@link DEFAULT_CLOSE_METHODS} where
   * absent.
   */
  readonly closeMethods?: string | readonly string[] | undefined;
  /** Whose messages the frames carry; where absent, the global publisher of the moment. */
  readonly publisher?: SeiPublisher | undefined;
  /**
   * The bytes of a packet, nothing where it has none; it needs `setData` beside it. Where absent, a packet is a
   * Uint8Array or an ArrayBuffer, or an object whose `data` is one.
   */
  readonly getData?: ((packet: Packet) => Uint8Array | null | undefined) | undefined;
  /**
   * Gives a packet its new bytes, in memory that is the packet's from then on. It answers nothing where it has changed
   * the packet, else the packet that is to take its place. Where absent, bytes are replaced by bytes of their kind, and
   * the `data` of an object set; where they are read-only, a property of the object hides them. In place of an object
   * that takes no property comes a shallow copy, where `data` is a property of its own; else the object passes as it
   * is, and the messages wait.
   */
  readonly setData?: ((packet: Packet, bytes: Uint8Array) => unknown) | undefined;
  /**
   * The time of a packet in milliseconds, by which messages expire and rates are counted; nothing where it is not
   * known.
   */
  readonly getTimestamp?: ((packet: Packet) => number | null | undefined) | undefined;
  /** Whether a packet is video; all are where absent. */
  readonly isVideo?: ((packet: Packet, encoder: Encoder) => boolean) | undefined;
  /** Makes the injector of one encoder, which it must not hold; a {@link SeiInjector} where absent. */
  readonly createInjector?: ((options: SeiInjectorOptions) => FrameInjector) | undefined;
  /**
   * Told what goes wrong, where there is no `node:diagnostics_channel`. The injectors hold it, so it must not hold an
   * encoder.
   */
  readonly onDiagnostic?: DiagnosticListener | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<H264EncoderPatchOptions>()('patchH264Encoder', {
  format: true,
  lengthSize: true,
  avcC: true,
  maxPacketSize: true,
  methods: true,
  closeMethods: true,
  publisher: true,
  getData: true,
  setData: true,
  getTimestamp: true,
  isVideo: true,
  createInjector: true,
  onDiagnostic: true,
});

type Report = (event: 'patch-error' | 'close-error' | 'packet-read-only', error?: unknown) => void;

/** The options, checked, with nothing absent but the publisher. */
interface EncoderAdapter {
  readonly publisher: SeiPublisher | undefined;
  readonly getData: (packet: object) => unknown;
  /** Whether `setData` can do its work, to be asked before anything counts as sent. */
  readonly canSetData: (packet: object) => boolean;
  readonly setData: (packet: object, bytes: Uint8Array) => unknown;
  readonly getTimestamp: (packet: object) => unknown;
  readonly isVideo: (packet: object, encoder: object) => boolean;
  readonly createInjector: (publisher: SeiPublisher) => FrameInjector;
  readonly report: Report;
}

/** What has passed through any patched encoder. */
const passed = /* @__PURE__ */ new PassedPackets();

/**
 * For each publisher and each encoder, whatever patch it goes through, the audience of its packets. Each encoder counts
 * for itself: several may answer one object at the same time, such as a frame that never changes. A packet that is kept
 * must not keep its encoder alive, so these stand for it.
 */
const audiences = new WeakMap<SeiPublisher, WeakMap<object, object>>();

function audienceOf(publisher: SeiPublisher, encoder: object): object {
  const ofPublisher = audiences.get(publisher) ?? new WeakMap<object, object>();
  audiences.set(publisher, ofPublisher);
  const audience = ofPublisher.get(encoder) ?? {};
  ofPublisher.set(encoder, audience);
  return audience;
}

/**
 * The injector of one encoder. It knows nothing of the encoder, which may go while a publisher still holds the
 * injector.
 */
class EncoderSession {
  #injector: FrameInjector | undefined;
  #publisher: SeiPublisher | undefined;
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The injector for that publisher; one for another is closed. */
  injectorFor(publisher: SeiPublisher, adapter: EncoderAdapter): FrameInjector {
    if (this.#injector === undefined || this.#publisher !== publisher) {
      this.release(adapter.report);
      this.#injector = adapter.createInjector(publisher);
      this.#publisher = publisher;
    }
    return this.#injector;
  }

  /** Closes the injector; the next packet may open another one. */
  release(report: Report): void {
    const injector = this.#injector;
    this.#injector = undefined;
    this.#publisher = undefined;
    try {
      injector?.close();
    } catch (error) {
      report('close-error', error);
    }
  }

  /** Closes the injector; packets that are still on their way pass as they are. */
  close(report: Report): void {
    this.#isClosed = true;
    this.release(report);
  }
}

/**
 * What is needed to forget an encoder. Nothing in it leads to the options of the patch, whose functions may hold the
 * encoder.
 */
interface Forgotten {
  readonly session: EncoderSession;
  readonly open: Set<EncoderSession>;
}

/** Closes the injectors of encoders that are garbage without having been closed. */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<Forgotten>(({ session, open }) => {
  open.delete(session);
  session.close((event, error) => {
    diagnose('injector', event, { error });
  });
});

/** The sessions of the encoders of one patch. */
class EncoderSessions {
  readonly #report: Report;
  readonly #byEncoder = new WeakMap<object, EncoderSession>();
  readonly #open = new Set<EncoderSession>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** The session of an encoder; a new one where it has none, or was closed and is used again. */
  of(encoder: object): EncoderSession {
    const known = this.#byEncoder.get(encoder);
    if (known !== undefined) return known;
    const session = new EncoderSession();
    this.#byEncoder.set(encoder, session);
    this.#open.add(session);
    forgotten.register(encoder, { session, open: this.#open }, session);
    return session;
  }

  close(encoder: object): void {
    const session = this.#byEncoder.get(encoder);
    if (session === undefined) return;
    this.#byEncoder.delete(encoder);
    this.#end(session);
  }

  closeAll(): void {
    for (const session of [...this.#open]) this.#end(session);
  }

  #end(session: EncoderSession): void {
    forgotten.unregister(session);
    this.#open.delete(session);
    session.close(this.#report);
  }
}

/** Puts what is due into one packet; answers what is to stand in its place. */
function tagPacket(
  packet: object,
  encoder: object,
  call: number,
  session: EncoderSession,
  adapter: EncoderAdapter,
): unknown {
  if (session.isClosed) return packet;
  const publisher = adapter.publisher ?? getGlobalSeiPublisher();
  if (publisher === undefined) {
    session.release(adapter.report);
    return packet;
  }
  const audience = audienceOf(publisher, encoder);
  // Before the bytes are asked for, of which some packets make a copy each time.
  if (passed.hasPassed(packet, call, audience)) return packet;
  if (!adapter.isVideo(packet, encoder)) return packet;
  const frame = adapter.getData(packet);
  if (!isUint8Array(frame) || frame.length === 0 || passed.hasPassed(frame, call, audience)) return packet;
  if (!adapter.canSetData(packet)) {
    adapter.report('packet-read-only');
    return packet;
  }
  const timestamp = adapter.getTimestamp(packet);
  const options = Number.isFinite(timestamp) ? { timestamp: timestamp as number } : undefined;
  const tagged = session.injectorFor(publisher, adapter).inject(frame, options);
  const replaced = tagged === frame ? undefined : adapter.setData(packet, tagged);
  const answer = isObject(replaced) ? replaced : packet;
  passed.add(answer, call, audience);
  passed.add(tagged, call, audience);
  return answer;
}

function encoderAdapter(options: H264EncoderPatchOptions): EncoderAdapter {
  const { publisher, getData, setData, getTimestamp, isVideo, createInjector, onDiagnostic } = options;
  if (publisher !== undefined) checkPublisher('options.publisher', publisher);
  checkCallback('options.getData', getData);
  checkCallback('options.setData', setData);
  checkCallback('options.getTimestamp', getTimestamp);
  checkCallback('options.isVideo', isVideo);
  checkCallback('options.createInjector', createInjector);
  checkCallback('options.onDiagnostic', onDiagnostic);
  // Bytes that were found elsewhere than in `data` would be put where nobody reads them.
  if (getData !== undefined && setData === undefined) {
    throw invalidType('options.setData', 'a function, since options.getData is one', setData);
  }
  framingHint(options);
  maxPacketSizeOption(options);
  const { format, lengthSize, avcC, maxPacketSize } = options;
  const create = createInjector ?? ((injectorOptions) => new SeiInjector(injectorOptions));
  return {
    publisher,
    getData: getData ?? packetBytes,
    canSetData: setData === undefined ? canReplacePacketBytes : () => true,
    setData: setData ?? replacePacketBytes,
    getTimestamp: getTimestamp ?? (() => undefined),
    isVideo: isVideo ?? (() => true),
    createInjector: (from) => create({ publisher: from, format, lengthSize, avcC, maxPacketSize, onDiagnostic }),
    report: (event, error) => {
      diagnose('injector', event, error === undefined ? {} : { error }, onDiagnostic);
    },
  };
}

/**
 * Patches an encoder, so that what it answers carries the messages of a publisher.
 *
 * Works with any object or prototype that has methods which answer encoded output: bytes, a packet with bytes, or a
 * promise, an array, a Set, a Map, an iterator, a generator or an iterable of these. Each encoder has an injector of its own,
 * from its first packet on until one of `closeMethods` was called, `close()` was, or the encoder is garbage. An
 * encoder that is used again after that has a new one.
 *
 * The host never fails for it. What a method is given and throws is not touched; what it answers is the same object but
 * where bytes went in, and where it is a promise, which is followed by one of our own. Nothing is run that the host
 * does not run: what can be awaited or iterated is watched. What goes wrong inside is told
 * to `h264-sei:injector` (`patch-error`, `close-error`, `packet-read-only`), and the packet passes as it is; so is
 * that there was no method to patch (`patch-not-applied`).
 *
 * A promise that is rejected is told to whoever awaits it or handles it, as ever. Where nobody does, there is no
 * unhandled rejection: the host may have handled its own promise, and then ours must not end the process. What a method
 * of `closeMethods` answers is the very promise of the host, observed on the side, with the same effect.
 *
 * A packet that comes through two patched methods of one encoder, as where one calls the other, is taken once. Each
 * encoder counts for itself: of two objects of which one hands on what the other answers, patch one.
 *
 * @param target the encoder, or the prototype of all encoders that are and will be: `Encoder.prototype`, since the class
 *   itself has no such methods
 * @param options which methods, and where their packets have their bytes
 * @returns says what was patched, and takes it back. A method that this function has patched already is left alone.
 * @throws `TypeError` and `RangeError` for arguments of the wrong kind; {@link SeiError} `ERR_SEI_MALFORMED` for a
 *   broken `avcC`
 */
export function patchH264Encoder<Packet = unknown, Encoder = unknown>(
  target: object,
  options: H264EncoderPatchOptions<Packet, Encoder>,
): PatchHandle {
  checkPatchArguments(target, options, OPTIONS);
  const names = methodNames('options.methods', options.methods);
  const closeNames = methodNames('options.closeMethods', options.closeMethods ?? DEFAULT_CLOSE_METHODS);
  // What the callbacks are given are the packets of this encoder, whatever it calls them.
  const adapter = encoderAdapter(options as H264EncoderPatchOptions);
  const sessions = new EncoderSessions(adapter.report);

  const tagAnswer: Around = (proceed, encoder) => {
    const call = passed.beginCall();
    const session = sessions.of(encoder);
    const visitor: PacketVisitor = {
      owner: session,
      followsPromises: true,
      visit: (packet) => tagPacket(packet, encoder, call, session, adapter),
      failed: (error) => {
        adapter.report('patch-error', error);
      },
    };
    return mapOutput(proceed(), visitor);
  };
  const closeAfterwards: Around = (proceed, encoder) =>
    afterwards(proceed, () => {
      sessions.close(encoder);
    });
  const handle = applyPatch(target, names, tagAnswer, 'encoder');
  if (!handle.applied) {
    diagnose('injector', 'patch-not-applied', { methods: names }, options.onDiagnostic);
    return handle;
  }
  const closers = applyPatch(target, closeNames, closeAfterwards);
  return disposable({
    ...handle,
    close: () => {
      closers.close();
      handle.close();
      sessions.closeAll();
    },
  });
}
