import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, IVS_SEI_UUID } from '../../src/codec/uuid.js';
import { FRAGMENT_HEADER_LENGTH, type FragmentOptions, splitIntoFragments } from '../../src/wire/fragmentation.js';
import { REASSEMBLY_TIMEOUT_MS } from '../../src/wire/copies.js';
import {
  FragmentReassembler,
  MAX_COMPLETED_MESSAGES,
  MAX_PENDING_BYTES,
  MAX_PENDING_MESSAGES,
} from '../../src/receive/reassembly.js';
import { runs } from '../property/arbitraries.js';
import { expectLinearTime } from '../support/growth.js';

const SOURCE_ID = 'server';

const filler = (length: number, seed = 0) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 0xff);

const split = (data: Uint8Array, number: number, changes: Partial<FragmentOptions> = {}) =>
  splitIntoFragments(data, { uuid: DEFAULT_SEI_UUID, id: `${SOURCE_ID}-${number}`, maxUserDataSize: 400, ...changes });

const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;

describe('FragmentReassembler', () => {
  it('answers the message with its last fragment, in memory of its own', () => {
    const data = filler(1000);
    const fragments = split(data, 7);
    const reassembler = new FragmentReassembler();
    const answers = fragments.map((fragment) => {
      const bytes = fragment.slice();
      const answer = reassembler.push(bytes, 0);
      bytes.fill(0);
      return answer;
    });
    expect(answers.slice(0, -1)).toEqual([undefined, undefined]);
    expect(answers.at(-1)).toEqual({ uuid: DEFAULT_SEI_UUID, payload: data, id: `${SOURCE_ID}-7` });
    expect(answers.at(-1)?.payload.buffer.byteLength).toBe(1000);
    expect(reassembler).toMatchObject({ pending: 0, pendingBytes: 0, rejected: 0, timedOut: 0, evicted: 0 });
  });

  it('answers a message of one fragment each time, also an empty one', () => {
    const reassembler = new FragmentReassembler();
    for (const data of [filler(3), filler(0)]) {
      const [fragment] = split(data, data.length);
      for (let copy = 0; copy < 3; copy++) {
        expect(reassembler.push(fragment, copy)).toEqual({
          uuid: DEFAULT_SEI_UUID,
          payload: data,
          id: `${SOURCE_ID}-${data.length}`,
        });
      }
    }
    const [fragment] = split(filler(3), 9);
    const payload = reassembler.push(fragment, 0)?.payload;
    fragment.fill(0);
    expect(payload).toEqual(filler(3));
  });

  it('puts messages together from any order and any copies, as long as one copy of each fragment comes', () => {
    const message = fc.record({
      data: fc.integer({ min: 0, max: 3000 }).chain((length) => fc.nat(255).map((seed) => filler(length, seed))),
      maxUserDataSize: fc.integer({ min: 60, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.nat(0xffff_ffff)),
        (messages, copies, numbers) => {
          const random = () => Number(numbers.next().value) / 0x1_0000_0000;
          const arrivals = messages.flatMap(({ data, maxUserDataSize }, number) =>
            split(data, number, { maxUserDataSize }).flatMap((fragment) => {
              const arriving = 1 + Math.floor(random() * copies);
              return Array.from({ length: arriving }, () => ({ fragment, at: random() }));
            }),
          );
          arrivals.sort((a, b) => a.at - b.at);
          const reassembler = new FragmentReassembler();
          const received = new Map<string, Uint8Array>();
          arrivals.forEach(({ fragment }, i) => {
            const answer = reassembler.push(fragment, i);
            if (answer === undefined) return;
            expect(received.has(answer.id) && !same(answer.payload, received.get(answer.id)!)).toBe(false);
            received.set(answer.id, answer.payload);
          });
          expect(received.size).toBe(messages.length);
          messages.forEach(({ data }, number) => {
            expect(same(received.get(`${SOURCE_ID}-${number}`), data)).toBe(true);
          });
          expect(reassembler).toMatchObject({ pending: 0, pendingBytes: 0, rejected: 0, evicted: 0 });
        },
      ),
      runs(200),
    );
  });

  it('answers nothing for a message of which a fragment never comes', () => {
    const fragments = split(filler(4096), 1);
    fragments.forEach((_, lost) => {
      const reassembler = new FragmentReassembler();
      fragments.forEach((fragment, index) => {
        if (index !== lost) expect(reassembler.push(fragment, 0)).toBeUndefined();
      });
      expect(reassembler.pending).toBe(1);
      expect(same(reassembler.push(fragments[lost], 0)?.payload, filler(4096))).toBe(true);
    });
  });

  it('takes the largest message, split as finely as can be, last fragment first', () => {
    const data = filler(65_535);
    const reassembler = new FragmentReassembler();
    const fragments = split(data, 1, { maxUserDataSize: 38 }).reverse();
    const answers = fragments.map((fragment) => reassembler.push(fragment, 0));
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect(same(answers.at(-1)?.payload, data)).toBe(true);
  });

  it('takes a message in time that is in proportion to its fragments', () => {
    expectLinearTime(65_535, (size) => {
      const fragments = split(filler(size), 1, { maxUserDataSize: 38 }).reverse();
      return () => {
        const reassembler = new FragmentReassembler();
        for (const fragment of fragments) reassembler.push(fragment, 0);
        expect(reassembler.pending).toBe(0);
      };
    });
  });

  it('tells messages of different publishers with the same number apart', () => {
    const reassembler = new FragmentReassembler();
    const [ours] = split(filler(500), 1);
    const theirs = split(filler(500, 9), 1, { id: 'other-1' });
    reassembler.push(ours, 0);
    reassembler.push(theirs[0], 0);
    expect(reassembler.pending).toBe(2);
    expect(same(reassembler.push(theirs[1], 0)?.payload, filler(500, 9))).toBe(true);
  });

  describe('once a message is complete', () => {
    const fragments = split(filler(1000), 1);
    const complete = (reassembler: FragmentReassembler, now: number) =>
      fragments.map((fragment) => reassembler.push(fragment, now)).filter((answer) => answer !== undefined).length;

    it('takes further copies of its fragments for what they are', () => {
      const reassembler = new FragmentReassembler();
      expect(complete(reassembler, 0)).toBe(1);
      reassembler.push(fragments[2], 10);
      expect(complete(reassembler, REASSEMBLY_TIMEOUT_MS - 1)).toBe(0);
      expect(reassembler).toMatchObject({ pending: 0, rejected: 0, timedOut: 0 });
    });

    it('answers it again when it is sent again later, however often its copies came in between', () => {
      const reassembler = new FragmentReassembler();
      complete(reassembler, 0);
      complete(reassembler, REASSEMBLY_TIMEOUT_MS / 2);
      expect(complete(reassembler, REASSEMBLY_TIMEOUT_MS)).toBe(1);
    });

    it('forgets it when MAX_COMPLETED_MESSAGES others are complete', () => {
      const reassembler = new FragmentReassembler();
      complete(reassembler, 0);
      for (let number = 2; number <= MAX_COMPLETED_MESSAGES; number++) {
        for (const fragment of split(filler(400), number)) reassembler.push(fragment, 0);
      }
      expect(complete(reassembler, 0)).toBe(0);
      for (const fragment of split(filler(400), 1000)) reassembler.push(fragment, 0);
      expect(complete(reassembler, 0)).toBe(1);
    });
  });

  describe('what contradicts', () => {
    it.each([
      ['another UUID', filler(1000), { uuid: IVS_SEI_UUID }],
      ['another total length', filler(999), {}],
      ['another count', filler(1000), { maxUserDataSize: 300 }],
      ['a count of one', filler(20), {}],
    ])('is rejected and counted: %s', (_, data, changes) => {
      const reassembler = new FragmentReassembler();
      const fragments = split(filler(1000), 1);
      reassembler.push(fragments[0], 0);
      const others = split(data, 1, changes);
      for (const other of others) expect(reassembler.push(other, 0)).toBeUndefined();
      expect(reassembler).toMatchObject({ pending: 1, rejected: others.length });
      expect(reassembler.push(fragments[1], 0)).toBeUndefined();
      expect(same(reassembler.push(fragments[2], 0)?.payload, filler(1000))).toBe(true);
    });

    it('is ignored where only the data of a fragment differ: the first counts', () => {
      const reassembler = new FragmentReassembler();
      const fragments = split(filler(1000), 1);
      reassembler.push(fragments[0], 0);
      for (const other of split(filler(1000, 99), 1).slice(0, 1)) reassembler.push(other, 0);
      reassembler.push(fragments[1], 0);
      expect(same(reassembler.push(fragments[2], 0)?.payload, filler(1000))).toBe(true);
    });

    it('is counted where it is no fragment', () => {
      const reassembler = new FragmentReassembler();
      reassembler.push(new Uint8Array(0), 0);
      reassembler.push(filler(100), 0);
      expect(reassembler).toMatchObject({ pending: 0, rejected: 2 });
    });
  });

  describe('time', () => {
    it('gives a message up that gets no new fragment', () => {
      const reassembler = new FragmentReassembler();
      const fragments = split(filler(1000), 1);
      reassembler.push(fragments[0], 1000);
      reassembler.push(fragments[0], 5000);
      reassembler.expire(1000 + REASSEMBLY_TIMEOUT_MS - 1);
      expect(reassembler.pending).toBe(1);
      reassembler.expire(1000 + REASSEMBLY_TIMEOUT_MS);
      expect(reassembler).toMatchObject({ pending: 0, pendingBytes: 0, timedOut: 1, evicted: 0 });
      reassembler.push(fragments[1], 20_000);
      expect(reassembler.push(fragments[2], 20_000)).toBeUndefined();
    });

    it('waits as long as new fragments come', () => {
      const reassembler = new FragmentReassembler();
      const fragments = split(filler(3000), 1);
      const answers = fragments.map((fragment, i) => reassembler.push(fragment, i * (REASSEMBLY_TIMEOUT_MS - 1)));
      expect(same(answers.at(-1)?.payload, filler(3000))).toBe(true);
    });

    it('passes with each fragment, whatever the fragment is', () => {
      const reassembler = new FragmentReassembler();
      for (let number = 0; number < 3; number++) reassembler.push(split(filler(1000), number)[0], number * 1000);
      reassembler.push(new Uint8Array(0), REASSEMBLY_TIMEOUT_MS + 1500);
      expect(reassembler).toMatchObject({ pending: 1, timedOut: 2 });
    });
  });

  describe('bounds', () => {
    it('holds MAX_PENDING_MESSAGES; the one that has waited longest makes room', () => {
      const reassembler = new FragmentReassembler();
      const messages = Array.from({ length: MAX_PENDING_MESSAGES + 1 }, (_, number) =>
        split(filler(900, number), number),
      );
      for (const fragments of messages.slice(0, -1)) reassembler.push(fragments[0], 0);
      expect(reassembler).toMatchObject({ pending: MAX_PENDING_MESSAGES, evicted: 0 });
      reassembler.push(messages[0][1], 1);
      reassembler.push(messages[MAX_PENDING_MESSAGES][0], 2);
      expect(reassembler).toMatchObject({ pending: MAX_PENDING_MESSAGES, evicted: 1, timedOut: 0 });
      expect(same(reassembler.push(messages[0][2], 3)?.payload, filler(900, 0))).toBe(true);
      reassembler.push(messages[1][1], 3);
      expect(reassembler.push(messages[1][2], 3)).toBeUndefined();
    });

    it('holds MAX_PENDING_BYTES of fragments of large messages, and the last message all the same', () => {
      const reassembler = new FragmentReassembler();
      for (let number = 0; number < 40; number++) {
        const fragments = split(filler(65_536, number), number, { maxUserDataSize: 1024 });
        fragments.slice(1).forEach((fragment, i) => {
          reassembler.push(fragment, 0);
          if (i % 16 === 0) expect(reassembler.pendingBytes).toBeLessThanOrEqual(MAX_PENDING_BYTES);
        });
        expect(reassembler.pendingBytes).toBeLessThanOrEqual(MAX_PENDING_BYTES);
        if (number === 39) expect(same(reassembler.push(fragments[0], 0)?.payload, filler(65_536, 39))).toBe(true);
      }
      expect(reassembler.pending).toBeGreaterThanOrEqual(10);
      expect(reassembler.evicted).toBe(39 - reassembler.pending);
    });

    it('makes memory for what came, not for what a header claims', () => {
      const reassembler = new FragmentReassembler();
      const [fine] = split(filler(65_535), 1, { maxUserDataSize: 38 });
      reassembler.push(fine, 0);
      expect(reassembler.pendingBytes).toBeLessThan(9000);
      reassembler.clear();
      const [coarse] = split(filler(65_536), 2, { maxUserDataSize: 1061 });
      reassembler.push(coarse, 0);
      expect(reassembler.pendingBytes).toBeLessThan(3 * coarse.length);
    });

    it('counts its bytes to the last through whatever happens', () => {
      const messages = [300, 700, 2000, 9000].map((length, number) =>
        split(filler(length), number, { maxUserDataSize: 137 }),
      );
      const arrivals = messages.flatMap((fragments, message) => fragments.map((_, index) => ({ message, index })));
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.constantFrom(...arrivals), fc.nat(3000)), { maxLength: 200, size: 'max' }),
          (events) => {
            const reassembler = new FragmentReassembler();
            let now = 0;
            for (const [{ message, index }, elapsed] of events)
              reassembler.push(messages[message][index], (now += elapsed));
            expect(reassembler.pendingBytes > 0).toBe(reassembler.pending > 0);
            reassembler.expire(now + REASSEMBLY_TIMEOUT_MS);
            expect(reassembler).toMatchObject({ pending: 0, pendingBytes: 0 });
          },
        ),
        runs(200),
      );
    });

    it('takes a flood of messages that never get complete, in constant time each', () => {
      const reassembler = new FragmentReassembler();
      const [fragment] = split(filler(1000), 0);
      const id = fragment.subarray(FRAGMENT_HEADER_LENGTH);
      const encoder = new TextEncoder();
      let number = 0;
      const flood = (count: number) => () => {
        for (const end = number + count; number < end; number++) {
          encoder.encodeInto(String(number).padStart(8, '0'), id);
          reassembler.push(fragment, 0);
        }
      };
      expectLinearTime(100_000, flood);
      expect(reassembler).toMatchObject({ pending: MAX_PENDING_MESSAGES, evicted: number - MAX_PENDING_MESSAGES });
    });

    it('never throws for hostile bytes', () => {
      const genuine = split(filler(1000), 1);
      const hostile = fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc
          .tuple(fc.constantFrom(...genuine), fc.array(fc.tuple(fc.nat(36), fc.nat(255)), { maxLength: 4 }))
          .map(([fragment, edits]) => {
            const bytes = fragment.slice();
            for (const [at, value] of edits) bytes[at] = value;
            return bytes;
          }),
      );
      fc.assert(
        fc.property(fc.array(hostile, { maxLength: 60, size: 'max' }), (arrivals) => {
          const reassembler = new FragmentReassembler();
          arrivals.forEach((bytes, i) => reassembler.push(bytes, i));
          expect(reassembler.pending).toBeLessThanOrEqual(MAX_PENDING_MESSAGES);
        }),
        runs(300),
      );
    });
  });

  it('forgets all when it is cleared', () => {
    const reassembler = new FragmentReassembler();
    const fragments = split(filler(1000), 1);
    reassembler.push(fragments[0], 0);
    reassembler.clear();
    expect(reassembler).toMatchObject({ pending: 0, pendingBytes: 0 });
    reassembler.push(fragments[1], 0);
    expect(reassembler.push(fragments[2], 0)).toBeUndefined();
    expect(same(reassembler.push(fragments[0], 0)?.payload, filler(1000))).toBe(true);
    reassembler.clear();
    for (const fragment of fragments.slice(1)) reassembler.push(fragment, 0);
    expect(same(reassembler.push(fragments[0], 0)?.payload, filler(1000))).toBe(true);
  });
});

describe('docs/wire-format.md', () => {
  const page = readFileSync(resolve(__dirname, '../../docs/wire-format.md'), 'utf8');

  it.each([
    ['MAX_PENDING_MESSAGES', MAX_PENDING_MESSAGES],
    ['MAX_PENDING_BYTES', MAX_PENDING_BYTES],
    ['REASSEMBLY_TIMEOUT_MS', REASSEMBLY_TIMEOUT_MS],
    ['MAX_COMPLETED_MESSAGES', MAX_COMPLETED_MESSAGES],
  ])('names %s', (name, value) => {
    const [, shown] = new RegExp(`\\| \`${name}\` +\\| ([^|]*?) *\\|`).exec(page)!;
    expect(shown).toBe(value === 1 << 20 ? '1 MiB' : value.toLocaleString('en-US'));
  });
});
