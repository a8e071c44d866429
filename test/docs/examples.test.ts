// Every example in the documents, as it stands there: programs are compiled against the types that are published and
// run, command lines are run or held against what they call.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessUnitSplitter } from '../../src/index.js';
import { fixtureClips } from '../support/streams.js';
import { documents, examples, type Example, linesOf, REPOSITORY } from './documents.js';

const TIMEOUT_MS = 120_000;
const clip = fixtureClips[0].path;
/** What test/docs/setting.ts exports. */
const NAMES = 'frame timestamp received send publisher subscriber packet socket input player show'.split(' ');

/** The clip as MP4, 25 pictures a second in decoding order. */
async function mp4OfClip(): Promise<Uint8Array> {
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat(), target });
  const track = new EncodedVideoPacketSource('avc');
  output.addVideoTrack(track);
  await output.start();
  const splitter = new AccessUnitSplitter();
  const accessUnits = [...splitter.push(readFileSync(clip)), ...splitter.flush()];
  const decoderConfig = { codec: 'avc1.640028', codedWidth: 320, codedHeight: 180 };
  for (const [i, data] of accessUnits.entries()) {
    await track.add(new EncodedPacket(data, i === 0 ? 'key' : 'delta', i / 25, 1 / 25), { decoderConfig });
  }
  await output.finalize();
  return new Uint8Array(target.buffer!);
}

/** In the repository, where `h264-sei` is the package itself, as its `exports` say. */
let folder: string;
let elsewhere: string;
beforeAll(async () => {
  if (!existsSync(join(REPOSITORY, 'dist', 'index.js'))) throw new Error('dist/ is missing; run npm run build');
  await mkdir(join(REPOSITORY, 'build'), { recursive: true });
  folder = await mkdtemp(join(REPOSITORY, 'build', 'examples-'));
  elsewhere = await mkdtemp(join(tmpdir(), 'h264-sei-examples-'));
  await writeFile(join(elsewhere, 'in.mp4'), await mp4OfClip());
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(elsewhere, { recursive: true, force: true });
});

/** An example of what only a page has: it is compiled here, and its like run in a browser by test/browser. */
const needsPage = ({ source }: Example) => source.includes('RTCRtpScriptTransform');

/** Several scripts in one block, which have to agree with the types of `h264-sei/browser`. */
function pageProgramOf({ source }: Example): string {
  const exported = [
    'SeiPublisher',
    'SeiSubscriber',
    'connectSeiPublisher',
    'createSeiReceiverTransform',
    'createSeiSenderTransform',
    'exposeSeiPublisher',
    'forwardSeiMessages',
    'onSeiMessage',
    'pipeEncodedFrames',
  ];
  const used = exported.filter((name) => source.includes(name));
  return `import { ${used.join(', ')} } from 'h264-sei/browser';
    import type { TransformScope } from ${JSON.stringify(join(REPOSITORY, 'examples/browser/pages/transform-scope.js'))};
    declare const self: TransformScope;
    declare let onrtctransform: TransformScope['onrtctransform'];
    declare const worker: Worker;
    declare const sender: RTCRtpSender;
    declare const receiver: RTCRtpReceiver;
    ${source}`;
}

/** The example with the names that it takes for granted. */
function programOf({ source }: Example): string {
  const declared = (name: string) => new RegExp(`\\b(const|let|function) (${name}|\\{[^}]*\\b${name}\\b)`).test(source);
  const used = NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(source) && !declared(name));
  const setting = JSON.stringify(join(REPOSITORY, 'test', 'docs', 'setting.js'));
  // `export {}` for who imports nothing: it is a module all the same.
  return `import { ${used.join(', ')} } from ${setting};\n${source}\nexport {};\n`;
}

