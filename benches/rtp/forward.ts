/** What a RTP packet costs a media server that forwards it, in a stream into which SEI has been put before. */
import type { Comparison, Side, Task } from '../harness/comparison.js';
import { atLeastPerSecond } from '../harness/targets.js';
import { bytesOf } from '../inputs.js';

const MEBIBYTE = 1024 * 1024;
const PAYLOAD_TYPE = 96;
const TICKS_PER_PICTURE = 3600;
/** Pictures between two messages, where there are some: one in a second. */
const PICTURES_PER_MESSAGE = 25;
const TEXT = 'a caption of some length, '.repeat(4);

type Packet = Buffer;

/** The packets of a clip as a sender would give them, with the number and the timestamp that each has. */
class Stream {
  readonly packets: readonly Packet[];
  readonly #numbers: readonly number[];
  readonly #timestamps: readonly number[];
  readonly #duration: number;
  #rounds = 0;

  constructor({ library, rtp }: Side) {
    const splitter = new library.AccessUnitSplitter();
    const clip = bytesOf('H.264', MEBIBYTE);
    const accessUnits = [...splitter.push(clip), ...splitter.flush()];
    const packetizer = new rtp.RtpPacketizer({ payloadType: PAYLOAD_TYPE, ssrc: 1, sequenceNumber: 0 });
    this.packets = accessUnits.flatMap((accessUnit, i) =>
      packetizer
        .packetize(library.splitNalUnits(accessUnit, 'annexb'), i * TICKS_PER_PICTURE)
        .map((packet) => Buffer.from(packet)),
    );
    this.#numbers = this.packets.map((packet) => packet.readUInt16BE(2));
    this.#timestamps = this.packets.map((packet) => packet.readUInt32BE(4));
    this.#duration = accessUnits.length * TICKS_PER_PICTURE;
  }

  /** Makes the packets those that come next, whatever was written into them. */
  advance(): void {
    this.packets.forEach((packet, i) => {
      packet.writeUInt16BE((this.#numbers[i] + this.#rounds * this.packets.length) & 0xffff, 2);
      packet.writeUInt32BE((this.#timestamps[i] + this.#rounds * this.#duration) >>> 0, 4);
    });
    this.#rounds++;
  }
}

function forwardTask(side: Side, inPlace: boolean, hasMessages: boolean): Task {
  const { library, rtp } = side;
  const stream = new Stream(side);
  const { packets } = stream;
  const publisher = new library.SeiPublisher({ repeatCount: 1 });
  const injector = new rtp.RtpSeiInjector({ publisher, payloadType: PAYLOAD_TYPE, inPlace });
  let next = 0;
  let messages = 0;
  let pictures = 0;
  return {
    calls: packets.length,
    before() {
      if (messages > 0 && injector.stats.addedPackets === 0) throw new Error('the numbers are the same as before');
      next = 0;
      stream.advance();
      // The first one changes the numbers of all that follow.
      if (messages === 0) publisher.publishJson({ number: messages++ });
    },
    run() {
      const packet = packets[next++];
      if (hasMessages && packet[1] >= 128 && ++pictures % PICTURES_PER_MESSAGE === 0) {
        publisher.publishJson({ number: messages++, text: TEXT });
      }
      return injector.process(packet).length;
    },
  };
}

/** Without a message to send, which is what nearly every packet meets, and with one in a second of video. */
export const comparisons: readonly Comparison[] = [
  {
    name: 'RtpSeiInjector.process, packets of up to 1200 bytes',
    items: { unit: 'packets', count: 1 },
    quick: true,
    sides: 'auto',
    tasks: (side) => ({
      'in place': forwardTask(side, true, false),
      'in place, a message a second': forwardTask(side, true, true),
      'as a copy': forwardTask(side, false, false),
    }),
    targets: [atLeastPerSecond('rtp', 1_000_000, 'packets', 'auto, in place')],
  },
];
