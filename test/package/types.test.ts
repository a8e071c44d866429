import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installPackage, REPOSITORY, type InstalledPackage } from './installed-package.js';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await installPackage();
});
afterAll(() => installed.remove());

const NAMES =
  'SeiError, createSeiNalUnit, extractSei, injectSei, DEFAULT_SEI_UUID, backendInfo, stripSei, SeiPublisher, SeiInjector, SeiSubscriber';

/** Uses the types rightly, and wrongly where it says so: were they `any`, each of those comments would be an error. */
const USE = `
export const nalUnit: Uint8Array = createSeiNalUnit(new Uint8Array(3));
export const frame: Uint8Array = injectSei(new Uint8Array(9), [nalUnit]);
export const types: number[] = extractSei(frame).map((message) => message.payloadType);
export const uuid: string = DEFAULT_SEI_UUID;
export const name: 'native' | 'typescript' = backendInfo().name;
export const code: string = new SeiError('ERR_SEI_MALFORMED', 'no', { offset: 3 }).code;
// @ts-expect-error: no such code
new SeiError('ERR_SEI_NO_SUCH_CODE', 'no');
export const ofText: Uint8Array = createSeiNalUnit('text');
export const buffer: Buffer = injectSei(Buffer.alloc(9), [nalUnit]);
export const own: Uint8Array<ArrayBuffer> = injectSei(new Uint8Array(9), [createSeiNalUnit('text')]);
export const stripped: Buffer = stripSei(buffer, { payloadTypes: [5] });
// @ts-expect-error: a number is no user data
createSeiNalUnit(5);
// @ts-expect-error: one way to choose what goes
stripSei(frame, { payloadTypes: [5], uuids: [uuid] });
// @ts-expect-error: one way to say when it ends
new SeiPublisher().publishText('x', { expiresAt: 1, expiresInMs: 1 });
declare const until: number | undefined;
new SeiPublisher().publishText('x', { expiresAt: until });
// @ts-expect-error: a source counts
new SeiPublisher().publishText('x', { source: 'chat' });
// @ts-expect-error: the subscriber knows the format
new SeiSubscriber().processFrame(frame, { format: 'annexb' });
new SeiInjector({ publisher: new SeiPublisher() }).close();
// @ts-expect-error: no such property
extractSei(frame)[0]?.noSuchProperty;
`;

const IMPORT = `import { ${NAMES} } from 'h264-sei';${USE}`;
const REQUIRE = `import sei = require('h264-sei');\nconst { ${NAMES} } = sei;${USE}`;

/** The classes of one entry are those of the other. */
const RTP = `
import { SeiPublisher, SeiSubscriber, type ReceivedSeiMessage } from 'h264-sei';
import { RtpSeiExtractor, RtpSeiInjector } from 'h264-sei/rtp';
const injector = new RtpSeiInjector({ publisher: new SeiPublisher(), payloadType: 96 });
const extractor = new RtpSeiExtractor({ subscriber: new SeiSubscriber(), payloadType: [96, 97] });
export const packets: Uint8Array[] = injector.process(new Uint8Array(12));
export const messages: ReceivedSeiMessage[] = packets.flatMap((packet) => extractor.process(packet));
// @ts-expect-error: a publisher is no subscriber
new RtpSeiExtractor({ subscriber: new SeiPublisher() });
`;

/** What comes out of a stream is known by its options. */
const STREAMS = `
import { pipeline } from 'node:stream/promises';
import { SeiPublisher, type ReceivedSeiMessage } from 'h264-sei';
import { createSeiExtractStream, createSeiExtractWebStream, createSeiInjectStream } from 'h264-sei/streams';
export const frames: number = createSeiInjectStream({ publisher: new SeiPublisher(), frameRate: 25 }).stats.frames;
export const done: Promise<void> = pipeline(process.stdin, createSeiExtractStream(), async (messages) => {
  for await (const message of messages as AsyncIterable<ReceivedSeiMessage>) message.text();
});
export const messages: ReadableStream<ReceivedSeiMessage> = createSeiExtractWebStream({ uuids: 'any' }).readable;
export const video: ReadableStream<Uint8Array> = createSeiExtractWebStream({ output: 'video' }).readable;
// @ts-expect-error: messages are no bytes
export const bytes: ReadableStream<Uint8Array> = createSeiExtractWebStream().readable;
// @ts-expect-error: nothing to send without a publisher
createSeiInjectStream({ frameRate: 25 });
`;

/** A page: it has the worker, and its peers have the transforms. */
const PAGE = `
import { type ReceivedSeiMessage, connectSeiPublisher, onSeiMessage } from 'h264-sei/browser';
const worker = new Worker('worker.js', { type: 'module' });
export const attach = (sender: RTCRtpSender) => (sender.transform = new RTCRtpScriptTransform(worker));
export const outcome: Promise<string> = connectSeiPublisher(worker).publishText('Hello').then((receipt) => receipt.outcome);
export const messages: ReceivedSeiMessage[] = [];
onSeiMessage(worker, (message) => messages.push(message));
// @ts-expect-error: a number is no text
connectSeiPublisher(new MessageChannel().port1).publishText(5);
`;

