import { createHash } from 'node:crypto';
import { SeiInjector, SeiPublisher, SeiSubscriber, splitNalUnits } from '../../src/index.js';
import { RtpDepacketizer, RtpPacketizer, RtpSeiExtractor, RtpSeiInjector } from '../../src/rtp/index.js';
import { Finding } from './codec-round.js';
import { accessUnits } from './inputs.js';
import { shaped } from './memory-shapes.js';
import { mutated, someFrame } from './mutation.js';
import type { Random } from './random.js';
import type { Side } from './sides.js';

const FRAMES = 12;
const PACKETS = 60;
const PAYLOAD_TYPE = 96;

/** What comes out of a session, as one text. */
class Transcript {
  readonly #hash = createHash('md5');

  /** Adds bytes, or a value as JSON. */
  add(...values: readonly unknown[]): void {
    for (const value of values) this.#hash.update(value instanceof Uint8Array ? value : JSON.stringify(value));
  }

  /** The text. */
  end(): string {
    return this.#hash.digest('hex');
  }
}

/** A session: the same numbers make the same one. */
type Session = (random: Random, transcript: Transcript) => void;

/** A clock that goes on, jumps and goes back. */
function clockOf(random: Random): () => number {
  let time = 1_700_000_000_000;
  return () => {
    time += random.oneIn(100) ? random.below(100_000) - 50_000 : random.below(20);
    return time;
  };
}

function publish(random: Random, publisher: SeiPublisher): void {
  const text = 'x'.repeat(random.length(200));
  const options = { repeatCount: 1 + random.below(4), priority: random.below(3), expiresInMs: random.below(2000) };
  try {
    if (random.below(2) === 0) publisher.publishText(text, options);
    else publisher.publishJson({ text, number: random.below(100) }, random.oneIn(4) ? { retain: 'key' } : options);
  } catch (error) {
    // A full queue is told to whoever publishes.
    if ((error as { code?: string }).code === undefined) throw error;
  }
}

function timestampOf(random: Random, frame: number): number | undefined {
  if (random.oneIn(10)) return random.pick([undefined, -1, 2 ** 60, 0.5, 0]);
  return frame * 33;
}

/** Frames, good and broken, through an injector to a subscriber. */
const injectFrames: Session = (random, transcript) => {
  const now = clockOf(random);
  const publisher = new SeiPublisher({ now, maxQueueSize: 1 + random.below(10), whenFull: 'drop-oldest' });
  const format = random.pick(['annexb', 'avcc', 'rtp', undefined, undefined, undefined] as const);
  const injector = new SeiInjector({ publisher, format, maxPacketSize: random.pick([undefined, 500, 3000]) });
  const subscriber = new SeiSubscriber({
    now,
    format: random.pick([undefined, format]),
    uuids: random.pick([undefined, 'any']),
    dedup: random.pick([true, true, false]),
    scan: random.pick(['full', 'first-vcl']),
  });
  for (let number = 0; number < FRAMES; number++) {
    if (random.oneIn(2)) publish(random, publisher);
    const data = random.oneIn(3) ? someFrame(random) : Uint8Array.from(random.pick(accessUnits));
    const frame = shaped(random, data);
    const options = { timestamp: timestampOf(random, number) };
    const target = new Uint8Array(data.length + 20_000);
    const how = random.below(3);
    const injected =
      how === 0
        ? injector.inject(frame, options)
        : how === 1
          ? Buffer.concat(injector.injectParts(frame, options))
          : target.subarray(0, injector.injectInto(frame, target, options));
    transcript.add(injected);
    const received = random.oneIn(3) ? mutated(random, Uint8Array.from(injected)) : injected;
    const messages = subscriber.processFrame(received, options);
    transcript.add(messages.map((message) => message.toJSON()));
  }
  transcript.add(publisher.stats, injector.stats, subscriber.stats);
  injector.close();
};

