import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LATE_PACKETS_TO_RESTART,
  MAX_REORDER_BYTES,
  MAX_SEQUENCE_NUMBER_GAP,
  ReorderBuffer,
  type ReorderOptions,
} from '../../src/rtp/reorder-buffer.js';
import { createRtpPacket, readSequenceNumber } from '../../src/rtp/rtp-packet.js';
import { runs } from '../property/arbitraries.js';
import { disturb } from './network.js';

const packetOf = (sequenceNumber: number, length = 4) =>
  createRtpPacket({ payloadType: 96, sequenceNumber, rtpTimestamp: 0, ssrc: 1 }, [new Uint8Array(length)]);

/** A buffer, and what has come out of it: a minus sign stands in front of a packet with a gap before it. */
function setup(options: ReorderOptions = {}) {
  const out: string[] = [];
  const buffer = new ReorderBuffer(
    (packet, isContinuous) => {
      out.push(`${isContinuous ? '' : '-'}${readSequenceNumber(packet)}`);
    },
    { now: () => 0, ...options },
  );
  const push = (...sequenceNumbers: number[]) => {
    for (const sequenceNumber of sequenceNumbers) {
      const packet = packetOf(sequenceNumber);
      buffer.push(packet);
      // The caller may use the memory again.
      packet.fill(0xff);
    }
    return out.splice(0);
  };
  return { buffer, out, push };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => (from + i) & 0xffff);

describe('packets in front of the very first', () => {
  function setupInFront(windowPackets: number) {
    const inFront: number[] = [];
    const buffer = new ReorderBuffer(
      () => {},
      { now: () => 0, windowPackets },
      (packet) => void inFront.push(readSequenceNumber(packet)),
    );
    const push = (...sequenceNumbers: number[]) => {
      for (const sequenceNumber of sequenceNumbers) buffer.push(packetOf(sequenceNumber));
      return inFront.splice(0);
    };
    return { buffer, push };
  }

  it('are taken within the window, each once, also through the wrap', () => {
    const { buffer, push } = setupInFront(4);
    expect(push(1, 0, 65_535, 0, 65_534, 65_533, 2)).toEqual([0, 65_535, 65_534]);
    expect(buffer.stats).toEqual({ packetsLost: 0, packetsLate: 2, restarts: 0 });
  });

  it('are too late once the window has gone on, and where it is of one packet', () => {
    const { push } = setupInFront(4);
    expect(push(10, 11, 12, 13, 9, 14, 8)).toEqual([9]);
    expect(setupInFront(1).push(10, 9)).toEqual([]);
  });

  it('are none in front of a later series, nor behind a flush', () => {
    const { buffer, push } = setupInFront(64);
    expect(push(10, 20_000, 20_001, 19_999)).toEqual([]);
    expect(buffer.stats.restarts).toBe(1);
    const flushed = setupInFront(64);
    flushed.push(10);
    flushed.buffer.flush();
    expect(flushed.push(12, 11)).toEqual([]);
  });
});

describe('packets', () => {
  it('in order go on at once, through the wrap', () => {
    const { buffer, push } = setup();
    expect(push(65_534)).toEqual(['-65534']);
    expect(push(65_535)).toEqual(['65535']);
    expect(push(0)).toEqual(['0']);
    expect(push(1)).toEqual(['1']);
    expect(buffer.stats).toEqual({ packetsLost: 0, packetsLate: 0, restarts: 0 });
  });

  it('that come early wait for those in front of them', () => {
    const { push } = setup();
    push(65_534);
    expect(push(1, 65_535)).toEqual(['65535']);
    expect(push(3)).toEqual([]);
    expect(push(0)).toEqual(['0', '1']);
    expect(push(2)).toEqual(['2', '3']);
  });

  it('that come once more are left out, held or handed on', () => {
    const { buffer, push } = setup();
    push(10);
    expect(push(12, 12, 10)).toEqual([]);
    expect(push(11, 11, 12)).toEqual(['11', '12']);
    expect(buffer.stats).toMatchObject({ packetsLate: 4, packetsLost: 0 });
  });

  it('are given up where the window is full of later ones', () => {
    const { buffer, push } = setup({ windowPackets: 4 });
    push(10);
    expect(push(12, 13, 14)).toEqual([]);
    expect(push(15)).toEqual(['-12', '13', '14', '15']);
    expect(push(11)).toEqual([]);
    expect(push(18, 26)).toEqual(['-18']);
    expect(push(23, 24, 25)).toEqual(['-23', '24', '25', '26']);
    expect(buffer.stats).toMatchObject({ packetsLost: 1 + 2 + 4, packetsLate: 1 });
  });

  it('are not waited for where the window is 1', () => {
    const { push } = setup({ windowPackets: 1 });
    expect(push(10, 12, 11, 13, 17)).toEqual(['-10', '-12', '13', '-17']);
  });

  it('are given up after a time, which is counted from the first that waits', () => {
    let now = 1000;
    const { push } = setup({ windowMs: 50, now: () => now });
    push(10, 12);
    now += 30;
    expect(push(14)).toEqual([]);
    now += 20;
    expect(push(15)).toEqual([]);
    now += 1;
    expect(push(16)).toEqual(['-12']);
    now += 28;
    expect(push(17)).toEqual([]);
    now += 2;
    expect(push(18)).toEqual(['-14', '15', '16', '17', '18']);
  });

  it('are not waited for by a clock that was set back', () => {
    let now = 1000;
    const { push } = setup({ now: () => now });
    push(10, 12);
    now = 0;
    expect(push(13)).toEqual(['-12', '13']);
  });

  it('are held up to a number of bytes', () => {
    const { buffer, out } = setup({ windowPackets: 1024 });
    buffer.push(packetOf(0));
    const size = 60_000;
    for (let i = 2; i < 2 + Math.floor(MAX_REORDER_BYTES / size); i++) buffer.push(packetOf(i, size));
    expect(out).toEqual(['-0']);
    buffer.push(packetOf(100, size));
    expect(out.slice(0, 3)).toEqual(['-0', '-2', '3']);
    expect(out).toHaveLength(1 + Math.floor(MAX_REORDER_BYTES / size));
  });

  it('that are held come out at the end, and then a new series begins', () => {
    const { buffer, out, push } = setup();
    push(10, 12, 15);
    buffer.flush();
    expect(out.splice(0)).toEqual(['-12', '-15']);
    expect(push(11, 12)).toEqual(['-11', '12']);
    buffer.flush();
    expect(out).toEqual([]);
  });
});

