/**
 * Each backend and kernel against the plain TypeScript: every function of the interface, on the same bytes at every
 * alignment of the memory below them. All must answer the same number and write the same bytes, and none beyond its
 * target.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { Framing } from '../../src/codec/framing.js';
import {
  locatedOffset,
  BOUNDS_LENGTH,
  packedCount,
  packedFraming,
  SEI_RECORD_LENGTH,
  SeiFlag,
  SeiRecord,
} from '../../src/codec/results.js';
import { loadWithoutBuffer, reportMissingAddon, testedBackends } from '../support/backends.js';
import { fixtureClips } from '../support/streams.js';
import { SEED, accessUnit, anyBytes, runs } from './arbitraries.js';

const ALIGNMENTS = 64;
const GUARD = 0xc5;
const CAPACITIES = [0, 1, 3, 1000];
const HINTS = Object.values(Framing);

const reference = testedBackends[0].backend;
let cases = 0;

/** The same bytes, `alignment` bytes behind a multiple of 64, with others on both sides that look like more of them. */
function placed(data: Uint8Array, alignment: number): Uint8Array {
  const memory = new Uint8Array(data.length + 3 * ALIGNMENTS);
  // A start code that is only complete with a byte from outside must not be found.
  for (let at = 0; at < memory.length; at++) memory[at] = at % 3 === 2 ? 1 : 0;
  const at = ALIGNMENTS + alignment;
  memory.set(data, at);
  return memory.subarray(at, at + data.length);
}

/** Runs `write` on guarded memory of this size; answers what it answers and what it has written. */
function written(size: number, alignment: number, write: (target: Uint8Array) => number): unknown {
  const memory = new Uint8Array(size + 2 * ALIGNMENTS).fill(GUARD);
  const result = write(memory.subarray(alignment, alignment + size));
  return {
    result,
    memory: Buffer.from(memory.subarray(alignment, alignment + Math.max(0, result))).toString('hex'),
    isIntact: guardsOf(memory, alignment, size),
  };
}

function guardsOf(memory: Uint8Array, from: number, size: number): boolean {
  const outside = [memory.subarray(0, from), memory.subarray(from + size)];
  return outside.every((guard) => guard.every((byte) => byte === GUARD));
}

const md5 = (data: Uint8Array) => createHash('md5').update(data).digest('hex');

/** Everything that a backend says about these bytes. */
function answers(backend: Backend, data: Uint8Array, alignment: number): unknown[] {
  const result: unknown[] = [];
  for (const capacity of CAPACITIES) {
    const offsets = new Uint32Array(capacity + 1).fill(GUARD);
    const count = backend.scanStartCodes(data, offsets.subarray(0, capacity));
    result.push(count, Array.from(offsets.subarray(0, Math.min(count, capacity))), offsets[capacity]);
  }
  const escapedLength = backend.escapedLength(data);
  result.push(escapedLength);
  result.push(written(escapedLength, alignment, (target) => backend.escape(data, target)));
  result.push(written(data.length, alignment, (target) => backend.unescape(data, target)));
  for (const hint of HINTS) result.push(backend.detect(data, hint));
  for (const hint of HINTS) {
    for (const isFirstVclEnd of [false, true]) {
      result.push(extracted(backend, data, hint, isFirstVclEnd, 60, data.length));
    }
    result.push(extracted(backend, data, hint, false, 1, data.length));
    result.push(extracted(backend, data, hint, false, 60, data.length >> 2));
  }
  return result;
}