/** The packets of some access units, in the hands of a network that loses, doubles, delays and changes them. */
function disturbedPackets(random: Random): Uint8Array[] {
  const packetizationMode = random.oneIn(4) ? 0 : 1;
  const maxPacketSize = packetizationMode === 0 ? 0xffff : 64 + random.below(1400);
  const sequenceNumber = random.pick([0, 65_500, random.below(65_536)]);
  const packetizer = new RtpPacketizer({
    payloadType: PAYLOAD_TYPE,
    ssrc: 7,
    sequenceNumber,
    packetizationMode,
    maxPacketSize,
  });
  const packets: Uint8Array[] = [];
  for (let number = 0; packets.length < PACKETS; number++) {
    const nalUnits = splitNalUnits(random.pick(accessUnits), 'annexb').map((unit) =>
      random.oneIn(10) ? mutated(random, Uint8Array.from(unit)) : unit,
    );
    packets.push(...packetizer.packetize(nalUnits, number * 3000));
  }
  const sent = packets.slice(0, PACKETS).flatMap((packet) => {
    const copies = random.oneIn(12) ? random.below(3) : 1;
    const arrived = random.oneIn(10) ? mutated(random, Uint8Array.from(packet)) : packet;
    return new Array<Uint8Array>(copies).fill(Uint8Array.from(arrived));
  });
  for (let swaps = random.below(12); swaps > 0 && sent.length > 0; swaps--) {
    const at = random.below(sent.length);
    const [late] = sent.splice(at, 1);
    sent.splice(Math.min(at + random.below(8), sent.length), 0, late);
  }
  return sent;
}

/** Packets through the RTP injector to the extractor and the depacketizer. */
const forwardPackets: Session = (random, transcript) => {
  const now = clockOf(random);
  const publisher = new SeiPublisher({ now });
  const injector = new RtpSeiInjector({
    publisher,
    payloadType: PAYLOAD_TYPE,
    ssrc: random.pick([undefined, undefined, 7]),
    maxPacketSize: random.pick([undefined, 200, 1500]),
    packetizationMode: random.oneIn(4) ? 0 : 1,
    inPlace: random.oneIn(3),
    history: { packets: random.below(20), keep: random.pick(['changed', 'all'] as const) },
  });
  const subscriber = new SeiSubscriber({ now, uuids: 'any' });
  const extractor = new RtpSeiExtractor({ subscriber, now, windowPackets: 1 + random.below(20) });
  const depacketizer = new RtpDepacketizer({ now, maxAccessUnitSize: 1 + random.below(20_000) });
  const receive = (packet: Uint8Array) => {
    const arrived = random.oneIn(20) ? mutated(random, Uint8Array.from(packet)) : packet;
    transcript.add(
      packet,
      extractor.process(arrived).map((message) => message.toJSON()),
    );
    for (const unit of depacketizer.push(arrived)) transcript.add(...unit.nalUnits, unit.rtpTimestamp, unit.isDamaged);
  };
  for (const packet of disturbedPackets(random)) {
    if (random.oneIn(6)) publish(random, publisher);
    const datagram = shaped(random, packet);
    const outputs = random.oneIn(3)
      ? injector.processParts(datagram).map((parts) => Buffer.concat(parts))
      : injector.process(datagram);
    outputs.forEach(receive);
    if (random.oneIn(10)) {
      const report = random.bytes(random.length(80));
      if (report.length > 1) report.set([0x81, random.pick([200, 201])]);
      transcript.add(injector.rewriteSenderReport(report), injector.rewriteReceiverReport(report));
      transcript.add(injector.getPacket(random.below(65_536)) ?? 0);
      transcript.add(injector.toOriginalSequenceNumber(random.below(65_536)) ?? 0);
    }
  }
  transcript.add(extractor.flush().length, depacketizer.flush().length, publisher.stats, injector.stats);
  transcript.add(extractor.stats, depacketizer.stats, subscriber.stats);
  injector.close();
};

const SESSIONS: readonly Session[] = [injectFrames, forwardPackets];

/**
 * Runs one session on every side and compares what comes out. Nothing may throw, whatever the bytes.
 *
 * @param randomOf the same numbers, from the beginning, at each call
 * @throws {@link Finding}
 */
export function framePathRound(randomOf: () => Random, sides: readonly Side[]): void {
  let expected: string | undefined;
  for (const side of sides) {
    side.use();
    const random = randomOf();
    const session = random.pick(SESSIONS);
    const transcript = new Transcript();
    try {
      session(random, transcript);
    } catch (error) {
      throw new Finding(`${side.name}: the frame path has thrown: ${String(error)}`, { cause: error });
    }
    const outcome = transcript.end();
    expected ??= outcome;
    if (outcome !== expected) throw new Finding(`${side.name} does something else than ${sides[0].name}`);
  }
}
