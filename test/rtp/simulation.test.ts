/**
 * Every stream there is, over a network that loses, reorders and repeats packets, through an injector: what a receiver
 * makes of it is what it would make of the stream without.
 */
import { describe, expect, it } from 'vitest';
import { AccessUnitSplitter, splitNalUnits } from '../../src/index.js';
import { describeWith } from '../support/skip.js';
import { type Stream, conformanceStreams, conformanceTool, fixtureClips } from '../support/streams.js';
import { accessUnitsIn, expectOneMeaning, inject, missing, packetsOf } from './injected-series.js';
import { disturb } from './network.js';

const NETWORKS = {
  'nothing happens': {},
  '5 % loss': { loss: 0.05 },
  reordering: { reordering: 0.05 },
  'loss, reordering, duplicates': { loss: 0.05, reordering: 0.05, duplicates: 0.05 },
};

function testStreams(streams: readonly Stream[]): void {
  const sizes = [300, 1200, 9000];
  it.each(streams.flatMap((stream) => sizes.map((size) => ({ name: stream.name, stream, size }))))(
    '$name, $size bytes',
    ({ stream, size }) => {
      const splitter = new AccessUnitSplitter();
      const accessUnits = [...splitter.push(stream.read()), ...splitter.flush()].map((accessUnit) =>
        splitNalUnits(accessUnit, 'annexb'),
      );
      const packets = packetsOf(accessUnits, { maxPacketSize: size, sequenceNumber: 65_000 });
      for (const [seed, [network, disturbance]] of Object.entries(NETWORKS).entries()) {
        const arriving = disturb(packets, { ...disturbance, seed: seed + size });
        const { inputs, outputs, injector } = inject(arriving, seed, { maxPacketSize: size });
        const received = expectOneMeaning(inputs);
        const sent = expectOneMeaning(outputs);
        expect(missing(outputs), network).toBe(missing(inputs));
        expect(sent.length, network).toBe(received.length + injector.stats.addedPackets);
        expect(accessUnitsIn(sent), network).toEqual(accessUnitsIn(received));
        expect(Math.max(...sent.map(({ length }) => length))).toBeLessThanOrEqual(size);
        expect(injector.stats.dropped + injector.stats.malformed + injector.stats.restarts, network).toBe(0);
        if (accessUnits.length > 20) expect(injector.stats.pictures, network).toBeGreaterThan(4);
      }
    },
  );
}

describe('the clips', () => {
  testStreams(fixtureClips);
});

describeWith(conformanceTool, 'conformance streams', () => {
  testStreams(conformanceStreams);
});
