/** What is measured: each function of the core on the inputs that matter, the same call on every side. */
import { type Backend } from '../src/backend/backend.js';
import { Framing } from '../src/codec/framing.js';
import { SEI_RECORD_LENGTH } from '../src/codec/sei-extraction.js';
import { createSeiNalUnit, toLengthPrefixed } from '../src/index.js';
import { annexBFrame, h264Bytes, hostileBytes } from './inputs.js';

/** One call that every backend can make on the same bytes. */
export interface Case {
  /** The function and the input. */
  readonly name: string;
  /** Bytes that one call goes over. */
  readonly bytes: number;
  /** Makes the call; answers a number that has to be the same on every backend. */
  readonly run: (backend: Backend) => number;
}

const KIB = 1024;
const offsets = new Uint32Array(1 << 20);
const records = new Uint32Array(64 * SEI_RECORD_LENGTH);
const scratch = new Uint8Array(64 * KIB);
const target = Buffer.alloc(8 * KIB * KIB);

function sizeName(bytes: number): string {
  return bytes < KIB ? `${bytes} B` : bytes < KIB * KIB ? `${bytes / KIB} KiB` : `${bytes / KIB / KIB} MiB`;
}

function scanCases(): Case[] {
  const inputs: [string, Uint8Array][] = [KIB, 64 * KIB, 4 * KIB * KIB].map((size) => [
    `H.264 ${sizeName(size)}`,
    h264Bytes(size),
  ]);
  inputs.push(
    ...Object.entries(hostileBytes(64 * KIB)).map(([name, data]): [string, Uint8Array] => [`${name} 64 KiB`, data]),
  );
  return inputs.map(([name, data]) => ({
    name: `scanNalUnits, ${name}`,
    bytes: data.length,
    run: (backend) => backend.scanStartCodes(data, offsets),
  }));
}

function escapeCases(): Case[] {
  const inputs: [string, Uint8Array][] = [
    ['text 400 B', Buffer.from('a caption of some length, '.repeat(16)).subarray(0, 400)],
    ['H.264 64 KiB', h264Bytes(64 * KIB)],
    ['zeros 64 KiB', new Uint8Array(64 * KIB)],
  ];
  return inputs.flatMap(([name, data]) => [
    { name: `escape, ${name}`, bytes: data.length, run: (backend: Backend) => backend.escape(data, target) },
    { name: `unescape, ${name}`, bytes: data.length, run: (backend: Backend) => backend.unescape(data, target) },
  ]);
}

function frameCases(): Case[] {
  const nalUnits = [createSeiNalUnit(Buffer.alloc(477, 'x'))];
  return [30 * KIB, 100 * KIB].flatMap((size) => {
    const annexb = annexBFrame(size);
    const avcc = toLengthPrefixed(annexb);
    return [
      {
        name: `inject into memory, Annex B ${sizeName(size)}`,
        bytes: size,
        run: (backend: Backend) => backend.inject(annexb, nalUnits, target, Framing.detect, 1200),
      },
      {
        name: `inject into memory, avcc ${sizeName(size)}`,
        bytes: size,
        run: (backend: Backend) => backend.inject(avcc, nalUnits, target, Framing.detect, 1200),
      },
      {
        name: `locate, Annex B ${sizeName(size)}`,
        bytes: size,
        run: (backend: Backend) => backend.locate(annexb, nalUnits, Framing.detect, 1200),
      },
      {
        name: `extract, whole frame, Annex B ${sizeName(size)}`,
        bytes: size,
        run: (backend: Backend) => backend.extractSeiRecords(annexb, Framing.annexb, false, records, scratch),
      },
      {
        name: `extract up to the first slice, Annex B ${sizeName(size)}`,
        bytes: size,
        run: (backend: Backend) => backend.extractSeiRecords(annexb, Framing.annexb, true, records, scratch),
      },
    ];
  });
}

/** All that is measured. */
export const cases: readonly Case[] = [...scanCases(), ...escapeCases(), ...frameCases()];
