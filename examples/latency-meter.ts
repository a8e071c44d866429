/**
 * How long does a message take? A camera (libx264 at the pace of its frame rate) says with each picture when it was
 * taken; the receiver at the other end of a TCP connection reads that out of the video and looks at its clock.
 *
 * ```
 * camera ─► libx264 ─► createSeiInjectStream ──TCP──► createSeiExtractStream ─► now - takenAt
 * ```
 *
 * `npm run demo:latency`, or `npx tsx examples/latency-meter.ts [seconds]`
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ReceivedSeiMessage, SeiPublisher } from 'h264-sei';
import { createSeiExtractStream, createSeiInjectStream } from 'h264-sei/streams';
import { encodeLive } from '../test/support/live-encoder.js';

const FRAME_RATE = 30;

/** The wall clock in milliseconds, with the digits behind the point that Date.now() does not have. */
const wallClock = () => performance.timeOrigin + performance.now();

async function main(seconds: number): Promise<boolean> {
  const publisher = new SeiPublisher({ repeatCount: 1 });
  const onPicture = (picture: number) => void publisher.publishJson({ picture, takenAt: wallClock() });

  // The receiver.
  const latencies: number[] = [];
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiving = (async () => {
    const [socket] = (await once(server, 'connection')) as [Readable];
    await pipeline(socket, createSeiExtractStream(), async (messages: AsyncIterable<ReceivedSeiMessage>) => {
      for await (const message of messages) {
        latencies.push(wallClock() - message.json<{ takenAt: number }>().takenAt);
      }
    });
  })();

  // The sender.
  const camera = Readable.from(encodeLive({ seconds, frameRate: FRAME_RATE, onPicture }));
  const inject = createSeiInjectStream({ publisher });
  const sending = pipeline(camera, inject, connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay());
  try {
    await Promise.all([sending, receiving]);
  } finally {
    server.close();
  }

  latencies.sort((a, b) => a - b);
  const quantile = (q: number) =>
    `${(latencies[Math.max(0, Math.ceil(q * latencies.length) - 1)] ?? NaN).toFixed(2)} ms`;
  console.log(`${inject.stats.frames} pictures at ${FRAME_RATE} a second, ${latencies.length} messages received`);
  console.log('from the camera to the receiver, encoding included:');
  console.log(`min ${quantile(0)}, median ${quantile(0.5)}, p95 ${quantile(0.95)}`);
  const isComplete = latencies.length > 0 && latencies.length === inject.stats.frames;
  console.log(`${isComplete ? '✓' : '✗'} every picture's message arrived`);
  return isComplete;
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