describe('a series that starts anew', () => {
  it('is taken from its second packet on, with the first', () => {
    const { buffer, push } = setup();
    push(10, 12);
    expect(push(40_000)).toEqual([]);
    expect(push(40_001)).toEqual(['-12', '-40000', '40001']);
    expect(push(40_002)).toEqual(['40002']);
    expect(buffer.stats).toEqual({ packetsLost: 1, packetsLate: 0, restarts: 1 });
  });

  it('is none where a packet alone is far from all others', () => {
    const { buffer, push } = setup();
    push(10);
    expect(push(40_000, 11, 40_001, 50_000, 12)).toEqual(['11', '12']);
    expect(buffer.stats).toEqual({ packetsLost: 0, packetsLate: 3, restarts: 0 });
  });

  it('is one too where it begins a little behind', () => {
    const { buffer, push } = setup();
    push(...range(1000, 1010));
    const late = range(500, 500 + LATE_PACKETS_TO_RESTART + 2);
    expect(push(...late)).toEqual([`-${late.at(-3)!}`, `${late.at(-2)!}`, `${late.at(-1)!}`]);
    expect(buffer.stats).toMatchObject({ restarts: 1, packetsLate: LATE_PACKETS_TO_RESTART - 1 });
  });

  it('is none where packets that were lost are sent again between new ones', () => {
    const { buffer, push } = setup();
    push(...range(1000, 1100));
    const resent = range(900, 1000).flatMap((late, i) => (i % 8 === 7 ? [late, 1100 + (i - 7) / 8] : [late]));
    expect(push(...resent)).toEqual(range(1100, 1112).map(String));
    expect(buffer.stats).toMatchObject({ restarts: 0, packetsLate: 100 });
  });

  it('is a gap up to a distance', () => {
    const { buffer, push } = setup({ windowPackets: 2 });
    push(0);
    const far = 1 + MAX_SEQUENCE_NUMBER_GAP;
    expect(push(far)).toEqual([]);
    expect(push(1, far)).toEqual(['1']);
    expect(push(far + 1)).toEqual([`-${far}`, `${far + 1}`]);
    expect(buffer.stats).toEqual({ restarts: 0, packetsLost: far - 2, packetsLate: 1 });
  });
});

it('puts any order within the window right', () => {
  const arbitrary = fc.record({
    first: fc.nat(0xffff),
    count: fc.integer({ min: 1, max: 300 }),
    seed: fc.nat(),
    windowPackets: fc.integer({ min: 10, max: 40 }),
    loss: fc.constantFrom(0, 0.05, 0.3),
  });
  fc.assert(
    fc.property(arbitrary, ({ first, count, seed, windowPackets, loss }) => {
      const { buffer, out, push } = setup({ windowPackets });
      push(first);
      const sent = range(first + 1, first + 1 + count);
      const arriving = disturb(sent, { loss, reordering: 0.3, maxDelay: 8, duplicates: 0.1, seed });
      const kept = new Set(arriving);
      out.push(...push(...arriving));
      buffer.flush();
      const expected = sent
        .map((number, i) => [number, i === 0 || kept.has(sent[i - 1])] as const)
        .filter(([number]) => kept.has(number))
        .map(([number, isContinuous]) => `${isContinuous ? '' : '-'}${number}`);
      expect(out).toEqual(expected);
      const last = sent.findLastIndex((number) => kept.has(number));
      expect(buffer.stats).toEqual({
        packetsLost: last + 1 - kept.size,
        packetsLate: arriving.length - kept.size,
        restarts: 0,
      });
    }),
    runs(300),
  );
});

it('takes any numbers, and gives every packet at most once', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(0xffff), fc.nat(70)), { maxLength: 400 }), (sequenceNumbers) => {
      const { buffer, out, push } = setup({ windowPackets: 8 });
      const before = push(...sequenceNumbers);
      buffer.flush();
      const { packetsLate } = buffer.stats;
      expect(before.length + out.length + packetsLate).toBe(sequenceNumbers.length);
    }),
    runs(500),
  );
});

it.each([
  [{ windowPackets: 0 }, RangeError],
  [{ windowPackets: 1025 }, RangeError],
  [{ windowPackets: 2.5 }, RangeError],
  [{ windowPackets: '4' }, TypeError],
  [{ windowMs: -1 }, RangeError],
  [{ windowMs: NaN }, RangeError],
  [{ now: 7 }, TypeError],
])('refuses %o', (options, error) => {
  expect(() => new ReorderBuffer(() => {}, options as ReorderOptions)).toThrow(error);
});
