/** FFmpeg's command at both ends of the streams: what a live pipe is made of. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, type ReceivedSeiMessage, SeiPublisher } from '../../src/index.js';
import { createSeiExtractStream, createSeiInjectStream } from '../../src/streams/index.js';
import { ffmpegFrameChecksums, ffmpegTool, ffmpegUserData, ffprobeTool } from '../support/ffmpeg-cli.js';
import { describeWith } from '../support/skip.js';

const QUIET = ['-hide_banner', '-v', 'error'];
const encode = (seconds: number, ...options: string[]) => [
  ...QUIET,
  ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=192x128:rate=50', '-t', String(seconds), '-c:v', 'libx264'],
  ...[...options, '-f', 'h264', 'pipe:1'],
];

describeWith([ffmpegTool, ffprobeTool], 'between two ffmpeg commands', () => {
  it.each([
    ['live', ['-preset', 'ultrafast', '-tune', 'zerolatency']],
    ['with B pictures and several slices', ['-preset', 'veryfast', '-bf', '2', '-slices', '3']],
  ])('messages travel with the pictures: %s', async (_name, options) => {
    const encoder = spawn('ffmpeg', encode(1, ...options), { stdio: ['ignore', 'pipe', 'inherit'] });
    const decoder = spawn('ffmpeg', [...QUIET, '-f', 'h264', '-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const publisher = new SeiPublisher();
    const sent: number[] = [];
    const timer = setInterval(() => {
      sent.push(sent.length);
      publisher.publishJson({ number: sent.length - 1 });
    }, 50);
    const original = new PassThrough();
    const tagged = new PassThrough();
    const [before, after, decoded] = [buffer(original), buffer(tagged), buffer(decoder.stdout)];
    const received: unknown[] = [];
    const inject = createSeiInjectStream({ publisher });
    encoder.stdout.on('data', (chunk: Buffer) => original.write(chunk)).on('end', () => original.end());
    inject.on('data', (chunk: Buffer) => tagged.write(chunk)).on('end', () => tagged.end());
    const extract = createSeiExtractStream({
      output: 'video',
      onMessage: (message) => received.push(message.json<{ number: number }>().number),
    });
    await pipeline(encoder.stdout, inject, extract, decoder.stdin);
    clearInterval(timer);
    if (decoder.exitCode === null) await once(decoder, 'exit');
    expect(decoder.exitCode).toBe(0);

    // What was published while pictures came has arrived, each once and in order.
    expect(received.length).toBeGreaterThan(3);
    expect(received).toEqual(sent.slice(0, received.length));
    // FFmpeg reads the same messages, and decodes the same pictures as before.
    const uuid = DEFAULT_SEI_UUID.replaceAll('-', '');
    const seen = (await ffmpegUserData(await after)).filter((each) => Buffer.from(each.uuid).toString('hex') === uuid);
    const numbers = seen.map(
      (each) => (JSON.parse(Buffer.from(each.userData).toString()) as { number: number }).number,
    );
    expect([...new Set(numbers)]).toEqual(received);
    const checksums = await ffmpegFrameChecksums(await before);
    expect(checksums).toHaveLength(50);
    expect(await ffmpegFrameChecksums(await after)).toEqual(checksums);
    expect(
      (await decoded)
        .toString()
        .split('\n')
        .filter((line) => /^\d/.test(line)),
    ).toHaveLength(50);
  });

  it('a message of a live encoder comes out while it still encodes, not a picture late', async () => {
    const encoder = spawn('ffmpeg', encode(2, '-preset', 'ultrafast', '-tune', 'zerolatency', '-flush_packets', '1'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const latencies: number[] = [];
    const inject = createSeiInjectStream({ publisher });
    // One message for each chunk that the encoder writes, which is one picture.
    encoder.stdout.on('data', () => publisher.publishJson({ sentAt: performance.now() }));
    const extract = createSeiExtractStream();
    const reading = (async () => {
      for await (const message of extract as AsyncIterable<ReceivedSeiMessage>) {
        latencies.push(performance.now() - message.json<{ sentAt: number }>().sentAt);
      }
    })();
    await pipeline(encoder.stdout, inject, extract);
    await reading;
    latencies.sort((a, b) => a - b);
    expect(latencies.length).toBeGreaterThan(50);
    // Whoever waits for the next picture cannot do better than 20 ms.
    expect(latencies[latencies.length >> 1]).toBeLessThan(10);
  });
});
