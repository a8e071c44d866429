/** Real clips, from the publisher to the subscriber: every backend, every format. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, splitNalUnits, stripSei, toLengthPrefixed } from '../../src/index.js';
import { FRAGMENT_SEI_UUID } from '../../src/wire/fragmentation.js';
import { SeiSubscriber } from '../../src/receive/subscriber.js';
import { concat } from '../contract/frames.js';
import { reportMissingAddon, testedBackends } from '../support/backends.js';
import { decodeFrameChecksums } from '../support/decoder.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';
import { type Clip, fixtureClip, fixtureClips } from '../support/streams.js';
import { setup } from '../support/messages.js';

const MAX_PACKET_SIZE = 1200;

/** The access units of a clip, over and over until there are so many. */
function accessUnits(clip: Clip, count: number): Uint8Array[] {
  const stream = clip.read();
  let at = 0;
  const units = clip.accessUnitSizes.map((size) => stream.subarray(at, (at += size)));
  return Array.from({ length: count }, (_, i) => units[i % units.length]);
}

/** RTP payloads of an access unit: single NAL unit packets, and FU-A for what is larger (RFC 6184 5.6, 5.8). */
function packetize(accessUnit: Uint8Array): Uint8Array[] {
  return splitNalUnits(accessUnit).flatMap((nalUnit) => {
    if (nalUnit.length <= MAX_PACKET_SIZE) return [nalUnit];
    const header = nalUnit[0];
    const packets: Uint8Array[] = [];
    for (let at = 1; at < nalUnit.length; at += MAX_PACKET_SIZE - 2) {
      const data = nalUnit.subarray(at, at + MAX_PACKET_SIZE - 2);
      const start = at === 1 ? 0x80 : 0;
      const end = at + data.length === nalUnit.length ? 0x40 : 0;
      packets.push(concat(Uint8Array.of((header & 0xe0) | 28, start | end | (header & 0x1f)), data));
    }
    return packets;
  });
}

/** What is handed to an injector for each access unit. */
const formats = {
  annexb: (unit: Uint8Array) => [unit],
  avcc: (unit: Uint8Array) => [toLengthPrefixed(unit)],
  'avcc of two bytes': (unit: Uint8Array) => [toLengthPrefixed(unit, { lengthSize: 2 })],
  rtp: packetize,
} as const;

type Format = keyof typeof formats;

const hints = {
  annexb: {},
  avcc: {},
  'avcc of two bytes': { lengthSize: 2 },
  rtp: { format: 'rtp' },
} as const;

const FRAMES = 240;

/** Publishes into a clip as it plays, and answers what was published, what was received, and the frames on the way. */
function play(clip: Clip, format: Format) {
  const { publisher, injector } = setup(
    { oversize: 'split', maxBytesPerFrame: 1000 },
    { ...hints[format], maxPacketSize: MAX_PACKET_SIZE },
  );
  const received: string[] = [];
  const callback: string[] = [];
  const subscriber = new SeiSubscriber({ ...hints[format], onMessage: (message) => callback.push(message.text()) });
  const published: string[] = [];
  const frames: { before: Uint8Array; after: Uint8Array }[] = [];
  accessUnits(clip, FRAMES).forEach((unit, i) => {
    const timestamp = i * 40;
    if (i % 12 === 3 && i < 180) {
      const text = `frame ${i}: \u0000\u0001 größer`;
      publisher.publishText(text);
      published.push(text);
    }
    if (i % 60 === 7 && i < 180) {
      const bytes = `frame ${i}: `.padEnd(700, '\0\0\x01\0\0\x03');
      publisher.publishBytes(Buffer.from(bytes));
      published.push(bytes);
    }
    for (const before of formats[format](unit)) {
      const after = injector.inject(before, { timestamp });
      frames.push({ before, after });
      for (const message of subscriber.processFrame(after, { timestamp })) received.push(message.text());
    }
  });
  const textOf = (message: string) =>
    message.startsWith('{') ? (JSON.parse(message) as { text: string }).text : message;
  return {
    publisher,
    injector,
    subscriber,
    published: published.sort(),
    received: received.map(textOf).sort(),
    callback: callback.map(textOf).sort(),
    frames,
  };
}

describe.each(testedBackends.map((tested) => [tested.name, tested] as const))('%s', (_, tested) => {
  let restore: () => void;
  beforeAll(() => {
    restore = tested.use();
  });
  afterAll(() => {
    restore();
  });

  describe.each(Object.keys(formats) as Format[])('%s', (format) => {
    it.each(fixtureClips)('$name carries every message once, and its own bytes untouched', (clip) => {
      const { publisher, subscriber, published, received, callback, frames } = play(clip, format);
      expect(published.length).toBe(18);
      expect(received).toEqual(published);
      expect(callback).toEqual(published);
      expect(publisher.stats).toMatchObject({ queued: 0, injected: published.length, expired: 0, split: 3 });
      expect(subscriber.stats).toMatchObject({ errors: 0, rejected: 0, fragmentsPending: 0 });
      expect(frames.some(({ before, after }) => before === after)).toBe(true);
      for (const { before, after } of frames) {
        if (format === 'rtp') expect(after.length).toBeLessThanOrEqual(MAX_PACKET_SIZE);
        if (before === after || format === 'rtp') continue;
        const stripped = stripSei(after, { ...hints[format], uuids: [DEFAULT_SEI_UUID, FRAGMENT_SEI_UUID] });
        expect(Buffer.compare(stripped, before)).toBe(0);
      }
    });
  });
});

reportMissingAddon();

describe('a packet of a network', () => {
  it('is read by processPacketData whatever its format', () => {
    const { publisher, injector } = setup({ repeatCount: 1 }, { format: 'rtp' });
    const subscriber = new SeiSubscriber();
    publisher.publishText('hello');
    const packets = packetize(accessUnits(fixtureClip('cavlc-baseline.h264'), 5).at(-1)!);
    const messages = packets.flatMap((packet) => subscriber.processPacketData(injector.inject(packet)));
    expect(messages.map((message) => message.json<{ text: string }>().text)).toEqual(['hello']);
  });
});

describeWith(nodeAvTool, 'decoded by node-av', () => {
  it.each(fixtureClips)('$name has the pixels that it had', async (clip) => {
    const { frames } = play(clip, 'annexb');
    const once = frames.slice(0, clip.accessUnitSizes.length).map(({ after }) => after);
    expect(once.some((frame, i) => frame !== frames[i].before)).toBe(true);
    expect(await decodeFrameChecksums(joined(once))).toEqual(await decodeFrameChecksums(clip.read()));
  });
});

/** The bytes of large pieces in one memory. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}
