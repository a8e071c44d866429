/**
 * werift as a real peer: ICE, DTLS and SRTP over the loopback interface, the injector in front of the sender, the
 * extractor behind the receiver.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { RtpPacket } from 'werift';
import { describe, expect, it } from 'vitest';
import { SeiPublisher } from '../../../src/index.js';
import { RtpSeiInjector } from '../../../src/rtp/index.js';
import { decodeFrameChecksums } from '../../support/decoder.js';
import { nodeAvTool } from '../../support/node-av.js';
import { describeWith } from '../../support/skip.js';
import { type Clip, fixtureClip, fixtureClips } from '../../support/streams.js';
import { type WeriftOptions, type WeriftPeers, connectWeriftPeers, weriftFrames } from '../../support/werift.js';
import { PAYLOAD_TYPE, accessUnitsOf, ourSources, packetize } from './sources.js';
import { receivedTexts, tag } from './tagging.js';

const aggregated = ourSources.filter(({ aggregates }) => aggregates);

/** The packets that came, in the order of their sequence numbers, each once. */
function inOrder(packets: readonly RtpPacket[], first: number): RtpPacket[] {
  const distance = ({ header }: RtpPacket) => (header.sequenceNumber - first) & 0xffff;
  const byNumber = new Map(packets.map((packet) => [packet.header.sequenceNumber, packet]));
  return [...byNumber.values()].sort((a, b) => distance(a) - distance(b));
}

/** Connects two peers, lets `use` send, and answers what the receiver decrypted, in the order in which it came. */
async function exchange(
  options: WeriftOptions,
  use: (peers: WeriftPeers, received: readonly RtpPacket[]) => Promise<void>,
): Promise<RtpPacket[]> {
  const peers = await connectWeriftPeers(options);
  const received: RtpPacket[] = [];
  peers.track.onReceiveRtp.subscribe((packet) => received.push(packet));
  try {
    await use(peers, received);
  } finally {
    await peers.close();
  }
  return received;
}

/** Waits until so many packets have come, or no longer. One that is asked for twice may come twice. */
async function untilCame(received: readonly RtpPacket[], count: number): Promise<void> {
  const numbers = () => new Set(received.map(({ header }) => header.sequenceNumber)).size;
  for (const deadline = Date.now() + 60_000; numbers() < count && Date.now() < deadline;) await sleep(5);
}

async function expectVideo(received: readonly RtpPacket[], clip: Clip): Promise<void> {
  const stream = Buffer.concat(weriftFrames(received).map(({ data }) => data));
  expect(await decodeFrameChecksums(stream)).toEqual(await decodeFrameChecksums(clip.read()));
}

describeWith(nodeAvTool, 'werift receives', () => {
  describe.each(aggregated)('$name', (source) => {
    it.each(fixtureClips)('$name', async (clip) => {
      const { packets, published } = tag(await source.packets(clip), source);
      const received = await exchange({}, async (peers, came) => {
        for (const packet of packets) {
          await peers.transceiver.sender.sendRtp(packet);
          await turn();
        }
        await untilCame(came, packets.length);
      });
      const ordered = inOrder(received, packets[0].readUInt16BE(2));
      expect(ordered.length).toBe(packets.length);
      await expectVideo(ordered, clip);
      expect(receivedTexts(ordered.map((packet) => packet.serialize()))).toEqual(published);
    });
  });
});

/** What a transport has sent, and what was lost of it. */
interface Wire {
  /** The plaintext of each packet by its sequence number, all copies. */
  readonly sent: ReadonlyMap<number, readonly Buffer[]>;
  readonly lost: ReadonlySet<number>;
}

/** Loses the first copy of every sixth packet of the video, behind the history of the sender and in front of SRTP. */
function loseSome({ transceiver }: WeriftPeers): Wire {
  const { dtlsTransport } = transceiver;
  const sendRtp = dtlsTransport.sendRtp.bind(dtlsTransport);
  const sent = new Map<number, Buffer[]>();
  const lost = new Set<number>();
  dtlsTransport.sendRtp = (payload, header) => {
    const { sequenceNumber, payloadType } = header;
    if (payloadType !== PAYLOAD_TYPE) return sendRtp(payload, header);
    const copies = sent.get(sequenceNumber) ?? [];
    sent.set(sequenceNumber, [...copies, new RtpPacket(header, payload).serialize()]);
    if (copies.length > 0 || sequenceNumber % 6 !== 3) return sendRtp(payload, header);
    lost.add(sequenceNumber);
    return Promise.resolve(0);
  };
  return { sent, lost };
}

// werift asks for no packet that is lost around the wrap of the sequence numbers.
const FIRST = 1000;

