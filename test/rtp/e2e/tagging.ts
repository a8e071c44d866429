import { expect } from 'vitest';
import { DEFAULT_SEI_UUID, type ReceivedSeiMessage, SeiPublisher, SeiSubscriber } from '../../../src/index.js';
import { RtpSeiExtractor, RtpSeiInjector } from '../../../src/rtp/index.js';
import { ffmpegUserData } from '../../support/ffmpeg-cli.js';
import { PAYLOAD_TYPE, type PacketSource, readMarker } from './sources.js';

/** What came out of an injector. */
export interface Tagged {
  readonly packets: Buffer[];
  /** The texts that were published, in order. */
  readonly published: string[];
}

/** How often a message is published, in access units. */
const EVERY = 6;

/**
 * Sends packets through an injector, and publishes as they pass. A feed of at least 10 access units carries two messages
 * or more.
 */
export function tag(packets: readonly Buffer[], { maxPacketSize, packetizationMode }: PacketSource): Tagged {
  const publisher = new SeiPublisher();
  const injector = new RtpSeiInjector({ publisher, payloadType: PAYLOAD_TYPE, maxPacketSize, packetizationMode });
  const accessUnits = packets.filter(readMarker).length;
  const published: string[] = [];
  const output: Buffer[] = [];
  let accessUnit = 0;
  let isFirst = true;
  for (const packet of packets) {
    if (isFirst && accessUnit % EVERY === 1 && accessUnit + EVERY < accessUnits) {
      const text = `access unit ${accessUnit}: größer, \0\0\x01 and \0\0\0`;
      publisher.publishText(text);
      published.push(text);
    }
    for (const each of injector.process(packet)) output.push(Buffer.from(each));
    isFirst = readMarker(packet);
    if (isFirst) accessUnit++;
  }
  return { packets: output, published };
}

/** The texts that an extractor finds in packets. */
export function receivedTexts(packets: readonly Uint8Array[]): string[] {
  const texts: string[] = [];
  const onMessage = (message: ReceivedSeiMessage) => texts.push(message.json<{ text: string }>().text);
  const extractor = new RtpSeiExtractor({ subscriber: new SeiSubscriber({ onMessage }), payloadType: PAYLOAD_TYPE });
  for (const packet of packets) extractor.process(packet);
  extractor.flush();
  return texts;
}

/** How often a publisher sends a message where it is told nothing else. */
const COPIES = 3;

/** Expects that FFmpeg reads every copy of what was published in a byte stream, one in each of consecutive pictures. */
export async function expectPublished(annexB: Uint8Array, published: readonly string[]): Promise<void> {
  const uuid = DEFAULT_SEI_UUID.replaceAll('-', '');
  const messages = (await ffmpegUserData(annexB)).filter((each) => Buffer.from(each.uuid).toString('hex') === uuid);
  const textOf = (userData: Uint8Array) => (JSON.parse(Buffer.from(userData).toString()) as { text: string }).text;
  expect(messages.map(({ userData }) => textOf(userData))).toEqual(
    published.flatMap((text) => Array<string>(COPIES).fill(text)),
  );
  messages.forEach(({ packet }, i) => {
    if (i % COPIES > 0) expect(packet).toBe(messages[i - 1].packet + 1);
  });
}
