/** One frame of 45 kB: the library against what else puts a message into it and gets it out. */
import { extractSei } from '../../src/index.js';
import type { Comparison, Missing, Task } from '../harness/comparison.js';
import { annexBFrame, bytesOf, targetBytes } from '../inputs.js';
import { escape, extract, inject, scan, scanByIndexOf, unescape } from './naive.js';
import { metadataFilter } from './node-av.js';

const KIB = 1024;
const FRAME_LENGTH = 45_000;
const UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
const UUID_BYTES = Buffer.from(UUID.replaceAll('-', ''), 'hex');
const TEXT = 'a caption of some length, '.repeat(15);
const USER_DATA = Buffer.from(TEXT);

const frame = () => Buffer.from(annexBFrame(FRAME_LENGTH));

function filterTask(): Task | Missing {
  const made = metadataFilter(frame(), `${UUID}+${TEXT}`);
  if ('missing' in made) return made;
  const filtered = made.filter();
  if (filtered === null || !Buffer.from(filtered).includes(TEXT)) throw new Error('h264_metadata put nothing in');
  return { run: () => made.filter()?.length ?? 0 };
}

function naiveInjection(): Task {
  const data = frame();
  return { run: () => inject(data, UUID_BYTES, USER_DATA).length };
}

const injection: Comparison = {
  name: 'a message into a frame of 45 kB',
  bytes: FRAME_LENGTH,
  items: { unit: 'frames', count: 1 },
  quick: true,
  sides: 'all',
  tasks({ library }) {
    const data = frame();
    const target = targetBytes(FRAME_LENGTH + KIB);
    const nalUnit = () => library.createSeiNalUnit(USER_DATA);
    return {
      injectSei: {
        run: () => library.injectSei(data, [nalUnit()]).length,
        answer: () => library.injectSei(data, [nalUnit()]),
      },
      injectSeiInto: { run: () => library.injectSeiInto(data, [nalUnit()], target) },
      injectSeiParts: { run: () => library.injectSeiParts(data, [nalUnit()]).length },
    };
  },
  references: () => ({ 'node-av h264_metadata': filterTask(), 'naive loop': naiveInjection() }),
};

const extraction: Comparison = {
  name: 'a message out of a frame of 45 kB',
  bytes: FRAME_LENGTH,
  items: { unit: 'frames', count: 1 },
  quick: true,
  sides: 'all',
  tasks({ library }) {
    const data = library.injectSei(frame(), [library.createSeiNalUnit(USER_DATA)]);
    const full = () => library.extractSei(data);
    const firstVcl = () => library.extractSei(data, { scan: 'first-vcl' });
    return {
      'extractSei, full': { run: () => full().length, answer: full },
      'extractSei, first-vcl': { run: () => firstVcl().length, answer: firstVcl },
    };
  },
  references() {
    const data = inject(frame(), UUID_BYTES, USER_DATA);
    if (extractSei(data)[0]?.uuid !== UUID || !extract(data)[0].includes(TEXT)) throw new Error('the loop is wrong');
    return { 'naive loop': { run: () => extract(data).length } };
  },
};

function scanning(kind: string): Comparison {
  const input = () => bytesOf(kind, 64 * KIB);
  return {
    name: `start codes of 64 KiB, ${kind}`,
    bytes: 64 * KIB,
    quick: true,
    sides: 'all',
    tasks({ library }) {
      const data = input();
      const offsets = new Uint32Array(64 * KIB);
      const run = () => library.scanNalUnits(data, offsets);
      return { '': { run, answer: () => [...offsets.slice(0, run())] } };
    },
    references() {
      const data = Buffer.from(input());
      return {
        'naive loop': { run: () => scan(data).length },
        'Buffer.indexOf': { run: () => scanByIndexOf(data).length },
      };
    },
  };
}

function emulationPrevention(kind: string): Comparison {
  const input = () => bytesOf(kind, 64 * KIB);
  return {
    name: `emulation prevention of 64 KiB, ${kind}`,
    bytes: 64 * KIB,
    quick: true,
    sides: 'all',
    tasks({ library }): Record<string, Task> {
      const data = input();
      return {
        escapeRbsp: { run: () => library.escapeRbsp(data).length },
        unescapeRbsp: { run: () => library.unescapeRbsp(data).length },
      };
    },
    references() {
      const data = input();
      return {
        'naive loop, escape': { run: () => escape(data).length },
        'naive loop, unescape': { run: () => unescape(data).length },
      };
    },
  };
}

/** Injection, extraction, and the two loops that they stand on. */
export const comparisons: readonly Comparison[] = [
  injection,
  extraction,
  ...['H.264', 'zeros'].flatMap((kind) => [scanning(kind), emulationPrevention(kind)]),
];
