import { isUint8Array } from 'node:util/types';
import * as library from '../../src/index.js';
import type { ExtractOptions, StripOptions } from '../../src/index.js';
import { shaped, unusable } from './memory-shapes.js';
import { mutated, someFrame } from './mutation.js';
import type { Random } from './random.js';
import type { Side } from './sides.js';

/** A call of the library, which any side can be asked to make. */
interface Call {
  /** The function. */
  readonly name: string;
  /** What it is given; it must be the same afterwards. */
  readonly given: readonly unknown[];
  /** Makes the call. */
  run(): unknown;
}

/** A difference, a change of what was only to be read, or an answer that cannot be right. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

const ODD: readonly unknown[] = [null, 5, 'text', [], Number.NaN, -1, 0.5, 2 ** 40, {}, Symbol('odd'), () => 1];

const AVCC = Uint8Array.of(1, 66, 0, 30, 0xff, 0xe1, 0, 4, 0x67, 66, 0, 30, 1, 0, 2, 0x68, 0xce);

/** Options of framing, mostly such as are. */
function framingOptions(random: Random): Record<string, unknown> | undefined {
  if (random.oneIn(3)) return undefined;
  const options: Record<string, unknown> = {};
  if (random.below(2) === 0) options['format'] = random.pick(['annexb', 'avcc', 'rtp', undefined]);
  if (random.oneIn(3)) options['lengthSize'] = random.pick([1, 2, 4]);
  if (random.oneIn(8)) options['avcC'] = shaped(random, random.oneIn(2) ? AVCC : mutated(random, AVCC));
  if (random.oneIn(20)) options[random.pick(['format', 'lengthSize', 'avcC'])] = random.pick(ODD);
  return options;
}

/** Sometimes something that is none in the place of options; no array, whose method `filter` is an option of that name. */
const anyOptions = (random: Random, options: Record<string, unknown> | undefined) =>
  random.oneIn(60) ? random.pick(ODD.filter((each) => !Array.isArray(each))) : options;

const anyBytes = (random: Random, data: Uint8Array) => (random.oneIn(60) ? unusable(random) : shaped(random, data));

function nalUnits(random: Random): unknown {
  if (random.oneIn(60)) return random.pick(ODD);
  const units: unknown[] = Array.from({ length: random.oneIn(20) ? random.below(30) : random.below(4) }, () => {
    if (random.oneIn(60)) return unusable(random);
    const unit = library.createSeiNalUnit(random.bytes(random.length(400)));
    return shaped(random, random.oneIn(30) ? mutated(random, unit) : unit);
  });
  return units;
}

type Loose = Record<string, (...args: unknown[]) => unknown>;
const { injectSeiInto: injectInto } = library as unknown as Loose;

/** A target of some size, of its own for each call. */
function intoTarget(random: Random, frame: unknown, units: unknown, options: unknown): () => unknown {
  const room = random.oneIn(4) ? random.below(100) : 20_000 + random.below(5);
  const overlaps = random.oneIn(20);
  return () => {
    const target = overlaps ? frame : new Uint8Array(room);
    const length = injectInto(frame, units, target, options);
    return [length, (target as Uint8Array).slice(0, length as number)];
  };
}

const offsetsOf = (random: Random, data: unknown) => {
  const capacity = random.length(80);
  return () => {
    const offsets = new Uint32Array(capacity);
    const count = library.scanNalUnits(data as Uint8Array, offsets);
    return [count, [...offsets.subarray(0, Math.min(count, capacity))]];
  };
};

function callOf(name: string, ...given: unknown[]): Call {
  return { name, given, run: () => (library as unknown as Loose)[name](...given) };
}

/** The whole of the public functions on bytes, with arguments of every shape. */
/** Types of SEI payloads, right and wrong. */
function anyPayloadTypes(random: Random): unknown {
  return random.pick<unknown>([[], [5], [4, 5], [5.5], [-1], 'x', 7]);
}