function extracted(
  backend: Backend,
  data: Uint8Array,
  hint: number,
  isFirstVclEnd: boolean,
  capacity: number,
  scratchLength: number,
): unknown {
  const records = new Uint32Array(SEI_RECORD_LENGTH * capacity + 3).fill(GUARD);
  const memory = new Uint8Array(scratchLength + 2 * ALIGNMENTS).fill(GUARD);
  const scratch = memory.subarray(ALIGNMENTS, ALIGNMENTS + scratchLength);
  const count = backend.extractSeiRecords(data, hint, isFirstVclEnd, records, scratch);
  const filled = Math.max(0, Math.min(packedCount(count), capacity));
  const table = records.subarray(0, SEI_RECORD_LENGTH * filled);
  const payloads: string[] = [];
  for (let at = 0; at < table.length; at += SEI_RECORD_LENGTH) {
    const bytes = (table[at + SeiRecord.flags] & SeiFlag.inScratch) === 0 ? data : scratch;
    const start = table[at + SeiRecord.payloadOffset];
    payloads.push(Buffer.from(bytes.subarray(start, start + table[at + SeiRecord.payloadLength])).toString('hex'));
  }
  const isIntact =
    records.subarray(SEI_RECORD_LENGTH * capacity).every((value) => value === GUARD) &&
    guardsOf(memory, ALIGNMENTS, scratchLength);
  return { count, table: Array.from(table), payloads, isIntact };
}

const units = [Uint8Array.of(6, 5, 1, 7, 0x80), Uint8Array.from({ length: 300 }, (_, i) => (i === 0 ? 6 : 0x55))];

/** Everything that a backend does to put SEI into a frame. */
function injections(backend: Backend, frame: Uint8Array, alignment: number): unknown[] {
  const room = frame.length + 400;
  const everySize = (write: (target: Uint8Array) => number): unknown[] => {
    const whole = written(room, alignment, write) as { result: number };
    const exact = Math.max(0, whole.result);
    return [whole, written(exact, alignment, write), written(Math.max(0, exact - 1), alignment, write)];
  };
  return HINTS.flatMap((hint) => {
    const location = backend.locate(frame, hint);
    return [units.slice(0, 1), units].flatMap((nalUnits) => [
      location,
      ...(locatedOffset(location) < 0 ? [] : everySize((target) => backend.splice(frame, nalUnits, target, location))),
      ...[40, 1200].flatMap((maxPacketSize) =>
        everySize((target) => backend.inject(frame, nalUnits, target, hint, maxPacketSize)),
      ),
    ]);
  });
}

/** Everything that a backend does to take SEI out of a frame, by a choice that depends on the index alone. */
function removals(backend: Backend, frame: Uint8Array, alignment: number): unknown[] {
  const records = new Uint32Array(SEI_RECORD_LENGTH * 64);
  const scratch = new Uint8Array(frame.length);
  return HINTS.flatMap((hint) => {
    const found = backend.extractSeiRecords(frame, hint, false, records, scratch);
    const count = Math.min(packedCount(found), 64);
    return [1, 2, 3].flatMap((step) => {
      const isRemoved = Uint8Array.from({ length: count }, (_, index) => (index % step === 0 ? 1 : 0));
      const write = (target: Uint8Array) => backend.removeSei(frame, packedFraming(found), records, isRemoved, target);
      if (count === 0) return [found];
      const whole = written(2 * frame.length, alignment, write) as { result: number };
      const tooSmall = Math.max(0, whole.result - 1);
      return [
        found,
        whole,
        backend.removeSei(frame, packedFraming(found), records, isRemoved, new Uint8Array(tooSmall)),
      ];
    });
  });
}

/** Everything that a backend does to split a frame and join it in another framing. */
function conversions(backend: Backend, frame: Uint8Array, alignment: number): unknown[] {
  return HINTS.flatMap((hint) =>
    [0, 2, 64].flatMap((capacity) => {
      const bounds = new Uint32Array(BOUNDS_LENGTH * capacity + 1);
      const split = backend.splitNalUnits(frame, hint, bounds);
      const count = packedCount(split);
      if (split < 0 || count > capacity) return [split];
      const table = bounds.slice(0, BOUNDS_LENGTH * count);
      const joined = [Framing.annexb, Framing.avcc2, Framing.avcc4].map((framing) =>
        written(3 * frame.length + 8, alignment, (target) => backend.joinNalUnits(frame, table, framing, target)),
      );
      return [
        split,
        Array.from(table),
        ...joined,
        backend.joinNalUnits(frame, table, Framing.avcc4, new Uint8Array(3)),
      ];
    }),
  );
}

