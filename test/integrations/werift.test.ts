/** Attachments to real werift peers: ICE, DTLS and SRTP over the loopback interface. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RtpPacket } from 'werift';
import { describe, expect, it } from 'vitest';
import { SeiPublisher, SeiSubscriber } from '../../src/index.js';
import { type WeriftSender, attachWeriftSender, attachWeriftTrack } from '../../src/integrations/werift.js';
import { decodeFrameChecksums } from '../support/decoder.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';
import { connectWeriftPeers, weriftFrames } from '../support/werift.js';
import { accessUnitsOf, packetize } from '../rtp/e2e/sources.js';

const clip = fixtureClip('b-pyramid.h264');
const textOf = (json: string) => (JSON.parse(json) as { text: string }).text;

describeWith(nodeAvTool, 'attached to werift', () => {
  it('a sender carries messages, a track delivers them, and FFmpeg sees the same pictures', async () => {
    const peers = await connectWeriftPeers();
    const { sender } = peers.transceiver;
    const publisher = new SeiPublisher();
    const received: string[] = [];
    const packets: RtpPacket[] = [];
    const subscriber = new SeiSubscriber({ onMessage: (message) => received.push(textOf(message.text())) });
    const attachments = [attachWeriftSender(sender, { publisher }), attachWeriftTrack(peers.track, { subscriber })];
    peers.track.onReceiveRtp.subscribe((packet) => packets.push(packet));
    const original = packetize(accessUnitsOf(clip), { maxPacketSize: 900 });
    const texts: string[] = [];
    for (const [index, packet] of original.entries()) {
      if (index % 9 === 3 && index < original.length - 20) {
        texts.push(`packet ${index}`);
        publisher.publishText(texts.at(-1)!);
      }
      await sender.sendRtp(packet);
      await sleep(1);
    }
    // The connection writes headers of its own.
    const last = original.at(-1)!.subarray(12);
    while (packets.at(-1)?.payload.equals(last) !== true) await sleep(5);
    for (const attachment of attachments) attachment.close();
    await peers.close();
    expect(texts.length).toBeGreaterThan(2);
    expect(received).toEqual(texts);
    expect(publisher.getQueueSize()).toBe(0);
    const numbers = packets.map(({ header }) => header.sequenceNumber);
    expect(numbers.map((number) => (number - numbers[0]) & 0xffff)).toEqual(numbers.map((_, index) => index));
    const stream = Buffer.concat(weriftFrames(packets).map(({ data }) => data));
    expect(await decodeFrameChecksums(stream)).toEqual(await decodeFrameChecksums(clip.read()));
  });
});

/** A sender that only remembers. */
function fakeSender(codec: WeriftSender['codec'], state = 'connected') {
  const sent: Uint8Array[] = [];
  const sendRtp = (packet: Uint8Array) => Promise.resolve(sent.push(packet));
  return { sent, sender: { codec, dtlsTransport: { state }, sendRtp } };
}

const H264 = { mimeType: 'video/H264', parameters: 'level-asymmetry-allowed=1;packetization-mode=1' };

describe('a sender', () => {
  const [packet] = packetize(accessUnitsOf(clip), { maxPacketSize: 900 });

  it.each([
    ['that is not connected', H264, 'connecting'],
    ['without a codec', undefined, 'connected'],
    ['of another codec', { mimeType: 'video/VP8' }, 'connected'],
    ['of a mode that is not known here', { ...H264, parameters: 'packetization-mode=2' }, 'connected'],
  ])('%s gets the packet itself, and the messages wait', async (_, codec, state) => {
    const publisher = new SeiPublisher();
    const { sender, sent } = fakeSender(codec, state);
    attachWeriftSender(sender, { publisher });
    publisher.publishText('hello');
    await sender.sendRtp(packet);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toBe(packet);
    expect(publisher.getQueueSize()).toBe(1);
  });

  it.each([
    ['level-asymmetry-allowed=1; packetization-mode=1', 24],
    ['profile-level-id=42e01f', 6],
  ])('aggregates as far as the peers have agreed: %s', async (parameters, type) => {
    const publisher = new SeiPublisher();
    const { sender, sent } = fakeSender({ mimeType: 'video/H264', parameters });
    attachWeriftSender(sender, { publisher });
    const picture = packetize([Buffer.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21)], { maxPacketSize: 900 });
    publisher.publishText('hello', { repeatCount: 1 });
    for (const each of picture) await sender.sendRtp(each);
    expect(sent[0][12] & 0x1f).toBe(type);
  });

  it('throws for what is none', () => {
    const publisher = new SeiPublisher();
    expect(() => attachWeriftSender(undefined as never, { publisher })).toThrow(TypeError);
    expect(() => attachWeriftSender(fakeSender(H264).sender, {} as never)).toThrow(TypeError);
    expect(() => attachWeriftTrack({} as never, undefined as never)).toThrow(TypeError);
  });
});