const CALLS: readonly ((random: Random, data: Uint8Array) => Call)[] = [
  (random, data) => {
    const bytes = anyBytes(random, data);
    return { name: 'scanNalUnits', given: [bytes], run: offsetsOf(random, bytes) };
  },
  (random, data) =>
    callOf(
      'detectH264Format',
      anyBytes(random, data),
      random.oneIn(3) ? random.pick(['annexb', 'avcc', 'rtp', 'text']) : anyOptions(random, framingOptions(random)),
    ),
  (random, data) =>
    callOf(
      'createSeiNalUnit',
      anyBytes(random, data),
      random.oneIn(4)
        ? { uuid: random.pick([library.IVS_SEI_UUID, library.DEFAULT_SEI_UUID.toUpperCase(), 'no']) }
        : {},
    ),
  (random, data) => callOf('escapeRbsp', anyBytes(random, data)),
  (random, data) => callOf('unescapeRbsp', anyBytes(random, data)),
  (random, data) =>
    callOf(
      'splitNalUnits',
      anyBytes(random, data),
      random.oneIn(3) ? random.pick(['annexb', 'avcc', 'rtp']) : anyOptions(random, framingOptions(random)),
    ),
  (random, data) => callOf('toAnnexB', anyBytes(random, data), anyOptions(random, framingOptions(random))),
  (random, data) => {
    const options = framingOptions(random);
    if (options !== undefined && random.oneIn(2)) options['sourceLengthSize'] = random.pick([1, 2, 4, undefined]);
    return callOf('toLengthPrefixed', anyBytes(random, data), anyOptions(random, options));
  },
  ...['injectSei', 'injectSeiParts', 'injectSeiInto'].map((name) => (random: Random, data: Uint8Array): Call => {
    const options = framingOptions(random);
    if (options !== undefined && random.oneIn(2)) {
      options['maxPacketSize'] = random.oneIn(20) ? random.pick(ODD) : 1 + random.below(3000);
    }
    const given = [anyBytes(random, data), nalUnits(random), anyOptions(random, options)];
    if (name !== 'injectSeiInto') return callOf(name, ...given);
    return { name, given, run: intoTarget(random, given[0], given[1], given[2]) };
  }),
  (random, data) => {
    const options = framingOptions(random);
    if (options !== undefined && random.oneIn(2))
      options['scan'] = random.pick(['full', 'first-vcl', undefined, 'none']);
    if (options !== undefined && random.oneIn(4)) options['payloadTypes'] = anyPayloadTypes(random);
    return callOf('extractSei', anyBytes(random, data), anyOptions(random, options));
  },
  (random, data) => {
    const options = framingOptions(random);
    if (options !== undefined && random.oneIn(4))
      options['uuids'] = random.pick([[], [library.IVS_SEI_UUID], ['x'], 7]);
    else if (options !== undefined && random.oneIn(4)) options['payloadTypes'] = anyPayloadTypes(random);
    if (options !== undefined && random.oneIn(3)) {
      const size = random.below(40);
      options['filter'] = random.oneIn(20)
        ? random.pick(ODD)
        : ({ payload }: library.SeiMessage) => payload.length >= size;
    }
    return callOf('stripSei', anyBytes(random, data), anyOptions(random, options));
  },
  (random, data) =>
    callOf(
      'parseAvcDecoderConfigurationRecord',
      anyBytes(random, random.oneIn(4) ? data : mutated(random, Uint8Array.from(AVCC))),
    ),
  (random, data) => {
    const cuts = Array.from({ length: random.below(6) }, () => random.below(data.length + 1)).sort((a, b) => a - b);
    const chunks = [0, ...cuts].map((from, index) => shaped(random, data.subarray(from, cuts[index] ?? data.length)));
    const options = random.oneIn(2) ? {} : { maxAccessUnitSize: 1 + random.below(data.length + 10) };
    return {
      name: 'AccessUnitSplitter',
      given: chunks,
      run: () => {
        const splitter = new library.AccessUnitSplitter(options);
        const units = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
        if (!Buffer.concat(units).equals(data)) throw new Finding('AccessUnitSplitter has changed the stream');
        return units;
      },
    };
  },
];

