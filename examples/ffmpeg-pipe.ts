/**
 * Messages in a pipe between two ffmpeg commands, while the video runs:
 *
 * ```
 * ffmpeg … -f h264 - ─► createSeiInjectStream ─► createSeiExtractStream ─► ffmpeg -f h264 -i - …
 *                              ▲ chat                     ▼ chat
 * ```
 *
 * The second command stands for a player: it decodes every picture, in place of `ffplay -f h264 -`. Without the command
 * `ffmpeg` the encoder and the decoder of node-av take their places.
 *
 * `npm run demo:pipe`, or `npx tsx examples/ffmpeg-pipe.ts [seconds]`
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { SeiPublisher } from 'h264-sei';
import { createSeiExtractStream, createSeiInjectStream } from 'h264-sei/streams';
import { decodeFrameChecksums } from '../test/support/decoder.js';
import { encodeLive } from '../test/support/live-encoder.js';

const FRAME_RATE = 25;
const CHAT_MS = 200;

/** One end of the pipe. */
interface End<Stream> {
  readonly stream: Stream;
  /** The pictures that it has decoded, once it is done. Rejects where it fails. */
  readonly pictures: Promise<number>;
}

async function succeeded(child: ChildProcess): Promise<void> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`ffmpeg ended with ${signal ?? `status ${code}`}`);
}

function ffmpegEncoder(seconds: number): End<Readable> {
  const source = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FRAME_RATE}`, '-t', String(seconds)];
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-f', 'h264', '-'];
  const child = spawn('ffmpeg', ['-v', 'error', ...source, ...codec], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { stream: child.stdout, pictures: succeeded(child).then(() => seconds * FRAME_RATE) };
}

function ffmpegPlayer(): End<Writable> {
  const child = spawn('ffmpeg', ['-v', 'error', '-f', 'h264', '-i', '-', '-f', 'framemd5', '-'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const count = async () => {
    const [checksums] = await Promise.all([text(child.stdout), succeeded(child)]);
    return checksums.split('\n').filter((line) => /^\d/.test(line)).length;
  };
  return { stream: child.stdin, pictures: count() };
}

function nodeAvEncoder(seconds: number): End<Readable> {
  const stream = Readable.from(encodeLive({ seconds, frameRate: FRAME_RATE }));
  return { stream, pictures: Promise.resolve(seconds * FRAME_RATE) };
}

function nodeAvPlayer(): End<Writable> {
  const stream = new PassThrough();
  const count = async () => (await decodeFrameChecksums(await buffer(stream))).length;
  return { stream, pictures: count() };
}

async function main(seconds: number): Promise<boolean> {
  const hasFfmpeg = spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0;
  console.log(`encoder and player: ${hasFfmpeg ? 'ffmpeg' : 'node-av'}\n`);
  const encoder = hasFfmpeg ? ffmpegEncoder(seconds) : nodeAvEncoder(seconds);
  const player = hasFfmpeg ? ffmpegPlayer() : nodeAvPlayer();

  const publisher = new SeiPublisher();
  const sent: string[] = [];
  const received: string[] = [];
  const extract = createSeiExtractStream({
    output: 'video',
    onMessage: (message) => {
      const { text: said } = message.json<{ text: string }>();
      received.push(said);
      console.log(`◄ ${said}`);
    },
  });
  const inject = createSeiInjectStream({ publisher });
  // What is said when the last picture has gone has nothing to travel in.
  let carried = 0;
  const say = () => {
    const said = `message ${sent.length + 1}`;
    sent.push(said);
    void publisher.publishText(said).injected.then(({ copies }) => (carried += Math.min(copies.length, 1)));
  };
  // The chat begins with the first picture.
  let chat: NodeJS.Timeout | undefined;
  encoder.stream.once('data', () => {
    say();
    chat = setInterval(say, CHAT_MS);
  });

  try {
    await Promise.all([
      pipeline(encoder.stream, inject, extract, player.stream),
      encoder.pictures,
      once(encoder.stream, 'end').then(() => {
        clearInterval(chat);
      }),
    ]);
  } finally {
    clearInterval(chat);
  }

  const [encoded, decoded] = await Promise.all([encoder.pictures, player.pictures]);
  const checks = {
    [`the player decoded ${decoded} of ${encoded} pictures`]: decoded === encoded && decoded === inject.stats.frames,
    [`${received.length} of ${sent.length} messages arrived, each once and in order`]:
      received.length > 0 && received.length >= carried && received.every((said, i) => said === sent[i]),
  };
  console.log();
  for (const [check, isTrue] of Object.entries(checks)) console.log(`${isTrue ? '✓' : '✗'} ${check}`);
  return Object.values(checks).every(Boolean);
}

main(Number(process.argv[2] ?? 3)).then(
  (isGood) => {
    process.exitCode = isGood ? 0 : 1;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
