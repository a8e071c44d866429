/**
 * The main job, on the stream of a real encoder: chat, transcription and AI messages go into the video, a receiver gets
 * them back, and a real decoder shows the same pictures as before.
 *
 * `npm run demo`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AccessUnitSplitter,
  DEFAULT_SEI_UUID,
  backendInfo,
  createSeiNalUnit,
  extractSei,
  injectSei,
  stripSei,
} from 'h264-sei';
import { decodeFrames, isDecoderAvailable } from '../test/support/decoder.js';

const CLIP = join(__dirname, '..', 'test', 'fixtures', 'clips', 'b-pyramid.h264');

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** What is to be said, and in which access unit. */
const script = [
  { at: 2, kind: 'chat', userData: json({ user: 'ada', text: 'Is this live? 👋' }) },
  { at: 5, kind: 'transcription', userData: json({ text: 'Welcome to the show.', startMs: 160, endMs: 1240 }) },
  { at: 9, kind: 'chat', userData: json({ user: 'grace', text: 'ありがとう, Привет' }) },
  { at: 9, kind: 'ai', userData: json({ question: 'What is on the table?', answer: 'A test pattern.' }) },
  // Zeros and start codes: what must never reach a decoder as they are.
  { at: 14, kind: 'telemetry', userData: Buffer.from('000000000001000003000001650000000000', 'hex') },
  { at: 23, kind: 'ai', userData: json({ labels: ['ball', 'clock', 'bars'], confidence: [0.98, 0.91, 0.83] }) },
  { at: 37, kind: 'transcription', userData: json({ text: 'Goodbye.', startMs: 1480, endMs: 1590 }) },
];

function split(stream: Uint8Array): Uint8Array[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(stream), ...splitter.flush()];
}

function milliseconds(since: bigint): string {
  return `${(Number(process.hrtime.bigint() - since) / 1e6).toFixed(2)} ms`;
}

async function main(): Promise<boolean> {
  const { name, kernel, reason } = backendInfo();
  console.log(`backend: ${name}, kernel: ${kernel}${reason === undefined ? '' : ` (${reason})`}`);
  const original = readFileSync(CLIP);
  const accessUnits = split(original);

  // The sender: a SEI NAL unit for each message, into the access unit that it belongs to.
  const sendingSince = process.hrtime.bigint();
  const tagged = Buffer.concat(
    accessUnits.map((accessUnit, index) => {
      const messages = script.filter(({ at }) => at === index);
      const nalUnits = messages.map(({ userData }) => createSeiNalUnit(userData));
      return injectSei(accessUnit, nalUnits, { format: 'annexb' });
    }),
  );
  const sending = milliseconds(sendingSince);

  // The receiver: has the tagged stream only, and passes over the encoder's own messages.
  const receivingSince = process.hrtime.bigint();
  const received = split(tagged).flatMap((accessUnit, index) =>
    extractSei(accessUnit, { format: 'annexb' })
      .filter(({ uuid }) => uuid === DEFAULT_SEI_UUID)
      .map(({ payload }) => ({ index, payload })),
  );
  const receiving = milliseconds(receivingSince);

  console.log(`\n${accessUnits.length} access units of libx264 with B pictures, ${script.length} messages:\n`);
  const isAsSent = (i: number) => received[i]?.index === script[i].at && script[i].userData.equals(received[i].payload);
  console.table(
    script.map(({ at, kind, userData }, i) => ({
      kind,
      'sent in': at,
      'received in': received[i]?.index,
      bytes: received[i]?.payload.length,
      'as sent': isAsSent(i),
      message: userData[0] === 0 ? userData.toString('hex') : userData.toString().slice(0, 48),
    })),
  );

  const checks = {
    'every message received once, on its access unit':
      received.length === script.length && script.every((_, i) => isAsSent(i)),
    'stripped, the stream is the original, byte for byte': Buffer.concat(
      split(tagged).map((accessUnit) => stripSei(accessUnit, { format: 'annexb' })),
    ).equals(original),
  };
  const decoder = isDecoderAvailable();
  if (decoder.available) {
    const before = (await decodeFrames(original)).map(({ checksum }) => checksum);
    const after = (await decodeFrames(tagged)).map(({ checksum }) => checksum);
    const same = before.filter((checksum, i) => checksum === after[i]).length;
    Object.assign(checks, {
      [`FFmpeg decodes ${before.length} pictures from the original, ${after.length} from the tagged stream, ${same} of them equal`]:
        before.length > 0 && same === before.length && after.length === before.length,
    });
  } else {
    console.log(`no decoder on this machine, so the pictures are not compared: ${decoder.reason}`);
  }
  for (const [check, isTrue] of Object.entries(checks)) console.log(`${isTrue ? '✓' : '✗'} ${check}`);
  console.log(
    `\n${original.length} bytes of video grew by ${tagged.length - original.length}; sending took ${sending}, receiving ${receiving}.`,
  );
  return Object.values(checks).every(Boolean);
}

void main().then((isGood) => {
  process.exitCode = isGood ? 0 : 1;
});
