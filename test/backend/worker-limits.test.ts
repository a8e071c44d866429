/** Many worker threads that come and go with the addon, some of them while it loads, and memory that changes while the addon reads it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skip.js';
import { type Installation, builtAddonTool, install } from './installation.js';

const TIMEOUT_MS = 200_000;

/** The threads that are started and terminated, so many at a time, after some that have made the process what it is. */
const WORKERS = 50;
const FIRST_WORKERS = 20;
const AT_A_TIME = 5;

/** A thread that was not let go keeps some megabytes, 50 of them some hundred. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

const BUSY_WORKER = `
const { parentPort } = require('node:worker_threads');
const library = require('./dist/index.js');
const { loadNativeBackend } = require('./dist/backend/native.js');
const { backend } = loadNativeBackend();
const frame = Buffer.concat([Buffer.from([0, 0, 0, 1, 0x65, 0x88]), Buffer.alloc(3000, 0x51)]);
const unit = library.createSeiNalUnit(Buffer.from('text\\0\\0\\0'));
const target = new Uint8Array(4000);
for (let round = 0; ; round++) {
  backend.inject(frame, [unit], target, 0, 1200);
  library.extractSei(library.injectSei(frame, [unit]));
  if (round === 20) parentPort.postMessage(library.backendInfo().name);
}
`;

const CHURN = `
const { Worker } = require('node:worker_threads');
const { readdirSync, writeFileSync } = require('node:fs');
writeFileSync('busy-worker.js', process.env.WORKER);
async function one() {
  const worker = new Worker('./busy-worker.js');
  const name = await new Promise((done, failed) => worker.once('message', done).once('error', failed));
  await worker.terminate();
  return name;
}
async function round(workers) {
  const names = [];
  for (let started = 0; started < workers; started += ${AT_A_TIME}) {
    names.push(...await Promise.all(Array.from({ length: ${AT_A_TIME} }, one)));
  }
  gc();
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
  return { names, resident: process.memoryUsage.rss(), descriptors, handles: process.getActiveResourcesInfo().length };
}
async function main() {
  const rounds = [await round(${FIRST_WORKERS}), await round(${WORKERS})];
  console.log(JSON.stringify(rounds));
}
main();
`;

interface Round {
  readonly names: readonly string[];
  readonly resident: number;
  readonly descriptors: number;
  readonly handles: number;
}

/** The threads that end while they load the addon, so many at a time, and the processes. */
const LOADING_WORKERS = 240;
const LOADING_AT_A_TIME = 8;
const LOADING_PROCESSES = 6;

/** Loads the addon again and again, as its first user does. */
const LOADING_WORKER = `
const { parentPort } = require('node:worker_threads');
const { join } = require('node:path');
const file = join(__dirname, 'build/Release/h264_sei.node');
for (let round = 0; ; round++) {
  delete require.cache[file];
  require(file).kernels();
  if (round === 0) parentPort.postMessage('loading');
}
`;

const LOADING = `
const { Worker } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
writeFileSync('loading-worker.js', process.env.WORKER);
async function load() {
  const worker = new Worker('./loading-worker.js');
  await new Promise((done, failed) => worker.once('message', done).once('error', failed));
  await new Promise((done) => setTimeout(done, Math.random() * 3));
  return worker;
}
const loadSome = () => Promise.all(Array.from({ length: ${LOADING_AT_A_TIME} }, load));
async function main() {
  let count = 0;
  if (process.env.EXITS) {
    await loadSome();
    process.exit(0);
  }
  while (count < ${LOADING_WORKERS}) {
    for (const worker of await loadSome()) if (await worker.terminate() === 1) count++;
  }
  console.log(count);
}
main();
`;

