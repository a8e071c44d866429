/**
 * Makes the clips in test/fixtures/clips with libx264 and FFmpeg's own test pictures, both from node-av, checks that
 * each holds what it is there for, and writes clips.json and README.md beside them.
 *
 *     npx tsx scripts/make-clips.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { CodecContext, Frame } from 'node-av/lib';
import { decodeFrameChecksums } from '../test/support/decoder.js';
import { expectSuccess, nodeAv } from '../test/support/node-av.js';
import { clipsFolder, type ClipFacts } from '../test/support/streams.js';

interface Recipe {
  readonly name: string;
  /** What the clip is there for. */
  readonly about: string;
  /** A chain of FFmpeg filters, the source first. */
  readonly source: readonly (readonly [filter: string, args: string])[];
  readonly width: number;
  readonly height: number;
  /**
   * Options of FFmpeg's libx264 encoder. Without `cpu-independent` x264 picks algorithms by instruction set and memory
   * alignment, and no two runs need give the same bytes.
   */
  readonly options: Readonly<Record<string, string>>;
  /** Words that must stand in the options that x264 writes into its SEI message. */
  readonly reported: readonly string[];
  /** What the NAL units themselves must show. */
  readonly holds: (nalUnits: readonly Uint8Array[], accessUnits: number) => boolean;
}

const type = (nalUnit: Uint8Array): number => (nalUnit[0] ?? 0) & 31;
const isSlice = (nalUnit: Uint8Array): boolean => type(nalUnit) === 1 || type(nalUnit) === 5;
const isIdr = (nalUnit: Uint8Array): boolean => type(nalUnit) === 5;
const isReference = (nalUnit: Uint8Array): boolean => ((nalUnit[0] ?? 0) & 0x60) !== 0;
const count = (nalUnits: readonly Uint8Array[], test: (nalUnit: Uint8Array) => boolean): number =>
  nalUnits.filter(test).length;
/** entropy_coding_mode_flag, which follows the two identifiers of a PPS; x264 gives both the value 0, one bit each. */
const hasCabac = (nalUnits: readonly Uint8Array[]): boolean =>
  nalUnits.filter((each) => type(each) === 8).every((pps) => ((pps[1] ?? 0) & 0x20) !== 0);
const hasSei = (nalUnits: readonly Uint8Array[], payloadType: number): boolean =>
  nalUnits.some((each) => type(each) === 6 && each[1] === payloadType);

const testPictures = (size: string, frames: number): Recipe['source'] => [
  ['testsrc2', `size=${size}:rate=25`],
  ['trim', `end_frame=${frames}`],
  ['format', 'pix_fmts=yuv420p'],
];

