import fc from 'fast-check';
import { AccessUnitSplitter, SeiInjector, SeiPublisher, stripSei, type SeiPublisherOptions } from '../../src/index.js';
import type { StreamCore } from '../../src/streams/stream-core.js';

/** A moment that stays, so that nothing expires and no budget depends on how fast a test runs. */
const NOW = 1_700_000_000_000;

/** What one message of {@link busyPublisher} says. */
export const TEXT = 'into every picture';

/** A publisher whose one message goes into each picture of a stream, up to 64 of them. */
export function busyPublisher(options: SeiPublisherOptions = {}): SeiPublisher {
  const publisher = new SeiPublisher({ now: () => NOW, repeatCount: 64, ...options });
  publisher.publishText(TEXT);
  return publisher;
}

/** The access units of a whole byte stream. */
export function accessUnitsOf(annexB: Uint8Array): Uint8Array[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(annexB), ...splitter.flush()];
}

/** What a stream should make of a byte stream: each access unit by itself goes through an injector. */
export function injectedByAccessUnit(annexB: Uint8Array, publisher: SeiPublisher): Buffer {
  const injector = new SeiInjector({ publisher, format: 'annexb' });
  return Buffer.concat(accessUnitsOf(annexB).map((accessUnit) => injector.inject(accessUnit)));
}

/** The byte stream without the messages in it. */
export function stripped(annexB: Uint8Array): Buffer {
  return Buffer.concat(accessUnitsOf(annexB).map((accessUnit) => stripSei(accessUnit, { format: 'annexb' })));
}

/** Cuts data into chunks of these lengths, the last one repeated; each has memory of its own. */
export function chunksOf(data: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < data.length; i++) {
    const length = lengths[Math.min(i, lengths.length - 1)];
    chunks.push(Uint8Array.from(data.subarray(at, at + length)));
    at += length;
  }
  return chunks;
}

/** Lengths of chunks: tiny, some, large, and nothing at all in between. */
export const chunkLengths: fc.Arbitrary<number[]> = fc
  .tuple(
    fc.array(fc.oneof(fc.nat(8), fc.nat(300), fc.nat(70_000)), { maxLength: 20 }),
    fc.integer({ min: 1, max: 9000 }),
  )
  .map(([lengths, last]) => [...lengths, last]);

/** All that comes out of a stream's inside, where each chunk is overwritten once it has been taken. */
export function outputOf<Output>(core: StreamCore<Output, unknown>, chunks: readonly Uint8Array[]): Output[] {
  const outputs = chunks.flatMap((chunk) => {
    const output = [...core.push(chunk)];
    chunk.fill(0xff);
    return output;
  });
  return [...outputs, ...core.flush()];
}
