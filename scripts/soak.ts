/**
 * Hostile video for as long as it takes: frames, packets and a byte stream, of which many are mutated, go through an
 * injector and a subscriber, through a RTP injector, extractor and depacketizer, and through an access unit splitter,
 * while messages are published. What stays in memory must not grow.
 *
 *     npm run soak -- [--frames 108000] [--seed 1]
 *
 * 108,000 frames are an hour at 30 per second, which is also what the clock of the library shows. The exit code is 1
 * where memory has grown by more than garbage and the allocator account for.
 */
import { parseArgs } from 'node:util';
import {
  AccessUnitSplitter,
  DEFAULT_SEI_UUID,
  FRAGMENT_SEI_UUID,
  SeiInjector,
  SeiPublisher,
  SeiSubscriber,
  createSeiNalUnit,
  splitNalUnits,
} from '../src/index.js';
import { RtpDepacketizer, RtpPacketizer, RtpSeiExtractor, RtpSeiInjector } from '../src/rtp/index.js';
import { accessUnits } from '../test/fuzz/inputs.js';
import { mutated, someFrame } from '../test/fuzz/mutation.js';
import { Random } from '../test/fuzz/random.js';
import { wholeNumber } from './fuzz/options.js';

const FRAME_MS = 1000 / 30;
const SAMPLES = 24;
const PAYLOAD_TYPE = 96;
const START_CODE = Buffer.of(0, 0, 0, 1);

/** What may be added between the second quarter and the last: garbage that is not collected, and the allocator. */
const TOLERANCE = { heap: 4e6, resident: 24e6 };

const collect = (globalThis as { gc?: () => void }).gc;

function readOptions(): { frames: number; seed: number } {
  const { values } = parseArgs({
    options: { frames: { type: 'string', default: '108000' }, seed: { type: 'string', default: '1' } },
  });
  return { frames: wholeNumber('frames', values.frames, 4 * SAMPLES), seed: wholeNumber('seed', values.seed, 0) };
}

/** Everything that keeps something from one frame to the next, and what is done with each frame. */
class Pipeline {
  readonly #random: Random;
  #time = 1_700_000_000_000;
  readonly #now = () => this.#time;
  readonly #publisher = new SeiPublisher({ now: this.#now, oversize: 'split', whenFull: 'drop-oldest' });
  readonly #injector = new SeiInjector({ publisher: this.#publisher });
  readonly #rtpInjector = new RtpSeiInjector({
    publisher: this.#publisher,
    payloadType: PAYLOAD_TYPE,
    history: { keep: 'all' },
  });
  readonly #subscriber = new SeiSubscriber({ now: this.#now, uuids: 'any' });
  readonly #extractor = new RtpSeiExtractor({ subscriber: this.#subscriber, now: this.#now });
  readonly #depacketizer = new RtpDepacketizer({ now: this.#now });
  readonly #splitter = new AccessUnitSplitter();
  readonly #packetizer = new RtpPacketizer({ payloadType: PAYLOAD_TYPE });
  #frames = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, 0);
    // A reader that never reads: what waits for it is bounded.
    this.#subscriber[Symbol.asyncIterator]();
  }

  /** What was done, for people. */
  get summary(): object {
    const { published, injected, dropped } = this.#publisher.stats;
    const { messagesFound, messagesProcessed, droppedFromBuffer, fragmentsPending } = this.#subscriber.stats;
    const { forcedCuts } = this.#splitter;
    return {
      published,
      injected,
      dropped,
      messagesFound,
      messagesProcessed,
      droppedFromBuffer,
      fragmentsPending,
      forcedCuts,
    };
  }

  /** One frame later. */
  step(): void {
    this.#time += FRAME_MS;
    this.#frames++;
    const random = this.#random;
    this.#publish();
    const frame = random.oneIn(2) ? someFrame(random) : random.pick(accessUnits);
    const timestamp = random.oneIn(50) ? random.below(2 ** 30) : this.#frames * FRAME_MS;
    const injected = this.#injector.inject(frame, { timestamp });
    // A new name now and then: the tracks and the sources that a sender can make up are bounded, too.
    const track = random.oneIn(5) ? `track ${random.below(1e6)}` : 'track';
    this.#subscriber.processFrame(injected, { timestamp, track });
    this.#subscriber.processFrame(this.#forged(), { timestamp, track });
    for (const packet of this.#packets()) this.#receive(packet);
    this.#splitter.push(injected);
  }

  #publish(): void {
    const random = this.#random;
    if (random.oneIn(3)) {
      this.#publisher.publishText('x'.repeat(random.length(3000)), { expiresInMs: random.below(20_000) });
    }
    if (random.oneIn(100)) this.#publisher.publishJson({ state: this.#frames }, { retain: `key ${random.below(20)}` });
  }

  /** A frame whose message is like no other, or a fragment of one that never comes whole. */
  #forged(): Uint8Array {
    const random = this.#random;
    const uuid = random.oneIn(2) ? DEFAULT_SEI_UUID : FRAGMENT_SEI_UUID;
    const data = random.bytes(30 + random.length(300));
    return Buffer.concat([START_CODE, createSeiNalUnit(data, { uuid }), START_CODE, Buffer.of(0x41, 0x9a, 1, 2)]);
  }

  #packets(): Uint8Array[] {
    const random = this.#random;
    const nalUnits = splitNalUnits(random.pick(accessUnits), 'annexb');
    const packets = this.#packetizer.packetize(nalUnits, this.#frames * 3000).slice(0, 20);
    return packets.flatMap((packet) => {
      if (random.oneIn(20)) return [];
      return random.oneIn(8) ? [mutated(random, Uint8Array.from(packet)), packet] : [packet];
    });
  }

  #receive(packet: Uint8Array): void {
    for (const sent of this.#rtpInjector.process(packet)) {
      this.#extractor.process(sent);
      this.#depacketizer.push(sent);
    }
    // A source that nobody has heard of.
    if (this.#random.oneIn(20)) {
      const stranger = Uint8Array.from(packet);
      if (stranger.length > 12) stranger.set(this.#random.bytes(4), 8);
      this.#rtpInjector.process(stranger).forEach((each) => this.#extractor.process(each));
    }
  }
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

function soak({ frames, seed }: { frames: number; seed: number }): void {
  if (collect === undefined) throw new Error('needs node --expose-gc');
  const pipeline = new Pipeline(seed);
  const samples: Record<keyof typeof TOLERANCE, number[]> = { heap: [], resident: [] };
  const started = performance.now();
  console.log(`seed ${seed}\n  frames    resident        heap    external`);
  for (let number = 1; number <= frames; number++) {
    pipeline.step();
    if (number % Math.floor(frames / SAMPLES) > 0) continue;
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    samples.heap.push(heapUsed + external);
    samples.resident.push(rss);
    const columns = [rss, heapUsed, external].map((size) => `${megabytes(size).padStart(9)} MB`);
    console.log(`${String(number).padStart(8)}${columns.join('')}`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${frames} frames in ${seconds} s:`, pipeline.summary);
  const quarter = SAMPLES / 4;
  for (const kind of ['heap', 'resident'] as const) {
    const sizes = samples[kind];
    const growth = Math.min(...sizes.slice(-quarter)) - Math.min(...sizes.slice(quarter, 2 * quarter));
    console.log(`${kind}: grew by ${megabytes(growth)} MB from the second quarter to the last`);
    if (growth <= TOLERANCE[kind]) continue;
    console.error(`that is more than ${megabytes(TOLERANCE[kind])} MB: something is not let go`);
    process.exitCode = 1;
  }
}

soak(readOptions());
