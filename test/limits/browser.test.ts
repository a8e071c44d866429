/** The limits of the transforms for WebRTC, each below, at and above it. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_MAX_FRAME_GROWTH, type EncodedVideoFrame, createSeiSenderTransform } from '../../src/browser/index.js';
import { SeiPublisher, createSeiNalUnit } from '../../src/index.js';
import { annexB, nal } from '../contract/frames.js';
import { MAX_TRANSFORM_LAYERS } from '../../src/browser/layers.js';

const START_CODE_LENGTH = 4;
const picture = annexB(nal.p);

const frameOf = (synchronizationSource: number): EncodedVideoFrame => ({
  data: Uint8Array.from(picture).buffer,
  timestamp: 0,
  getMetadata: () => ({ mimeType: 'video/H264', synchronizationSource }),
});

/** Sends frames of these sources through a transform; answers by how much each has grown. */
async function growths(publisher: SeiPublisher, sources: readonly number[]): Promise<number[]> {
  const { readable, writable } = createSeiSenderTransform({ publisher });
  const writer = writable.getWriter();
  const reader = readable.getReader();
  const grown: number[] = [];
  for (const source of sources) {
    const written = writer.write(frameOf(source));
    const { value } = await reader.read();
    await written;
    grown.push((value as EncodedVideoFrame).data.byteLength - picture.length);
  }
  return grown;
}

describe('DEFAULT_MAX_FRAME_GROWTH', () => {
  // What the publisher itself lets into a frame is more.
  const OPTIONS = { repeatCount: 1, maxUserDataSize: 4000, maxMessagesPerFrame: 9, maxBytesPerFrame: 9000 };
  const dataOf = (size: number) => new Uint8Array(size).fill(0xff);
  const growthOf = (size: number) => START_CODE_LENGTH + createSeiNalUnit(dataOf(size)).length;
  const first = 900;
  /** The bytes of a second message, with which a frame grows by `growth`. */
  const secondFor = (growth: number): number => {
    let size = 0;
    while (growthOf(first) + growthOf(size) < growth) size++;
    return size;
  };

  it.each([
    [DEFAULT_MAX_FRAME_GROWTH - 1, true],
    [DEFAULT_MAX_FRAME_GROWTH, true],
    [DEFAULT_MAX_FRAME_GROWTH + 1, false],
  ])('is by how much messages let a frame grow: by %i is %s', async (growth, goes) => {
    const second = secondFor(growth);
    expect(growthOf(first) + growthOf(second)).toBe(growth);
    const publisher = new SeiPublisher(OPTIONS);
    for (const size of [first, second]) publisher.publishBytes(dataOf(size));
    expect(await growths(publisher, [1, 1])).toEqual(goes ? [growth, 0] : [growthOf(first), growthOf(second)]);
  });

  it('does not hold back one message that is larger by itself: it goes alone', async () => {
    const publisher = new SeiPublisher(OPTIONS);
    for (const size of [3000, 1]) publisher.publishBytes(dataOf(size));
    expect(await growths(publisher, [1, 1])).toEqual([growthOf(3000), growthOf(1)]);
  });
});

describe('MAX_TRANSFORM_LAYERS', () => {
  it.each([
    [MAX_TRANSFORM_LAYERS - 1, MAX_TRANSFORM_LAYERS - 1],
    [MAX_TRANSFORM_LAYERS, MAX_TRANSFORM_LAYERS],
    [MAX_TRANSFORM_LAYERS + 1, MAX_TRANSFORM_LAYERS],
  ])('have an injector each: of %i layers %i', async (count, live) => {
    const publisher = new SeiPublisher();
    await growths(
      publisher,
      Array.from({ length: count }, (_, i) => i + 1),
    );
    expect(publisher.stats.liveInjectors).toBe(live);
  });
});
