/**
 * What happens inside, for whoever wants to know: on the channels `h264-sei:publisher`, `h264-sei:injector` and
 * `h264-sei:subscriber` of `node:diagnostics_channel`, on standard error where `NODE_DEBUG` has `h264-sei` in it, and,
 * where neither exists as in a browser, to a listener that is an option of each class. Nothing is written or made
 * unless somebody listens.
 */

/** Details of an event that names a message of a publisher. */
export interface PublishedMessageDetails {
  /** {@link SeiTicket.id} of the message. */
  readonly id: number;
  /** The `label` with which it was published. */
  readonly label?: string;
}

/** Details of an event that something threw. */
export interface FailureDetails {
  /** What was thrown. */
  readonly error: unknown;
}

/** Details of an event about a frame or a fragment that could not be read. */
export interface LengthDetails {
  /** Its length in bytes. */
  readonly length: number;
}

/** Details of a patch that found none of its methods. */
export interface PatchNotAppliedDetails {
  /** The names of the methods that it looked for. */
  readonly methods: readonly string[];
}

/** The name of the track that an event is about. */
export interface TrackDetails {
  /** {@link SeiInjector.track}. */
  readonly track: string;
}

/** Details of an event that names a received message. */
export interface ReceivedMessageDetails {
  /** uuid_iso_iec_11578 in canonical lower-case form. */
  readonly uuid: string;
  /** {@link ReceivedSeiMessage.messageId}. */
  readonly messageId: string;
}

/** Details of messages that were too many: for an iterator, which is too slow, or in one frame. */
export interface DroppedDetails {
  /** How many were dropped. */
  readonly dropped: number;
}

/** The events of publishers, on the channel `h264-sei:publisher`, with their details. */
export interface PublisherEvents {
  /** A message expired before every track had carried it. */
  readonly 'message-expired': PublishedMessageDetails;
  /** A message was dropped by the policy of the full queue, or overtaken by a later one of its key. */
  readonly 'message-dropped': PublishedMessageDetails;
}

/** The events of injectors, patches and attachments, on the channel `h264-sei:injector`, with their details. */
export interface InjectorEvents {
  /** A frame passed while messages were waiting: it is not H.264, or does not fit what came before. */
  readonly 'unknown-frame': TrackDetails & LengthDetails;
  /** The option `headerExtensions` threw, or returned elements that no header can hold. */
  readonly 'header-extensions-error': TrackDetails & FailureDetails;
  /** A patch, or a callback of its options, threw; the packet passed as it is. */
  readonly 'patch-error': FailureDetails;
  /** Closing the injector of a patched encoder threw. */
  readonly 'close-error': FailureDetails;
  /** A packet cannot be given other bytes; it passed as it is. */
  readonly 'packet-read-only': object;
  /** A patch found none of its methods. */
  readonly 'patch-not-applied': PatchNotAppliedDetails;
  /** A transform of encoded frames threw; the frame passed as it is. */
  readonly 'transform-error': FailureDetails;
  /** An attachment to a media server threw; its stream goes on. */
  readonly 'attachment-error': FailureDetails;
}

/** The events of subscribers, on the channel `h264-sei:subscriber`, with their details. */
export interface SubscriberEvents {
  /** A message was delivered. */
  readonly message: ReceivedMessageDetails & LengthDetails;
  /** A frame is not H.264. */
  readonly 'unreadable-frame': LengthDetails;
  /** A fragment is malformed, or contradicts the first one of its message. */
  readonly 'fragment-rejected': LengthDetails;
  /** A frame has more messages and fragments than are read from one. */
  readonly 'frame-full': DroppedDetails;
  /** Messages were dropped because an iterator was too slow. */
  readonly 'buffer-full': DroppedDetails;
  /** A message callback threw, or its promise was rejected. */
  readonly 'callback-error': ReceivedMessageDetails & FailureDetails;
  /** The function `dedup.key` threw, or returned no key. */
  readonly 'key-error': ReceivedMessageDetails & FailureDetails;
  /** A patch, or a callback of its options, threw. */
  readonly 'patch-error': FailureDetails;
  /** A patch found none of its methods. */
  readonly 'patch-not-applied': PatchNotAppliedDetails;
  /** A transform of encoded frames threw; the frame passed as it is. */
  readonly 'transform-error': FailureDetails;
  /** An attachment to a track threw; its packets go on. */
  readonly 'attachment-error': FailureDetails;
}