const frames = fc
  .tuple(accessUnit, fc.constantFrom(3, 4, -1, -2, -4, 24, 0), fc.nat(300), fc.nat(255))
  .map(([nalUnits, framing, at, value]) => {
    const lengthOf = (length: number, size: number) =>
      Array.from({ length: size }, (_, i) => (length >> (8 * (size - 1 - i))) & 0xff);
    const frameOf = (): number[] => {
      if (framing === 0) return [...nalUnits[0]];
      if (framing === 24) return [0x78, ...nalUnits.flatMap((each) => [...lengthOf(each.length, 2), ...each])];
      if (framing > 0) return nalUnits.flatMap((each) => [...new Array<number>(framing - 1).fill(0), 1, ...each]);
      return nalUnits.flatMap((each) => [...lengthOf(each.length, -framing), ...each]);
    };
    const frame = frameOf();
    // Two in three frames have one wrong byte.
    if (at % 3 !== 0) frame[at % frame.length] = value;
    return Uint8Array.from(frame);
  });

describe('each backend answers as TypeScript does', () => {
  const others: { name: string; backend: Backend }[] = testedBackends
    .slice(1)
    .map(({ name, backend }) => ({ name, backend }));
  beforeAll(async () => {
    others.push(await loadWithoutBuffer());
    console.log(`differential: seed ${SEED}, ${others.map(({ name }) => name).join(', ')} against ${reference.name}`);
  });

  const compare = (data: Uint8Array, alignments: readonly number[], ask: typeof answers) => {
    const expected = ask(reference, data, 0);
    for (const alignment of alignments) {
      const view = placed(data, alignment);
      for (const { name, backend } of others) {
        cases++;
        expect([name, alignment, ask(backend, view, alignment)]).toEqual([name, alignment, expected]);
      }
    }
    expect(expected).toEqual(expect.not.arrayContaining([expect.objectContaining({ isIntact: false })]));
  };
  const everyAlignment = Array.from({ length: ALIGNMENTS }, (_, alignment) => alignment);

  it('about bytes of every kind at one alignment each', () => {
    fc.assert(
      fc.property(anyBytes, fc.nat(ALIGNMENTS - 1), (data, alignment) => {
        compare(data, [alignment], answers);
      }),
      runs(1500),
    );
  });

  it('about bytes of every kind at every alignment', () => {
    fc.assert(
      fc.property(anyBytes, (data) => {
        compare(data, everyAlignment, answers);
      }),
      runs(25),
    );
  });

  it('about frames, good and broken, at one alignment each', () => {
    fc.assert(
      fc.property(fc.oneof(frames, anyBytes), fc.nat(ALIGNMENTS - 1), (frame, alignment) => {
        compare(frame, [alignment], injections);
        compare(frame, [alignment], removals);
        compare(frame, [alignment], conversions);
        compare(frame, [alignment], answers);
      }),
      runs(600),
    );
  });

  it('about frames at every alignment', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        compare(frame, everyAlignment, injections);
        compare(frame, everyAlignment, removals);
        compare(frame, everyAlignment, conversions);
      }),
      runs(10),
    );
  });

  it('about whole clips', () => {
    for (const clip of fixtureClips) {
      const data = clip.read();
      for (const { name, backend } of others) {
        const ask = (each: Backend, view: Uint8Array) => {
          const offsets = new Uint32Array(4096);
          const escaped = new Uint8Array(each.escapedLength(view));
          const unescaped = new Uint8Array(view.length);
          const numbers = [
            each.escape(view, escaped),
            each.unescape(view, unescaped),
            each.scanStartCodes(view, offsets),
          ];
          // What lies in the target behind the answer is nobody's business.
          return [
            ...numbers,
            md5(escaped),
            md5(unescaped.subarray(0, numbers[1])),
            md5(new Uint8Array(offsets.buffer)),
          ];
        };
        cases++;
        expect([clip.name, name, ask(backend, placed(data, 13))]).toEqual([clip.name, name, ask(reference, data)]);
      }
    }
  });

  reportMissingAddon();

  afterAll(() => {
    console.log(`differential: ${cases} cases`);
  });

  it('was asked at least 10000 times where the addon is there', () => {
    expect(cases).toBeGreaterThanOrEqual(testedBackends.length > 1 ? 10_000 : 3000);
  });
});