function mistakesIn(file: string, libraries: string[]): string[] {
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2022,
    lib: libraries,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    typeRoots: [join(REPOSITORY, 'node_modules', '@types')],
    types: ['node'],
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Runs a program with the clip as its standard input. */
function run(
  args: readonly string[],
  directory: string,
): Promise<{ status: number | null; output: Buffer; errors: string }> {
  return new Promise((done, failed) => {
    const env = { ...process.env, EXAMPLE_CLIP: clip };
    const child = spawn(process.execPath, args, { cwd: directory, env, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    const output: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (data: Buffer) => output.push(data));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', failed);
    child.on('close', (status) => {
      done({ status, output: Buffer.concat(output), errors });
    });
    // A program that does not read its input closes it.
    child.stdin.on('error', () => {});
    createReadStream(clip).pipe(child.stdin);
  });
}

/** What a program of a document is seen to do, by the first name that it imports from us. */
const OUTPUTS: readonly [imports: RegExp, output: RegExp][] = [
  [/SeiInjector, SeiPublisher, SeiSubscriber/, /text: 'Hello'/],
  [/createSeiNalUnit, extractSei/, /^b16d7d56-892e-419c-8d82-e069cd3aa5c1 \{"caption":"Hello"\}$/m],
  [/createSeiExtractStream/, /from the setting/],
];

const programs = examples.filter(({ language }) => ['ts', 'js'].includes(language));

describe('the programs in the documents', () => {
  it('are found', () => {
    expect(programs.length).toBeGreaterThanOrEqual(4);
  });

  it.each(programs)('$document, line $line', { timeout: TIMEOUT_MS }, async (example) => {
    const name = `${example.document.replace(/\W/g, '-')}-${example.line}`;
    const file = join(folder, `${name}.mts`);
    await writeFile(file, needsPage(example) ? pageProgramOf(example) : programOf(example));
    expect(mistakesIn(file, ['lib.es2023.d.ts', ...(needsPage(example) ? ['lib.dom.d.ts'] : [])])).toEqual([]);
    if (needsPage(example)) return;
    const outfile = join(folder, `${name}.mjs`);
    await build({ bundle: true, entryPoints: [file], format: 'esm', outfile, packages: 'external', platform: 'node' });
    const { status, output, errors } = await run([outfile], elsewhere);
    expect([status, errors]).toEqual([0, '']);
    for (const [imports, expected] of OUTPUTS) {
      if (imports.test(example.source)) expect(output.toString('latin1')).toMatch(expected);
    }
  });
});

const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  scripts: Record<string, string | undefined>;
};

/** The commands of a block: one a line, or in a row, or in a pipe; without what the shell does with their output. */
function commandsOf({ source }: Example): string[][] {
  return source
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(/&&|\|/))
    .map((command) => [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain))
    .filter((words) => words.length > 0);
}

const commands = examples
  .filter(({ language }) => language === 'sh')
  .flatMap((example) => commandsOf(example).map((words) => ({ ...example, words, command: words.join(' ') })));

describe('the commands in the documents', () => {
  const main = join(REPOSITORY, 'dist', 'cli', 'main.js');

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(20);
  });

  // In the order of the documents: some read what others have written.
  it.each(commands)('$document, line $line: $command', { timeout: TIMEOUT_MS }, async ({ words }) => {
    const [program, ...args] = words;
    if (program === 'npm') {
      const [verb, name] = args;
      if (verb === 'ci') return;
      expect(scripts).toHaveProperty([verb === 'run' ? name : verb]);
      return;
    }
    if (program === 'npx' && args[0] === 'h264-sei') {
      const { status, errors, output } = await run([main, ...args.slice(1)], elsewhere);
      expect([status, status === 0 ? '' : errors]).toEqual([0, '']);
      if (['detect', 'extract'].includes(args[1])) expect(output.length).toBeGreaterThan(0);
      return;
    }
    if (program.startsWith('H264_SEI_') && args[0] === 'npx') {
      expect(existsSync(join(REPOSITORY, args[3]))).toBe(true);
      return;
    }
    if (program === 'npx' && args[0] === 'tsx') {
      expect(existsSync(join(REPOSITORY, args[1]))).toBe(true);
      return;
    }
    if (program === 'sh' || program === 'bash') {
      expect(existsSync(join(REPOSITORY, args[0]))).toBe(true);
      return;
    }
    if (/^\w+=\$\(.*\)?$/.test(program)) return;
    expect(['ffmpeg', 'ffplay', 'node', 'git', 'date', 'docker']).toContain(program);
  });

  it('strip what they have inserted', () => {
    const [before, after] = ['in.mp4', 'in-again.mp4'].map((name) => readFileSync(join(elsewhere, name)));
    expect(after.equals(before)).toBe(true);
  });

  it('name only scripts that are there, in the text too', () => {
    const named = documents.flatMap((document) =>
      linesOf(document).flatMap((line) => [...line.matchAll(/npm run ([\w-]+(?::[\w-]+)*)/g)].map(([, name]) => name)),
    );
    expect([...new Set(named)].filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('the links in the documents', () => {
  it('lead to files of the repository', () => {
    const links = documents.flatMap((document) =>
      linesOf(document).flatMap((line) =>
        [...line.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => join(REPOSITORY, document, '..', target)),
      ),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((target) => !existsSync(target))).toEqual([]);
  });
});
