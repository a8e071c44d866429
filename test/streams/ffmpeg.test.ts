/** FFmpeg's command at both ends of the streams: what a live pipe is made of. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, type ReceivedSeiMessage, SeiPublisher } from '../../src/index.js';
import { createSeiExtractStream, createSeiInjectStream } from '../../src/streams/index.js';
import {
  ffmpegFrameChecksums,
  ffmpegTool,
  ffmpegUserData,
  ffprobeAccessUnitSizes,
  ffprobeTool,
} from '../support/ffmpeg-cli.js';
import { describeWith } from '../support/skip.js';

const QUIET = ['-hide_banner', '-v', 'error'];
const encode = (seconds: number, options: readonly string[], ...pace: string[]) => [
  ...[...QUIET, ...pace],
  ...['-f', 'lavfi', '-i', 'testsrc2=size=192x128:rate=50', '-t', String(seconds), '-c:v', 'libx264'],
  ...[...options, '-f', 'h264', 'pipe:1'],
];

describeWith([ffmpegTool, ffprobeTool], 'between two ffmpeg commands', () => {
  it.each([
    ['live', ['-preset', 'ultrafast', '-tune', 'zerolatency']],
    ['with B pictures and several slices', ['-preset', 'veryfast', '-bf', '2', '-slices', '3']],
  ])('messages travel with the pictures: %s', async (_name, options) => {
    const encoder = spawn('ffmpeg', encode(1, options, '-re'), { stdio: ['ignore', 'pipe', 'inherit'] });
    const decoder = spawn('ffmpeg', [...QUIET, '-f', 'h264', '-i', 'pipe:0', '-f', 'framemd5', 'pipe:1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const publisher = new SeiPublisher({ expiresInMs: Infinity, maxMessagesPerFrame: 1 });
    const sent: number[] = [];
    const publish = () => {
      publisher.publishJson({ number: sent.length });
      sent.push(sent.length);
    };
    // Some wait for the first pictures, however long nobody gets to publish while the others come.
    for (let i = 0; i < 5; i++) publish();
    const timer = setInterval(publish, 50);
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
    expect(received.length).toBeGreaterThanOrEqual(5);
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

  it('a message of a live encoder comes out before the next picture is there', async () => {
    const options = ['-preset', 'ultrafast', '-tune', 'zerolatency'];
    const encoder = spawn('ffmpeg', encode(2, options), { stdio: ['ignore', 'pipe', 'inherit'] });
    const video = await buffer(encoder.stdout);
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const inject = createSeiInjectStream({ publisher });
    const messages: AsyncIterable<ReceivedSeiMessage> = inject.pipe(createSeiExtractStream());
    const reader = messages[Symbol.asyncIterator]();
    let number = 0;
    let at = 0;
    for (const size of await ffprobeAccessUnitSizes(video)) {
      publisher.publishJson({ number });
      inject.write(video.subarray(at, (at += size)));
      // Were it a picture late, it would never come: the next one is sent when it is here.
      const { value } = (await reader.next()) as IteratorYieldResult<ReceivedSeiMessage>;
      expect(value.json<{ number: number }>().number).toBe(number++);
    }
    expect(number).toBe(100);
    inject.end();
    expect(await reader.next()).toMatchObject({ done: true });
  });
});