/** The events by the part of the library that reports them. */
export interface DiagnosticEvents {
  /** Of publishers. */
  readonly publisher: PublisherEvents;
  /** Of injectors, encoder patches and attachments. */
  readonly injector: InjectorEvents;
  /** Of subscribers and decoder patches. */
  readonly subscriber: SubscriberEvents;
}

/** Which part of the library reports. */
export type DiagnosticSource = keyof DiagnosticEvents;

/** What is published on a channel and given to a listener: `event` tells the type of `details`. */
export type SeiDiagnostic = {
  [Source in DiagnosticSource]: {
    [Event in keyof DiagnosticEvents[Source]]: {
      /** Which part of the library reports. */
      readonly source: Source;
      /** What happened. */
      readonly event: Event;
      /** More about it. */
      readonly details: DiagnosticEvents[Source][Event];
    };
  }[keyof DiagnosticEvents[Source]];
}[DiagnosticSource];

/** Is told what happens inside. What it throws is ignored. */
export type DiagnosticListener = (diagnostic: SeiDiagnostic) => void;

/** What is used of a channel of `node:diagnostics_channel`. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** What is used of `process`, so that this file runs where there is none. */
interface Builtins {
  getBuiltinModule?(id: 'node:diagnostics_channel'): { channel(name: string): Channel } | undefined;
  getBuiltinModule?(id: 'node:util'): { debuglog(section: string): DebugLog } | undefined;
}

interface Global {
  readonly process?: Builtins;
}

interface DebugLog {
  (format: string, ...values: unknown[]): void;
  readonly enabled: boolean;
}

// Each is written out, so that a bundler which is told that there is no `process` leaves both out.
const diagnosticsChannel = (globalThis as Global).process?.getBuiltinModule?.('node:diagnostics_channel');
const debug = (globalThis as Global).process?.getBuiltinModule?.('node:util')?.debuglog('h264-sei');

const channels: Readonly<Record<DiagnosticSource, Channel | undefined>> = {
  publisher: diagnosticsChannel?.channel('h264-sei:publisher'),
  injector: diagnosticsChannel?.channel('h264-sei:injector'),
  subscriber: diagnosticsChannel?.channel('h264-sei:subscriber'),
};

/**
 * Whether anybody would hear what {@link diagnose} says: to be asked before details are made for every frame or
 * message.
 */
export function isDiagnosed(source: DiagnosticSource, listener?: DiagnosticListener): boolean {
  return listener !== undefined || debug?.enabled === true || channels[source]?.hasSubscribers === true;
}

/**
 * Says what has happened to whoever listens. It never throws: what a listener throws is ignored, and what a subscriber
 * of the channel throws Node raises as an uncaught exception, as it does for every channel.
 *
 * @param source which part of the library speaks
 * @param event what has happened
 * @param details what belongs to it
 * @param listener the option `onDiagnostic` of whoever speaks
 */
export function diagnose<Source extends DiagnosticSource, Event extends keyof DiagnosticEvents[Source]>(
  source: Source,
  event: Event,
  details: DiagnosticEvents[Source][Event],
  listener?: DiagnosticListener,
): void {
  if (!isDiagnosed(source, listener)) return;
  // The parameters say that the three belong together, which the compiler does not see in the object.
  const diagnostic = { source, event, details } as unknown as SeiDiagnostic;
  channels[source]?.publish(diagnostic);
  try {
    debug?.('%s %s', source, event, details);
    listener?.(diagnostic);
  } catch {
    // Frames go on whoever listens; there is nobody left to tell.
  }
}