/** A page that reads a file. */
const FILES = `
import { SeiPublisher } from 'h264-sei';
import { type FileMessage, type FileSource, extractMessages, injectIntoFile } from 'h264-sei/files';
export const read = (file: File): AsyncGenerator<FileMessage> => extractMessages(file satisfies FileSource);
// @ts-expect-error: a number is no file
extractMessages(5);
// @ts-expect-error: nothing to put in
void injectIntoFile('a', 'b', {});
// @ts-expect-error: a publisher or messages
void injectIntoFile('a', 'b', { publisher: new SeiPublisher(), messages: [] });
// @ts-expect-error: a frame or a time
void injectIntoFile('a', 'b', { messages: [{ content: 'x', frameIndex: 1, timeMs: 1 }] });
`;

/** A worker: it has the transforms. */
const WORKER = `
import * as sei from 'h264-sei/browser';
const publisher = new sei.SeiPublisher();
sei.exposeSeiPublisher(self, publisher);
const subscriber = new sei.SeiSubscriber({ onMessage: sei.forwardSeiMessages(self) });
onrtctransform = ({ transformer }) => {
  const isSender: boolean = transformer.options.isSender;
  const transform = isSender
    ? sei.createSeiSenderTransform({ publisher })
    : sei.createSeiReceiverTransform({ subscriber });
  void sei.pipeEncodedFrames(transformer, transform);
};
export const frames: number = sei.createSeiSenderTransform({ publisher }).stats.framesInjected;
// @ts-expect-error: a subscriber does not publish
sei.createSeiSenderTransform({ publisher: subscriber });
`;

const { ModuleKind, ModuleResolutionKind } = ts;

/** The ways to resolve a module in which a consumer's compiler can look for our types. */
const resolutions: Readonly<Record<string, ts.CompilerOptions>> = {
  node16: { module: ModuleKind.Node16 },
  nodenext: { module: ModuleKind.NodeNext },
  bundler: { module: ModuleKind.Preserve, moduleResolution: ModuleResolutionKind.Bundler },
};

/** A consumer's sources; `imported.ts` is of the kind that the `type` of the nearest package.json says. */
const sources: Readonly<Record<string, string>> = {
  'commonjs/package.json': JSON.stringify({ type: 'commonjs' }),
  'commonjs/imported.ts': IMPORT,
  'module/package.json': JSON.stringify({ type: 'module' }),
  'module/imported.ts': IMPORT,
  'required.cts': REQUIRE,
  'imported.cts': IMPORT,
  'rtp.cts': RTP,
  'rtp.mts': RTP,
  'streams.cts': STREAMS,
  'streams.mts': STREAMS,
  'imported.mts': IMPORT,
};

/**
 * The compiler's messages about a consumer and about our own declaration files; those of Node are none of our business.
 */
function compile(rootNames: string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(rootNames, {
    target: ts.ScriptTarget.ES2022,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    typeRoots: [join(REPOSITORY, 'node_modules', '@types')],
    types: ['node'],
    ...options,
  });
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => !relative(installed.project, fileName).startsWith('..'));
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
  return diagnostics.map(
    ({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}

it.each(Object.entries(resolutions))('has the types for %s resolution', async (resolution, options) => {
  const exportAll = (entries: readonly string[]) =>
    entries.map((entry, index) => `export * as entry${index} from '${entry}';`).join('\n');
  // node16 lets no CommonJS module take in an ES module, and that for browsers is one.
  const required = installed.entries.filter((entry) => resolution !== 'node16' || entry !== 'h264-sei/browser');
  const everyEntry = { 'entries.cts': exportAll(required), 'entries.mts': exportAll(installed.entries) };
  const files = Object.entries({ ...sources, ...everyEntry });
  for (const [name, source] of files) {
    await mkdir(dirname(join(installed.project, resolution, name)), { recursive: true });
    await writeFile(join(installed.project, resolution, name), source);
  }
  const modules = files.map(([name]) => name).filter((name) => name.endsWith('ts'));
  expect(
    compile(
      modules.map((name) => join(installed.project, resolution, name)),
      options,
    ),
  ).toEqual([]);
});

it.each([
  ['page', ['lib.es2023.d.ts', 'lib.dom.d.ts'], PAGE],
  ['worker', ['lib.es2023.d.ts', 'lib.webworker.d.ts'], WORKER],
  ['files', ['lib.es2023.d.ts', 'lib.dom.d.ts'], FILES],
])('has the types for a %s, without those of Node', async (name, lib, source) => {
  const file = join(installed.project, 'browser', `${name}.mts`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, source);
  expect(compile([file], { ...resolutions['bundler'], lib, types: [] })).toEqual([]);
});

it('tells of a mistake in a consumer', async () => {
  const file = join(installed.project, 'wrong', 'wrong.mts');
  await mkdir(dirname(file));
  await writeFile(file, `import { backendInfo } from 'h264-sei';\nexport const kernel: number = backendInfo().kernel;`);
  expect(compile([file], { module: ModuleKind.NodeNext })).toEqual([
    expect.stringContaining("'string' is not assignable"),
  ]);
});
