/**
 * What happens inside, for whoever wants to know: on the channels `h264-sei:publisher`, `h264-sei:injector` and
 * `h264-sei:subscriber` of `node:diagnostics_channel`, on standard error where `NODE_DEBUG` has `h264-sei` in it, and,
 * where neither exists as in a browser, to a listener that is an option of each class. Nothing is written or made
 * unless somebody listens.
 */

/** Which part of the library speaks. */
export type DiagnosticSource = 'publisher' | 'injector' | 'subscriber';

/** What is published on a channel and given to a listener. */
export interface SeiDiagnostic {
  /** Which part of the library speaks. */
  readonly source: DiagnosticSource;
  /** What has happened, such as `callback-error`. */
  readonly event: string;
  /** What belongs to it, such as the `error`. */
  readonly details: object;
}

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
export function diagnose(
  source: DiagnosticSource,
  event: string,
  details: object,
  listener?: DiagnosticListener,
): void {
  if (!isDiagnosed(source, listener)) return;
  const diagnostic: SeiDiagnostic = { source, event, details };
  channels[source]?.publish(diagnostic);
  try {
    debug?.('%s %s', source, event, details);
    listener?.(diagnostic);
  } catch {
    // Frames go on whoever listens; there is nobody left to tell.
  }
}