/** Writes what parsers look for to shared memory, without end. */
const WRITER = `
const { parentPort, workerData } = require('node:worker_threads');
const bytes = new Uint8Array(workerData);
const patterns = [[0, 0, 1, 6], [0, 0, 3, 0], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 1], [6, 5, 0xff, 3], [0x65, 0x88, 0, 0]];
parentPort.postMessage('ready');
for (let i = 0; ; i++) {
  const pattern = patterns[(i * 7 + (i >> 5)) % patterns.length];
  const at = (Math.imul(i, 0x9e3779b1) >>> 8) % (bytes.length - 4);
  bytes[at] = pattern[0];
  bytes[at + 1] = pattern[1];
  bytes[at + 2] = pattern[2];
  bytes[at + 3] = pattern[3];
}
`;

/** Everything of the addon on memory that changes meanwhile, each target between bytes that must stay. */
const CHANGING = `
const { Worker } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
const { loadNativeBackend } = require('./dist/backend/native.js');
writeFileSync('writer.js', process.env.WORKER);
const SIZE = 700;
const GUARD = 0xc5;
const shared = new SharedArrayBuffer(SIZE);
const source = new Uint8Array(shared);
const { backend, kernels, selectKernel } = loadNativeBackend();
const counts = {};
const fail = (what) => { throw new Error(what); };
function written(name, room, write) {
  const memory = new Uint8Array(room + 256).fill(GUARD);
  const target = memory.subarray(128, 128 + room);
  let length;
  try { length = write(target); } catch (error) {
    // The source has changed after the target was measured.
    if (!(error instanceof TypeError) || !/too small|records of the frame/.test(error.message)) throw error;
    length = 'too small';
  }
  if (length !== 'too small' && length > room) fail(name + ' says that it has written more than there is room');
  for (let i = 0; i < 128; i++) {
    if (memory[i] !== GUARD || memory[128 + room + i] !== GUARD) fail(name + ' has written beside its target');
  }
  counts[name] = (counts[name] ?? 0) + 1;
}
function extract(hint, isFirstVclEnd) {
  const records = new Uint32Array(7 * 16 + 7).fill(GUARD);
  const memory = new Uint8Array(SIZE + 256).fill(GUARD);
  const scratch = memory.subarray(128, 128 + SIZE);
  const found = backend.extractSeiRecords(source, hint, isFirstVclEnd, records.subarray(0, 112), scratch);
  const count = Math.min(16, Math.floor(found / 256));
  for (let at = 0; at < 7 * count; at += 7) {
    const [unitStart, start, end, , offset, length] = records.subarray(at, at + 7);
    if (unitStart > start || start >= end || end > SIZE || offset + length > SIZE) fail('a record lies outside');
  }
  if (count > 0) {
    const isRemoved = Uint8Array.from({ length: count }, (_, index) => index % 2);
    const table = records.slice(0, 7 * count);
    // The frame has changed since: the records may not be its own any more, which is refused or harmless.
    written('removeSei', SIZE, (target) => backend.removeSei(source, found % 256, table, isRemoved, target));
  }
  if (records.subarray(112).some((each) => each !== GUARD)) fail('a record lies behind the table');
  if (memory.subarray(0, 128).some((each) => each !== GUARD)) fail('in front of the scratch memory');
  if (memory.subarray(128 + SIZE).some((each) => each !== GUARD)) fail('behind the scratch memory');
  counts.extractSeiRecords = (counts.extractSeiRecords ?? 0) + 1;
}
const unit = Uint8Array.from({ length: 40 }, (_, at) => (at === 0 ? 6 : 0x55));
function round() {
  const offsets = new Uint32Array(20).fill(0xffffffff);
  const found = backend.scanStartCodes(source, offsets.subarray(0, 10));
  if (offsets.subarray(0, Math.min(found, 10)).some((each) => each > SIZE)) fail('an offset lies outside');
  if (offsets.subarray(10).some((each) => each !== 0xffffffff)) fail('an offset lies behind the table');
  // The length is asked for, and then the memory changes.
  written('escape', backend.escapedLength(source), (target) => backend.escape(source, target));
  written('unescape', SIZE, (target) => backend.unescape(source, target));
  written('unescape into little', 600, (target) => backend.unescape(source, target));
  for (const hint of [0, 1, 2, 0x10, 0x11, 0x12, 0x14]) {
    backend.detect(source, hint);
    const location = backend.locate(source, hint);
    if (location / 0x20000 > SIZE + 1) fail('a location lies outside');
    if (location >= 0x20000) {
      written('splice', SIZE + 400, (target) => backend.splice(source, [unit, unit], target, location));
    }
    const bounds = new Uint32Array(60);
    const split = backend.splitNalUnits(source, hint, bounds);
    const count = Math.floor(split / 256);
    if (count > 0 && count <= 30) {
      const table = bounds.slice(0, 2 * count);
      if (table.some((each) => each > SIZE)) fail('a NAL unit lies outside');
      written('joinNalUnits', SIZE + 200, (target) => backend.joinNalUnits(source, table, 1, target));
    }
    written('inject', SIZE + 50, (target) => backend.inject(source, [unit, source.subarray(0, 4)], target, hint, 5000));
    written('inject shared', SIZE + 5, (target) => backend.inject(source.subarray(9), [source.subarray(3, 9)], target, hint, 5000));
  }
  for (const hint of [0, 1, 2, 0x10, 0x11, 0x12, 0x14]) for (const isFirst of [false, true]) extract(hint, isFirst);
}
async function main() {
  const writer = new Worker('./writer.js', { workerData: shared });
  await new Promise((done, failed) => writer.once('message', done).once('error', failed));
  for (let i = 0; i < 4000; i++) {
    selectKernel(kernels[i % kernels.length]);
    round();
  }
  await writer.terminate();
  console.log(JSON.stringify(counts));
}
main().catch((error) => { console.error(error); process.exit(1); });
`;

