/**
 * That nothing grows faster than its input: the cost per NAL unit and per SEI message at 10,000 in a frame against that
 * at 1,000, and per byte of streams of 1, 10 and 100 times the size.
 */
import type * as Index from '../../src/index.js';
import type { Comparison, Side, Task } from '../harness/comparison.js';
import { atMost } from '../harness/targets.js';
import { bytesOf } from '../inputs.js';
import { createSeiNalUnit, toLengthPrefixed } from '../../src/index.js';

const MOST = 1.5;
const FEW = 1_000;
const MANY = 10_000;
const MEBIBYTE = 1024 * 1024;

type Library = typeof Index;

const START_CODE = Uint8Array.of(0, 0, 0, 1);
const SLICE = Uint8Array.of(0x65, 0x88, 0x84, 0x00, 0x21, 0xff, 0xfe, 0xf6);
const MESSAGE = createSeiNalUnit(Buffer.from('{"n":1}'));

function byteStream(nalUnits: readonly Uint8Array[]): Buffer {
  return Buffer.concat(nalUnits.flatMap((nalUnit) => [START_CODE, nalUnit]));
}

/** One picture of so many slices, which is what hostile and what very careful encoders make. */
function slices(count: number): Buffer {
  return byteStream(Array<Uint8Array>(count).fill(SLICE));
}

/** A picture behind so many SEI NAL units of one message each. */
function messages(count: number): Buffer {
  return byteStream([...Array<Uint8Array>(count).fill(MESSAGE), SLICE]);
}

/** A picture behind one SEI NAL unit with so many messages. */
function messagesInOne(count: number): Buffer {
  // Without its header and its rbsp_trailing_bits, a SEI NAL unit of one message is the message.
  const message = MESSAGE.subarray(1, -1);
  const nalUnit = [MESSAGE.subarray(0, 1), ...Array<Uint8Array>(count).fill(message), MESSAGE.subarray(-1)];
  return byteStream([Buffer.concat(nalUnit), SLICE]);
}

interface Counted {
  readonly name: string;
  readonly unit: string;
  readonly input: (count: number) => Uint8Array;
  readonly call: (library: Library, data: Uint8Array) => number;
}

const offsets = new Uint32Array(2 * MANY);

const COUNTED: readonly Counted[] = [
  {
    name: 'scanNalUnits',
    unit: 'NAL units',
    input: slices,
    call: (library, data) => library.scanNalUnits(data, offsets),
  },
  {
    name: 'splitNalUnits',
    unit: 'NAL units',
    input: slices,
    call: (library, data) => library.splitNalUnits(data).length,
  },
  {
    name: 'toLengthPrefixed',
    unit: 'NAL units',
    input: slices,
    call: (library, data) => library.toLengthPrefixed(data).length,
  },
  {
    name: 'injectSei behind NAL units',
    unit: 'NAL units',
    input: messages,
    call: (library, data) => library.injectSei(data, [MESSAGE]).length,
  },
  {
    name: 'injectSei of NAL units',
    unit: 'NAL units',
    input: slices,
    call: (library, data) => library.injectSei(data, Array<Uint8Array>(data.length / 12).fill(MESSAGE)).length,
  },
  {
    name: 'detectH264Format, avcc',
    unit: 'NAL units',
    input: (count) => toLengthPrefixed(slices(count)),
    call: (library, data) => (library.detectH264Format(data).isH264 ? 1 : 0),
  },
  {
    name: 'extractSei, a NAL unit each',
    unit: 'messages',
    input: messages,
    call: (library, data) => library.extractSei(data).length,
  },
  {
    name: 'extractSei, all in one NAL unit',
    unit: 'messages',
    input: messagesInOne,
    call: (library, data) => library.extractSei(data).length,
  },
  {
    name: 'stripSei, a NAL unit each',
    unit: 'messages',
    input: messages,
    call: (library, data) => library.stripSei(data).length,
  },
  {
    name: 'stripSei, every other one of one NAL unit',
    unit: 'messages',
    input: messagesInOne,
    call(library, data) {
      let number = 0;
      return library.stripSei(data, { filter: () => number++ % 2 === 0 }).length;
    },
  },
];

function perItem({ name, unit, input, call }: Counted): Comparison {
  const task = (library: Library, count: number): Task => {
    const data = input(count);
    const run = () => call(library, data);
    return { run, answer: run, bytes: data.length, items: count };
  };
  const target = (side: string) => atMost('linear', MOST, `${side}, ${MANY}`, `${side}, ${FEW}`, MANY, FEW);
  return {
    name: `${name}, by their number`,
    items: { unit, count: 1 },
    quick: true,
    sides: 'all',
    tasks: ({ library }) => ({ [FEW]: task(library, FEW), [MANY]: task(library, MANY) }),
    targets: ['native', 'typescript', 'auto'].map(target),
  };
}

const STREAM_FACTORS = [1, 10, 100];

/** A whole stream in pieces of 64 KiB, as a file or a socket gives them. */
function splitStream({ library }: Side, data: Uint8Array): number {
  const splitter = new library.AccessUnitSplitter();
  let accessUnits = 0;
  for (let at = 0; at < data.length; at += 65_536) accessUnits += splitter.push(data.subarray(at, at + 65_536)).length;
  return accessUnits + splitter.flush().length;
}

const STREAMS: readonly { readonly name: string; readonly stream: (factor: number) => Uint8Array }[] = [
  { name: 'H.264', stream: (factor) => bytesOf('H.264', (factor * MEBIBYTE) / 4) },
  // A NAL unit of one byte each: the most of them that a stream can hold.
  { name: 'start codes', stream: (factor) => bytesOf('start codes', (factor * MEBIBYTE) / 16) },
];

function streams({ name, stream }: (typeof STREAMS)[number]): Comparison {
  const key = (factor: number) => `${factor} times the size`;
  const target = (factor: number) => atMost('linear', MOST, `auto, ${key(factor)}`, `auto, ${key(1)}`, factor, 1);
  return {
    name: `AccessUnitSplitter, ${name}, by size`,
    quick: true,
    rounds: 7,
    sides: 'auto',
    tasks: (side) =>
      Object.fromEntries(
        STREAM_FACTORS.map((factor): [string, Task] => {
          const data = stream(factor);
          return [key(factor), { run: () => splitStream(side, data), bytes: data.length }];
        }),
      ),
    targets: STREAM_FACTORS.slice(1).map(target),
  };
}

/** Frames full of NAL units and of messages, and long streams. */
export const comparisons: readonly Comparison[] = [...COUNTED.map(perItem), ...STREAMS.map(streams)];
