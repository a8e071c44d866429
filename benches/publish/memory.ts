/**
 * Resident memory over a million messages, from publisher to subscriber: `npx tsx benches/publish/memory.ts
 * [messages]`.
 *
 * Each message goes into three frames of each of three layers, of which one stalls now and then; one message in a
 * hundred is split, one in a thousand retained, cancelled, or too late. A receiver loses a tenth of the frames, and an
 * injector is made and forgotten every thousand messages. Memory is read after a collection, where `--expose-gc` allows
 * one. The run fails where the last quarter holds more than the second.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SeiInjector, SeiPublisher, SeiSubscriber } from '../../src/index.js';
import { annexBFrame } from '../inputs.js';

const MESSAGES = Number(process.argv[2] ?? 1_000_000);
const SAMPLES = 20;
/**
 * What the least memory may grow by from the second quarter to the last, in bytes: that of the heap is steady, what the
 * process holds of the machine's goes up and down with the collector.
 */
const TOLERANCE = { heap: 1024 * 1024, resident: 32 * 1024 * 1024 };

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let now = 1_700_000_000_000;
const clock = () => now;
const publisher = new SeiPublisher({ now: clock, oversize: 'split', whenFull: 'drop-oldest' });
const layers = ['low', 'middle', 'high'].map((id) => new SeiInjector({ publisher, track: id }));
let received = 0;
const subscribers = layers.map(() => new SeiSubscriber({ now: clock, onMessage: () => received++ }));
const idr = annexBFrame(2000);
const picture = Uint8Array.from(idr);
picture[Buffer.from(idr).indexOf(Uint8Array.of(0, 0, 1, 0x65)) + 3] = 0x41;
const large = 'a large message, '.repeat(60);
let lost = 1;

/** One frame through every layer and its receiver. */
function nextFrame(number: number): void {
  layers.forEach((layer, i) => {
    if (i === 2 && number % 3000 > 2500) return;
    const injected = layer.inject(number % 50 === 0 ? idr : picture, { timestamp: number * 10 });
    lost = (Math.imul(lost, 1664525) + 1013904223) >>> 0;
    if (lost % 10 > 0) subscribers[i].processFrame(injected, { timestamp: number * 10 });
  });
  now += 10;
}

function publish(number: number): void {
  if (number % 100 === 1) publisher.publishText(large);
  else if (number % 1000 === 2) publisher.publishText('on air', { retain: `key ${((number / 1000) % 8) | 0}` });
  else if (number % 1000 === 3) publisher.publishText('never mind').cancel();
  else if (number % 1000 === 4) publisher.publishText('too late', { expiresInMs: 0 });
  else publisher.publishJson({ number, text: 'a message of some length' });
  if (number % 1000 === 5) new SeiInjector({ publisher }).inject(idr);
}

const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
const samples: Record<keyof typeof TOLERANCE, number[]> = { heap: [], resident: [] };
const started = performance.now();
console.log('messages    resident    heap    external   received');
for (let number = 0; number < MESSAGES; number++) {
  publish(number);
  nextFrame(number);
  if ((number + 1) % Math.ceil(MESSAGES / SAMPLES) > 0) continue;
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  samples.heap.push(heapUsed);
  samples.resident.push(rss);
  const columns = [megabytes(rss).padStart(7), megabytes(heapUsed).padStart(7), megabytes(external).padStart(7)];
  console.log(`${String(number + 1).padStart(8)}  ${columns.join(' MB  ')} MB  ${String(received).padStart(9)}`);
}

const seconds = (performance.now() - started) / 1000;
const { injected, dropped, expired, queued } = publisher.stats;
console.log(`${MESSAGES} messages in ${seconds.toFixed(1)} s:`, { injected, dropped, expired, queued });
const quarter = Math.floor(SAMPLES / 4);
for (const kind of ['heap', 'resident'] as const) {
  const sizes = samples[kind];
  const growth = Math.min(...sizes.slice(-quarter)) - Math.min(...sizes.slice(quarter, 2 * quarter));
  const isFlat = growth <= TOLERANCE[kind];
  console.log(`${kind}: grew by ${megabytes(growth)} MB from the second quarter to the last`);
  if (isFlat) continue;
  console.error(`that is more than ${megabytes(TOLERANCE[kind])} MB: something is not let go`);
  process.exitCode = 1;
}