describeWith(builtAddonTool, 'the addon at the limits of threads', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = install('built');
  });
  afterAll(() => {
    installation.remove();
  });

  it(
    `is let go by ${WORKERS} threads that are terminated in the middle of calls`,
    async () => {
      const { status, stdout, stderr } = await installation.run(CHURN, { WORKER: BUSY_WORKER }, ['--expose-gc']);
      expect([status, stderr]).toEqual([0, '']);
      const [first, last] = JSON.parse(stdout) as Round[];
      expect(first.names).toEqual(new Array<string>(FIRST_WORKERS).fill('native'));
      expect(last.names).toEqual(new Array<string>(WORKERS).fill('native'));
      // Fewer than there were threads; what ends with the last few may take a moment.
      expect(last.descriptors - first.descriptors).toBeLessThanOrEqual(AT_A_TIME);
      expect(last.handles - first.handles).toBeLessThanOrEqual(AT_A_TIME);
      expect(last.resident - first.resident).toBeLessThan(MAX_GROWTH_BYTES);
    },
    TIMEOUT_MS,
  );

  it(
    `ends with ${LOADING_WORKERS} threads that are terminated while they load it`,
    async () => {
      const { status, stdout, stderr } = await installation.run(LOADING, { WORKER: LOADING_WORKER });
      expect([status, stderr, stdout]).toEqual([0, '', `${LOADING_WORKERS}\n`]);
    },
    TIMEOUT_MS,
  );

  it(
    'ends with a process that exits while threads load it',
    async () => {
      for (let i = 0; i < LOADING_PROCESSES; i++) {
        const { status, stderr } = await installation.run(LOADING, { WORKER: LOADING_WORKER, EXITS: 'yes' });
        expect([status, stderr]).toEqual([0, '']);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'stays within bounds while another thread writes to the memory that it reads',
    async () => {
      const { status, stdout, stderr } = await installation.run(CHANGING, { WORKER: WRITER });
      expect([status, stderr]).toEqual([0, '']);
      const counts = JSON.parse(stdout) as Record<string, number>;
      expect(Object.keys(counts)).toHaveLength(9);
      expect(counts['inject']).toBe(28_000);
    },
    TIMEOUT_MS,
  );
});
