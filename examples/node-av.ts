/**
 * An encoder and a decoder of node-av, each with one line more than without metadata: x264 encodes a moving picture with
 * B pictures, messages are published meanwhile, FFmpeg's decoder shows the pictures, and a subscriber gets the messages.
 *
 * `npm run demo:node-av`
 */
import { SeiPublisher, SeiSubscriber } from 'h264-sei';
import { patchNodeAvDecoder, patchNodeAvEncoder } from 'h264-sei/integrations/node-av';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as NodeAvApi from 'node-av/api';
import type { Frame } from 'node-av/lib';
import { nodeAv } from '../test/support/node-av.js';

const PICTURES = 75;
const [WIDTH, HEIGHT] = [320, 180];

/** What is said, and before which picture. */
const script = new Map<number, object>([
  [3, { type: 'chat', user: 'ada', text: 'Is this live? 👋' }],
  [24, { type: 'transcription', text: 'Welcome to the show.' }],
  [50, { type: 'score', home: 2, away: 1 }],
]);

async function main(): Promise<boolean> {
  const { lib, constants } = nodeAv();
  const { Decoder, Demuxer, Encoder, Muxer } = createRequire(__filename)('node-av/api') as typeof NodeAvApi;
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-node-av-'));
  const file = join(folder, 'show.mp4');
  const sources: Buffer[] = [];
  const picture = (index: number): Frame => {
    const pixels = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
    for (let i = 0; i < WIDTH * HEIGHT; i++) pixels[i] = (i + index * 4) & 0xff;
    // node-av reads the picture from this memory later, so it has to stay.
    sources.push(pixels);
    const format = constants.AV_PIX_FMT_YUV420P;
    const frame = lib.Frame.fromVideoBuffer(pixels, {
      width: WIDTH,
      height: HEIGHT,
      format,
      timeBase: new lib.Rational(1, 25),
    });
    frame.pts = BigInt(index);
    return frame;
  };

  // The sender: the one line is the patch.
  const publisher = new SeiPublisher();
  const encoderPatch = patchNodeAvEncoder(Encoder, { publisher });
  const encoder = await Encoder.create(constants.FF_ENCODER_LIBX264, { maxBFrames: 2, gopSize: 25 });
  const muxer = await Muxer.open(file);
  const stream = muxer.addStream(encoder);
  for (let index = 0; index <= PICTURES; index++) {
    const message = script.get(index);
    if (message !== undefined) publisher.publishJson(message);
    for (const packet of await encoder.encodeAll(index < PICTURES ? picture(index) : null)) {
      await muxer.writePacket(packet, stream);
    }
  }
  await muxer.close();
  encoder.close();
  encoderPatch.close();

  // The receiver: the one line is the patch.
  const received: { readonly at: number | undefined; readonly message: object }[] = [];
  const subscriber = new SeiSubscriber({
    onMessage: (message) => received.push({ at: message.frameTimestamp, message: message.json<object>() }),
  });
  const decoderPatch = patchNodeAvDecoder(Decoder, { subscriber });
  const demuxer = await Demuxer.open(file);
  const decoder = await Decoder.create(demuxer.video()!);
  let decoded = 0;
  for await (const frame of decoder.frames(demuxer.packets())) {
    if (frame === null) break;
    decoded++;
    frame.free();
  }
  decoder.close();
  await demuxer.close();
  decoderPatch.close();
  await rm(folder, { recursive: true, force: true });

  console.table(received.map(({ at, message }) => ({ 'at (ms)': at, message: JSON.stringify(message) })));
  const said = [...script.values()];
  const isAsSaid = (message: object, i: number) =>
    Object.entries(said[i] ?? {}).every(([key, value]) => message[key as never] === value);
  const checks = {
    [`FFmpeg decoded ${decoded} of ${PICTURES} pictures`]: decoded === PICTURES,
    [`${received.length} of ${said.length} messages arrived, each once and in order`]:
      received.length === said.length && received.every(({ message }, i) => isAsSaid(message, i)),
  };
  for (const [check, isTrue] of Object.entries(checks)) console.log(`${isTrue ? '✓' : '✗'} ${check}`);
  return Object.values(checks).every(Boolean);
}

void main().then((isGood) => {
  process.exitCode = isGood ? 0 : 1;
});
