// What the examples in the documents take for granted: a frame, somebody to send it to, a player. An example that names
// one of these without making it gets it from here.
import { readFileSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { AccessUnitSplitter, SeiPublisher, SeiSubscriber, createSeiNalUnit, injectSei } from 'h264-sei';
import { RtpPacketizer } from 'h264-sei/rtp';

const clip = process.env['EXAMPLE_CLIP'] ?? '';
const [first] = new AccessUnitSplitter().push(readFileSync(clip));

/** The first access unit of a clip. */
export const frame: Uint8Array = first;

export const timestamp = 0;

/** What was sent last. */
export let received: Uint8Array = Uint8Array.from(first);

export function send(data: Uint8Array): void {
  received = data;
}

export const publisher: SeiPublisher = new SeiPublisher();
publisher.publishText('from the setting');

export const subscriber: SeiSubscriber = new SeiSubscriber({
  onMessage: (message) => {
    console.log(message.text());
  },
});

/** A picture in one packet. */
export const [packet] = new RtpPacketizer({ payloadType: 96 }).packetize([Uint8Array.of(0x65, 0x88, 0x84, 0x21)], 0);

/** A frame with a message, as a stream. */
function tagged(): Readable {
  const stream = new PassThrough();
  stream.end(injectSei(frame, [createSeiNalUnit(Buffer.from('{"text":"streamed"}'))], { format: 'annexb' }));
  return stream;
}

export const socket: Readable = tagged();
export const input: Readable = tagged();
export const player = { stdin: new PassThrough().resume() };

export function show(message: { text(): string }): void {
  console.log(message.text());
}
