import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skip.js';
import { type Installation, builtAddonTool, install } from './installation.js';

const WORKERS = 6;

/** In each thread: another kernel where there is one, and many frames whose result is known. */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { loadNativeBackend } = require('./dist/backend/native.js');
const library = require('./dist/index.js');
const native = loadNativeBackend();
const kernel = native.kernels[workerData.index % native.kernels.length];
native.selectKernel(kernel);
const slice = Buffer.alloc(5000, 0x51);
const frame = Buffer.concat([Buffer.from([0, 0, 0, 1, 0x65, 0x88]), slice]);
const injectOne = (round) => {
  const text = 'thread ' + workerData.index + ' round ' + round + '\\0\\0\\0\\0';
  const injected = library.injectSei(frame, [library.createSeiNalUnit(Buffer.from(text))]);
  const found = library.extractSei(injected);
  if (found.length !== 1 || Buffer.compare(found[0].payload, Buffer.from(text)) !== 0) throw new Error('lost ' + text);
  if (Buffer.compare(library.stripSei(injected), frame) !== 0) throw new Error('changed by ' + text);
};
parentPort.postMessage('ready');
parentPort.once('message', () => {
  for (let round = 0; round < workerData.rounds; round++) injectOne(round);
  parentPort.postMessage({ ...library.backendInfo(), expected: kernel });
  parentPort.close();
});
`;

const MAIN = `
const { Worker } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
writeFileSync('worker.js', process.env.WORKER);
const kernelBefore = library.backendInfo().kernel;
const start = (index, rounds) => new Worker('./worker.js', { workerData: { index, rounds } });
const said = (worker) => new Promise((done, failed) => worker.once('message', done).once('error', failed));
const ended = (worker) => new Promise((done) => worker.once('exit', done));
async function main() {
  const workers = Array.from({ length: ${WORKERS} }, (_, index) => start(index, 300));
  await Promise.all(workers.map(said));
  const exits = workers.map(ended);
  const results = workers.map(said);
  for (const worker of workers) worker.postMessage('go');
  const infos = await Promise.all(results);
  const codes = await Promise.all(exits);

  const busy = Array.from({ length: ${WORKERS} }, (_, index) => start(index, Infinity));
  await Promise.all(busy.map(said));
  for (const worker of busy) worker.postMessage('go');
  await new Promise((done) => setTimeout(done, 100));
  const terminated = await Promise.all(busy.map((worker) => worker.terminate()));

  const last = start(0, 10);
  await said(last);
  last.postMessage('go');
  const after = await said(last);
  const isSame = library.backendInfo().kernel === kernelBefore;
  console.log(JSON.stringify({ infos, codes, terminated, after, isSame }));
}
main();
`;

interface Report {
  readonly infos: readonly { name: string; kernel: string; expected: string }[];
  readonly codes: readonly number[];
  readonly terminated: readonly number[];
  readonly after: { name: string };
  readonly isSame: boolean;
}

describeWith(builtAddonTool, 'the addon in worker threads', () => {
  let installation: Installation;
  beforeAll(() => {
    installation = install('built');
  });
  afterAll(() => {
    installation.remove();
  });

  it('works in several at once, each with a kernel of its own, and ends with them, be they busy', async () => {
    const { status, stdout, stderr } = await installation.run(MAIN, { WORKER });
    expect([status, stderr]).toEqual([0, '']);
    const { infos, codes, terminated, after, isSame } = JSON.parse(stdout) as Report;
    expect(infos).toHaveLength(WORKERS);
    for (const { name, kernel, expected } of infos) expect([name, kernel]).toEqual(['native', expected]);
    expect(codes).toEqual(new Array<number>(WORKERS).fill(0));
    expect(terminated).toEqual(new Array<number>(WORKERS).fill(1));
    expect(after.name).toBe('native');
    // The kernel of a thread is no business of another.
    expect(isSame).toBe(true);
  });
});
