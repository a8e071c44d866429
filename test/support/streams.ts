import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Tool } from './skip.js';

/** A byte stream (annex B) on disk. */
export interface Stream {
  /** The name of the file. */
  readonly name: string;
  /** Its absolute path. */
  readonly path: string;
  /** Its bytes, in new memory at each call. */
  read(): Uint8Array;
}

/** What the encoder knows about a clip: entries of `test/fixtures/clips/clips.json`. */
export interface ClipFacts {
  /** Luma samples a row. */
  readonly width: number;
  /** Rows of a frame. */
  readonly height: number;
  /** Frames that decode. */
  readonly frames: number;
  /** The size of each access unit in bytes, start codes included, in stream order: the packets of the encoder. */
  readonly accessUnitSizes: readonly number[];
}

/** A clip of the repository, with what is known about it. */
export interface Clip extends Stream, ClipFacts {}

/** A stream of the conformance suite or of an encoder vendor. */
export interface ConformanceStream extends Stream {
  /** How many access units FFmpeg's parser counts, where that is known; right for every stream listed. */
  readonly accessUnits?: number;
}

const repository = resolve(__dirname, '../..');

/** The folder of {@link fixtureClips}. */
export const clipsFolder: string = join(repository, 'test/fixtures/clips');

function streamAt(folder: string, name: string): Stream {
  const path = join(folder, name);
  return { name, path, read: () => Uint8Array.from(readFileSync(path)) };
}

function readClips(): Clip[] {
  const manifest = join(clipsFolder, 'clips.json');
  if (!existsSync(manifest)) return [];
  const facts = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, ClipFacts>;
  return Object.entries(facts).map(([name, clip]) => ({ ...streamAt(clipsFolder, name), ...clip }));
}

/** The clips in `test/fixtures/clips`; its README.md says what is in them. */
export const fixtureClips: readonly Clip[] = readClips();

/**
 * The clip of that name.
 *
 * @throws Error where there is none
 */
export function fixtureClip(name: string): Clip {
  const clip = fixtureClips.find((each) => each.name === name);
  if (clip === undefined) throw new Error(`no clip ${name} in ${clipsFolder}`);
  return clip;
}

/** Access units by FFmpeg's parser, from the README.md beside the streams. */
const accessUnitCounts: ReadonlyMap<string, number> = new Map([
  ['BA_MW_D.264', 100],
  ['CI_MW_D.264', 100],
  ['MIDR_MW_D.264', 100],
  ['NRF_MW_E.264', 100],
  ['MPS_MW_A.264', 150],
  ['MR1_MW_A.264', 150],
  ['SVA_BA2_D.264', 17],
  ['SVA_Base_B.264', 17],
  ['SVA_CL1_E.264', 50],
  ['SarVui.264', 17],
  ['Static.264', 10],
  ['VID_1920x1080_cabac_temporal_direct.264', 54],
  ['Zhling_1280x720.264', 19],
  ['jm_1080p_allslice.264', 1],
  ['test_qcif_cabac.264', 30],
  ['BA1_Sony_D.jsv', 17],
  ['BASQP1_Sony_C.jsv', 4],
]);

const conformanceFolder = process.env['H264_SEI_STREAMS'] ?? resolve(repository, '../shared/streams');

function readConformanceStreams(): ConformanceStream[] {
  if (!existsSync(conformanceFolder)) return [];
  const names = readdirSync(conformanceFolder).filter((name) => /\.(264|h264|jsv|avc|26l|jvt)$/i.test(name));
  return names.sort().map((name) => {
    const accessUnits = accessUnitCounts.get(name);
    return { ...streamAt(conformanceFolder, name), ...(accessUnits === undefined ? {} : { accessUnits }) };
  });
}

/**
 * The streams in the folder that the environment variable `H264_SEI_STREAMS` names, by default `../shared/streams`
 * beside the repository. Empty where there is no such folder: they are not part of the repository.
 */
export const conformanceStreams: readonly ConformanceStream[] = readConformanceStreams();

/** {@link conformanceStreams} as something a test may need; a clone without them is complete. */
export const conformanceTool: Tool = {
  name: 'conformance streams',
  optional: true,
  missing: () => (conformanceStreams.length === 0 ? `no stream in ${conformanceFolder}` : undefined),
};