/** A text that is the same for the same answer: bytes and their kind, and whether they are what was given. */
function described(value: unknown, given: readonly unknown[]): string {
  if (isUint8Array(value)) {
    const is = given.indexOf(value);
    if (is >= 0) return `argument ${is}`;
    return `${Buffer.isBuffer(value) ? 'Buffer' : 'bytes'} ${Buffer.from(value).toString('latin1')}`;
  }
  if (Array.isArray(value)) return `[${value.map((each) => described(each, given)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([key, each]) => `${key}: ${described(each, given)}`)
      .join('\n');
  }
  return String(value);
}

function outcomeOf(call: Call): string {
  try {
    return described(call.run(), call.given);
  } catch (error) {
    if (error instanceof Finding) throw error;
    // The errors that are documented have a code; any other is a mistake of the library's.
    const { name, code, message, offset } = error as library.SeiError;
    if (code === undefined) throw new Finding(`an error without a code: ${name}: ${message}`, { cause: error });
    return `${name} ${code} ${message} ${offset}`;
  }
}

const bytesIn = (given: readonly unknown[]) =>
  given
    .flat()
    .filter(isUint8Array)
    .map((each) => Buffer.from(each).toString('latin1'))
    .join('|');

function short(outcome: string): string {
  return JSON.stringify(outcome.slice(0, 400));
}

/** What `injectSei` puts in comes out again, and what it answers is what the two functions beside it answer. */
function checkInverse(random: Random, data: Uint8Array): void {
  const uuid = 'a4ad1f63-0c0b-4f6f-a3e7-5b6d3c3f0d27';
  const units = [1, 2].map(() => library.createSeiNalUnit(random.bytes(random.length(100)), { uuid }));
  const options = framingOptions(random) as (ExtractOptions & StripOptions) | undefined;
  let injected: Uint8Array;
  try {
    injected = library.injectSei(data, units, options);
  } catch (error) {
    if ((error as library.SeiError).code === undefined) throw error;
    return;
  }
  const parts = Buffer.concat(library.injectSeiParts(data, units, options));
  if (!parts.equals(injected)) throw new Finding('injectSeiParts differs from injectSei');
  if (injected === data) return;
  const format = library.detectH264Format(data, options);
  const known = { format: format.format as library.H264Format, lengthSize: format.lengthSize };
  const stripped = library.stripSei(injected, { ...known, uuids: [uuid] });
  const wasWrapped = format.rtpPacketType === 'single-nal-unit';
  const expected = wasWrapped ? injected.subarray(injected.length - data.length) : data;
  const rest = wasWrapped ? stripped.subarray(3) : stripped;
  const hasMany = library.extractSei(injected, known).length >= library.MAX_SEI_MESSAGES_PER_FRAME;
  if (!hasMany && !Buffer.from(rest).equals(expected)) throw new Finding('stripSei(injectSei(x)) is not x');
}

/**
 * Makes one call on every side and compares: answers and errors are the same, what was given is as it was, and nothing
 * is thrown that has no code.
 *
 * @throws {@link Finding}
 */
export function codecRound(random: Random, sides: readonly Side[]): void {
  const data = someFrame(random);
  const call = random.pick(CALLS)(random, data);
  const before = bytesIn(call.given);
  let expected: string | undefined;
  for (const side of sides) {
    side.use();
    const outcome = outcomeOf(call);
    expected ??= outcome;
    if (outcome !== expected) {
      throw new Finding(`${call.name}: ${side.name} answers ${short(outcome)}, ${sides[0].name} ${short(expected)}`);
    }
    if (bytesIn(call.given) !== before) throw new Finding(`${call.name}: ${side.name} has changed what it was given`);
  }
  if (random.oneIn(4)) checkInverse(random, data);
}
