/** The splitter with the scan of each backend; what it takes for an access unit is tested beside the codec. */
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import { fixtureClips } from '../support/streams.js';
import { annexB, codeOf, concat, nal, numbers } from './frames.js';

describeEachBackend('AccessUnitSplitter', ({ AccessUnitSplitter, MAX_ACCESS_UNIT_SIZE }) => {
  const split = (data: Uint8Array, chunkLength: number, options?: { maxAccessUnitSize: number }) => {
    const splitter = new AccessUnitSplitter(options);
    const units: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += chunkLength) {
      units.push(...splitter.push(data.subarray(at, at + chunkLength)));
    }
    return [...units, ...splitter.flush()];
  };

  for (const clip of fixtureClips) {
    it(`cuts ${clip.name} as its encoder did, however it is chunked`, () => {
      const data = clip.read();
      for (const chunkLength of [1, 7, 188, 1316, 4096, data.length]) {
        if (chunkLength === 1 && data.length > 60_000) continue;
        const units = split(data, chunkLength);
        expect([chunkLength, units.map(({ length }) => length)]).toEqual([chunkLength, clip.accessUnitSizes]);
        expect(Buffer.compare(Buffer.concat(units), data)).toBe(0);
      }
    });
  }

  it('cuts an access unit that is larger than it may be', () => {
    expect(MAX_ACCESS_UNIT_SIZE).toBe(16_777_216);
    const data = concat(annexB(nal.sps, nal.idr), new Uint8Array(500).fill(0x55), annexB(nal.aud, nal.p));
    const units = split(data, 10, { maxAccessUnitSize: 100 });
    expect(numbers(concat(...units))).toEqual(numbers(data));
    expect(Math.max(...units.map(({ length }) => length))).toBeLessThan(200);
  });

  it('reads memory that threads share, and does not answer it', () => {
    const data = annexB(nal.idr, nal.aud, nal.p);
    const shared = new Uint8Array(new SharedArrayBuffer(data.length));
    shared.set(data);
    const splitter = new AccessUnitSplitter();
    const units = splitter.push(shared);
    shared.fill(0);
    units.push(...splitter.flush());
    expect(units.map(numbers)).toEqual([annexB(nal.idr), annexB(nal.aud, nal.p)].map(numbers));
  });

  it('refuses what is no chunk and what is no size', () => {
    const splitter = new AccessUnitSplitter();
    for (const chunk of [undefined, null, 'chunk', [0, 0, 1], new ArrayBuffer(4)]) {
      expect(codeOf(() => splitter.push(chunk as unknown as Uint8Array))).toBe('ERR_INVALID_ARG_TYPE');
    }
    const detached = Uint8Array.from(nal.p);
    new MessageChannel().port1.postMessage(detached, [detached.buffer]);
    expect(codeOf(() => splitter.push(detached))).toBe('ERR_SEI_DETACHED_BUFFER');
    for (const maxAccessUnitSize of [0, -1, 1.5, Number.NaN]) {
      expect(codeOf(() => new AccessUnitSplitter({ maxAccessUnitSize }))).toBe('ERR_OUT_OF_RANGE');
    }
    expect(splitter.flush()).toEqual([]);
  });
});