const recipes: readonly Recipe[] = [
  {
    name: 'cabac.h264',
    about: 'High profile, CABAC, P pictures with weighted prediction, an IDR picture every 10',
    source: testPictures('176x144', 30),
    width: 176,
    height: 144,
    options: {
      profile: 'high',
      crf: '28',
      'x264-params': 'cpu-independent=1:keyint=10:scenecut=0:bframes=0:weightp=2',
    },
    reported: ['cabac=1', 'weightp=2'],
    holds: (units, accessUnits) =>
      hasCabac(units) && count(units, isSlice) === accessUnits && count(units, isIdr) === accessUnits / 10,
  },
  {
    name: 'cavlc-baseline.h264',
    about: 'Constrained Baseline profile, CAVLC',
    source: testPictures('160x120', 30),
    width: 160,
    height: 120,
    options: { profile: 'baseline', crf: '28', 'x264-params': 'cpu-independent=1:keyint=15:scenecut=0' },
    reported: ['cabac=0', 'bframes=0'],
    holds: (units) => !hasCabac(units) && units.some((each) => type(each) === 7 && each[1] === 66),
  },
  {
    name: 'b-pyramid.h264',
    about: 'B pictures in a pyramid: some of them are references, output order is not stream order',
    source: testPictures('176x144', 40),
    width: 176,
    height: 144,
    options: {
      profile: 'main',
      crf: '28',
      'x264-params': 'cpu-independent=1:keyint=20:scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal',
    },
    reported: ['b_pyramid=2', 'bframes=3'],
    holds: (units) => count(units, (each) => type(each) === 1 && !isReference(each)) >= 10,
  },
  {
    name: 'slices.h264',
    about: 'four slices a picture',
    source: testPictures('176x144', 30),
    width: 176,
    height: 144,
    options: { profile: 'high', crf: '28', 'x264-params': 'cpu-independent=1:keyint=15:scenecut=0:slices=4' },
    reported: ['slices=4'],
    holds: (units, accessUnits) => count(units, isSlice) === 4 * accessUnits,
  },
  {
    name: 'hrd.h264',
    about: 'access unit delimiters, buffering_period and pic_timing messages, filler data of a constant bit rate',
    source: testPictures('176x144', 30),
    width: 176,
    height: 144,
    options: {
      profile: 'high',
      'x264-params':
        'cpu-independent=1:keyint=10:scenecut=0:aud=1:pic-struct=1:nal-hrd=cbr:bitrate=300:vbv-maxrate=300:vbv-bufsize=150:qpmin=36',
    },
    reported: ['nal_hrd=cbr'],
    holds: (units, accessUnits) =>
      count(units, (each) => type(each) === 9) === accessUnits &&
      hasSei(units, 0) &&
      hasSei(units, 1) &&
      units.some((each) => type(each) === 12),
  },
  {
    name: 'mbaff.h264',
    about: 'interlaced, top field first, macroblock-adaptive frame and field coding; both fields in one access unit',
    source: [
      ['testsrc2', 'size=176x144:rate=50'],
      ['trim', 'end_frame=50'],
      ['tinterlace', 'mode=interleave_top'],
      ['format', 'pix_fmts=yuv420p'],
    ],
    width: 176,
    height: 144,
    options: { profile: 'high', crf: '30', 'x264-params': 'cpu-independent=1:keyint=12:scenecut=0:tff=1' },
    reported: ['interlaced=tff'],
    holds: (units) => hasSei(units, 1),
  },
  {
    name: 'intra-refresh.h264',
    about: 'a column of intra macroblocks instead of IDR pictures: recovery_point messages, one IDR picture only',
    source: testPictures('176x144', 40),
    width: 176,
    height: 144,
    options: { profile: 'high', crf: '28', 'x264-params': 'cpu-independent=1:keyint=12:intra-refresh=1:bframes=0' },
    reported: ['intra_refresh=1'],
    holds: (units) => count(units, isIdr) === 1 && hasSei(units, 6),
  },
  {
    name: 'temporal-layers.h264',
    about: 'two temporal layers: every second picture is disposable (nal_ref_idc 0)',
    source: testPictures('160x120', 40),
    width: 160,
    height: 120,
    options: {
      profile: 'main',
      crf: '28',
      'x264-params': 'cpu-independent=1:keyint=20:scenecut=0:bframes=1:b-adapt=0:b-pyramid=none',
    },
    reported: ['b_pyramid=0', 'bframes=1'],
    holds: (units, accessUnits) => count(units, (each) => isSlice(each) && !isReference(each)) >= accessUnits * 0.4,
  },
  {
    name: '1080p.h264',
    about: 'a real resolution: 1920x1080, eight slices a picture',
    source: testPictures('1920x1080', 20),
    width: 1920,
    height: 1080,
    options: { profile: 'high', crf: '36', 'x264-params': 'cpu-independent=1:keyint=20:scenecut=0:slices=8' },
    reported: ['slices=8'],
    holds: (units, accessUnits) => count(units, isSlice) === 8 * accessUnits,
  },
];

/** Calls `consume` with each picture of the chain; the picture belongs to the callee for the time of the call only. */
function forEachPicture(source: Recipe['source'], consume: (picture: Frame) => void): void {
  const { lib, constants } = nodeAv();
  const graph = new lib.FilterGraph();
  graph.alloc();
  const chain = [...source, ['buffersink', ''] as const].map(([name, args], index) => {
    const filter = lib.Filter.getByName(name);
    const context = filter && graph.createFilter(filter, `${name}${index}`, args);
    if (!context) throw new Error(`FFmpeg has no filter ${name}=${args}`);
    return context;
  });
  chain.slice(1).forEach((next, index) => chain[index]?.link(0, next, 0));
  expectSuccess(graph.configSync(), 'configure the filters');
  const sink = chain[chain.length - 1];
  const picture = new lib.Frame();
  picture.alloc();
  for (;;) {
    const code = sink.buffersinkGetFrameSync(picture);
    if (code === constants.AVERROR_EOF) break;
    expectSuccess(code, 'take a picture');
    consume(picture);
    picture.unref();
  }
  picture.free();
  graph.free();
}

function openEncoder(recipe: Recipe): CodecContext {
  const { lib, constants } = nodeAv();
  const codec = lib.Codec.findEncoderByName(constants.FF_ENCODER_LIBX264);
  const encoder = new lib.CodecContext();
  encoder.allocContext3(codec);
  encoder.width = recipe.width;
  encoder.height = recipe.height;
  encoder.pixelFormat = constants.AV_PIX_FMT_YUV420P;
  encoder.timeBase = new lib.Rational(1, 25);
  encoder.framerate = new lib.Rational(25, 1);
  // The number of threads changes how x264 decides on frame types and bits.
  encoder.threadCount = 1;
  for (const [name, value] of Object.entries(recipe.options)) {
    expectSuccess(encoder.setOption(name, value), `set ${name}=${value}`);
  }
  expectSuccess(encoder.open2Sync(codec), 'open libx264');
  return encoder;
}

