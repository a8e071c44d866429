import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodecContext, FilterContext, FilterGraph } from 'node-av/lib';
import { expectSuccess, nodeAv } from './node-av.js';

/** What {@link encodeLive} encodes. */
export interface LiveOptions {
  /** How long, in seconds. */
  readonly seconds: number;
  /** Pictures a second. */
  readonly frameRate: number;
  /** Told of each picture as it is taken, before it is encoded. */
  readonly onPicture?: (index: number) => void;
}

const SIZE = { width: 640, height: 360 };

function openSource(graph: FilterGraph, frameRate: number): FilterContext {
  const { lib } = nodeAv();
  graph.alloc();
  const chain = [
    ['testsrc2', `size=${SIZE.width}x${SIZE.height}:rate=${frameRate}`],
    ['format', 'pix_fmts=yuv420p'],
    ['buffersink', ''],
  ].map(([name, args]) => {
    const filter = lib.Filter.getByName(name);
    const context = filter && graph.createFilter(filter, name, args);
    if (!context) throw new Error(`FFmpeg has no filter ${name}=${args}`);
    return context;
  });
  for (const [index, next] of chain.slice(1).entries()) chain[index].link(0, next, 0);
  expectSuccess(graph.configSync(), 'configure the filters');
  return chain[chain.length - 1];
}

function openEncoder(encoder: CodecContext, frameRate: number): void {
  const { lib, constants } = nodeAv();
  const codec = lib.Codec.findEncoderByName(constants.FF_ENCODER_LIBX264);
  encoder.allocContext3(codec);
  Object.assign(encoder, SIZE, { pixelFormat: constants.AV_PIX_FMT_YUV420P, gopSize: frameRate });
  encoder.timeBase = new lib.Rational(1, frameRate);
  encoder.framerate = new lib.Rational(frameRate, 1);
  for (const [name, value] of Object.entries({ preset: 'ultrafast', tune: 'zerolatency' })) {
    expectSuccess(encoder.setOption(name, value), `set ${name}=${value}`);
  }
  expectSuccess(encoder.open2Sync(codec), 'open libx264');
}

/**
 * A live camera: FFmpeg's test pictures at the pace of their frame rate, encoded one by one by libx264 (zerolatency),
 * both from node-av.
 *
 * @returns each picture as an access unit of an Annex B byte stream, when it is encoded
 */
export async function* encodeLive({ seconds, frameRate, onPicture }: LiveOptions): AsyncGenerator<Buffer, void> {
  const { lib, constants } = nodeAv();
  const graph = new lib.FilterGraph();
  const encoder = new lib.CodecContext();
  const picture = new lib.Frame();
  const packet = new lib.Packet();
  try {
    const source = openSource(graph, frameRate);
    openEncoder(encoder, frameRate);
    picture.alloc();
    packet.alloc();
    const since = performance.now();
    for (let index = 0; index < seconds * frameRate; index++) {
      await sleep(Math.max(0, since + (index * 1000) / frameRate - performance.now()));
      expectSuccess(source.buffersinkGetFrameSync(picture), 'take a picture');
      onPicture?.(index);
      picture.pts = BigInt(index);
      picture.pictType = constants.AV_PICTURE_TYPE_NONE;
      expectSuccess(encoder.sendFrameSync(picture), 'encode a picture');
      picture.unref();
      expectSuccess(encoder.receivePacketSync(packet), 'take a packet');
      yield Buffer.from(packet.data ?? []);
      packet.unref();
    }
  } finally {
    packet.free();
    picture.free();
    encoder.freeContext();
    graph.free();
  }
}