describeWith(nodeAvTool, 'werift asks for what is lost', () => {
  const clip = fixtureClip('slices.h264');
  const source = aggregated.find(({ maxPacketSize }) => maxPacketSize === 300)!;
  const { maxPacketSize, packetizationMode } = source;
  const original = packetize(accessUnitsOf(clip), { maxPacketSize, packetizationMode, sequenceNumber: FIRST });

  it.each([{ rtx: false }, { rtx: true }])(
    'and gets it from its history of tagged packets, RTX: $rtx',
    async (options) => {
      const { packets, published } = tag(original, source);
      let wire: Wire | undefined;
      const received = await exchange(options, async (peers, came) => {
        wire = loseSome(peers);
        for (const packet of packets) {
          await peers.transceiver.sender.sendRtp(packet);
          await sleep(1);
        }
        await untilCame(came, packets.length);
      });
      expect(wire!.lost.size).toBeGreaterThan(10);
      const ordered = inOrder(received, FIRST);
      expect(ordered.length).toBe(packets.length);
      await expectVideo(ordered, clip);
      expect(receivedTexts(received.map((packet) => packet.serialize()))).toEqual(published);
    },
  );

  it('and gets it from the history of the injector, or from the camera once more', async () => {
    const publisher = new SeiPublisher();
    const injector = new RtpSeiInjector({ maxPacketSize, packetizationMode, publisher, payloadType: PAYLOAD_TYPE });
    const camera = new Map(original.map((packet) => [packet.readUInt16BE(2), packet]));
    const answered = { byHistory: 0, byCamera: 0 };
    let wire: Wire | undefined;
    let count = 0;
    const received = await exchange({}, async (peers, came) => {
      wire = loseSome(peers);
      const { sender } = peers.transceiver;
      // A server that keeps no packets of its own.
      const send = async (packet: Uint8Array) => {
        await sender.sendRtp(Buffer.from(packet));
        (sender as unknown as { rtpCache: unknown[] }).rtpCache = [];
      };
      sender.onGenericNack.subscribe(({ lost }) => {
        for (const sequenceNumber of lost) {
          const kept = injector.getPacket(sequenceNumber);
          if (kept !== undefined) {
            answered.byHistory++;
            void send(kept);
            continue;
          }
          const again = Buffer.from(camera.get(injector.toOriginalSequenceNumber(sequenceNumber)!)!);
          again.writeUInt16BE(sequenceNumber, 2);
          answered.byCamera++;
          void send(again);
        }
      });
      for (const [index, packet] of original.entries()) {
        if (index % 8 === 4) publisher.publishText(`packet ${index}`);
        for (const output of injector.process(packet)) {
          count++;
          await send(output);
        }
        await sleep(1);
      }
      await untilCame(came, count);
    });
    expect(answered.byHistory).toBeGreaterThan(0);
    expect(answered.byCamera).toBeGreaterThan(0);
    for (const [first, ...copies] of wire!.sent.values()) {
      for (const copy of copies) expect(copy).toEqual(first);
    }
    const ordered = inOrder(received, FIRST);
    expect(ordered.length).toBe(count);
    await expectVideo(ordered, clip);
    expect(receivedTexts(ordered.map((packet) => packet.serialize())).length).toBeGreaterThan(5);
  });
});

describe('header extensions, written and read by werift', () => {
  it('of packets that pass stay, those that are added have MID and RID alone', () => {
    const [mid, transportWide, rid] = [1, 3, 10];
    const packets = packetize(accessUnitsOf(fixtureClip('1080p.h264')), {}).map((packet, index) => {
      const { header, payload } = RtpPacket.deSerialize(packet);
      header.extensions = [
        { id: mid, payload: Buffer.from('v0') },
        { id: transportWide, payload: Buffer.of(index >> 8, index) },
        { id: rid, payload: Buffer.from('high') },
      ];
      return new RtpPacket(header, payload).serialize();
    });
    const publisher = new SeiPublisher();
    const injector = new RtpSeiInjector({ publisher, payloadType: PAYLOAD_TYPE, headerExtensionIds: { mid, rid } });
    publisher.publishText('hello');
    const output = packets.flatMap((packet) => injector.process(packet)).map((packet) => RtpPacket.deSerialize(packet));
    const numbers: number[] = [];
    let added = 0;
    for (const { header } of output) {
      const elements = new Map(header.extensions.map(({ id, payload }) => [id, payload]));
      expect(elements.get(mid)!.toString()).toBe('v0');
      expect(elements.get(rid)!.toString()).toBe('high');
      const number = elements.get(transportWide);
      if (number !== undefined) numbers.push(number.readUInt16BE(0));
      else added++;
      expect(elements.size).toBe(number === undefined ? 2 : 3);
    }
    expect(added).toBeGreaterThan(0);
    expect(added).toBe(injector.stats.addedPackets);
    expect(numbers).toEqual(packets.map((_, index) => index));
  });
});