/** The access units that the encoder puts out for the recipe, in stream order. */
function encode(recipe: Recipe): Uint8Array[] {
  const { lib, constants } = nodeAv();
  const encoder = openEncoder(recipe);
  const packet = new lib.Packet();
  packet.alloc();
  const accessUnits: Uint8Array[] = [];
  const takePackets = (end: number): void => {
    for (;;) {
      const code = encoder.receivePacketSync(packet);
      if (code === end) return;
      expectSuccess(code, 'take a packet');
      accessUnits.push(Uint8Array.from(packet.data ?? []));
      packet.unref();
    }
  };
  let pictures = 0;
  forEachPicture(recipe.source, (picture) => {
    picture.pts = BigInt(pictures++);
    // The source marks every picture as intra, which the encoder would take for an order.
    picture.pictType = constants.AV_PICTURE_TYPE_NONE;
    expectSuccess(encoder.sendFrameSync(picture), 'encode a picture');
    takePackets(constants.AVERROR_EAGAIN);
  });
  expectSuccess(encoder.sendFrameSync(null), 'flush the encoder');
  takePackets(constants.AVERROR_EOF);
  packet.free();
  encoder.freeContext();
  return accessUnits;
}

function nalUnitsOf(stream: Buffer): Uint8Array[] {
  const starts: number[] = [];
  for (let at = stream.indexOf('000001', 0, 'hex'); at >= 0; at = stream.indexOf('000001', at + 3, 'hex')) {
    starts.push(at + 3);
  }
  return starts.map((start, index) => stream.subarray(start, starts[index + 1] ?? stream.length));
}

function assertHolds(recipe: Recipe, stream: Buffer, facts: ClipFacts, decoded: number): void {
  const missing = recipe.reported.filter((word) => !stream.includes(` ${word} `));
  if (missing.length > 0) throw new Error(`${recipe.name}: x264 does not report ${missing.join(', ')}`);
  if (!recipe.holds(nalUnitsOf(stream), facts.accessUnitSizes.length)) {
    throw new Error(`${recipe.name} does not hold what it is there for: ${recipe.about}`);
  }
  if (decoded !== facts.frames) throw new Error(`${recipe.name}: ${decoded} of ${facts.frames} frames decode`);
}

function readme(rows: readonly (readonly [Recipe, ClipFacts])[]): string {
  const escape = (text: string): string => text.replaceAll('|', '\\|');
  const options = (recipe: Recipe): string =>
    Object.entries(recipe.options)
      .map(([name, value]) => `-${name} ${value}`)
      .join(' ');
  const source = (recipe: Recipe): string => recipe.source.map(([name, args]) => `${name}=${args}`).join(',');
  return [
    '# Clips',
    '',
    'Short Annex B byte streams of a real encoder, for tests. `npx tsx scripts/make-clips.ts` makes them all again, with',
    'this page and `clips.json`, from the table in that script: FFmpeg test pictures, encoded on one thread by the libx264',
    'inside the development dependency node-av. The first SEI message of each clip is the one x264 writes about itself.',
    '`clips.json` holds the size in bytes of each access unit as the encoder put it out, so a test knows the true bounds.',
    '',
    '| clip | what is in it | picture | access units | frames | bytes |',
    '|---|---|---|---|---|---|',
    ...rows.map(([recipe, { accessUnitSizes, frames, width, height }]) => {
      const bytes = accessUnitSizes.reduce((sum, size) => sum + size, 0);
      return `| ${recipe.name} | ${recipe.about} | ${width}x${height} | ${accessUnitSizes.length} | ${frames} | ${bytes} |`;
    }),
    '',
    'The exact filters and options of the encoder, all others at their defaults:',
    '',
    '| clip | filters | libx264 options |',
    '|---|---|---|',
    ...rows.map(([recipe]) => `| ${recipe.name} | \`${escape(source(recipe))}\` | \`${escape(options(recipe))}\` |`),
    '',
  ].join('\n');
}

async function writeFormatted(path: string, text: string): Promise<void> {
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}

async function main(): Promise<void> {
  mkdirSync(clipsFolder, { recursive: true });
  const rows: [Recipe, ClipFacts][] = [];
  for (const recipe of recipes) {
    const accessUnits = encode(recipe);
    const stream = Buffer.concat(accessUnits);
    const { width, height } = recipe;
    // One picture in, one access unit out: x264 has no field pictures.
    const facts = {
      width,
      height,
      frames: accessUnits.length,
      accessUnitSizes: accessUnits.map((each) => each.length),
    };
    assertHolds(recipe, stream, facts, (await decodeFrameChecksums(stream)).length);
    writeFileSync(join(clipsFolder, recipe.name), stream);
    rows.push([recipe, facts]);
    console.log(`${recipe.name}: ${accessUnits.length} access units, ${stream.length} bytes`);
  }
  const manifest = Object.fromEntries(rows.map(([recipe, facts]) => [recipe.name, facts]));
  await writeFormatted(join(clipsFolder, 'clips.json'), JSON.stringify(manifest));
  await writeFormatted(join(clipsFolder, 'README.md'), readme(rows));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
