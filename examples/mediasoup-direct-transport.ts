/**
 * Metadata into a stream that a mediasoup server forwards. This example is typed against mediasoup and NOT RUN by
 * anything in this repository: mediasoup's worker is a program that its install script downloads, and this repository
 * runs no install scripts.
 *
 * A consumer on a DirectTransport hands over the packets of a producer before SRTP, `RtpSeiInjector` puts messages into
 * them, and a producer on another DirectTransport takes them back into the router. Viewers consume that one:
 *
 * ```
 * camera ─► WebRtcTransport ─► Producer ─► Consumer ─► RtpSeiInjector ─► Producer ─► Consumer ─► WebRtcTransport ─► viewer
 *                                          └──── DirectTransport ────┘   └─ tagged ─┘
 * ```
 *
 * The worker makes retransmissions (RTX) and transport-wide sequence numbers behind the tagged producer, for each viewer
 * anew, which is where they belong: behind the injector.
 */
import type { SeiPublisher } from 'h264-sei';
import { RtpSeiInjector } from 'h264-sei/rtp';
import type { types } from 'mediasoup';

/** The stream with messages, and how to end it. */
export interface TaggedProducer {
  /** What the viewers are to consume in place of the producer that was given. */
  readonly producer: types.Producer;
  /** Ends it; the producer that was given goes on. */
  close(): void;
}

/** Packet types of RTCP (RFC 3550 12.1, RFC 4585 6.1). */
const SENDER_REPORT = 200;
const PAYLOAD_SPECIFIC_FEEDBACK = 206;

/** Whether a compound RTCP packet has a packet of that type in it (RFC 3550 6.1). */
function hasPacketOfType(compound: Buffer, type: number): boolean {
  for (let at = 0; at + 4 <= compound.length; at += 4 * (compound.readUInt16BE(at + 2) + 1)) {
    if (compound[at + 1] === type) return true;
  }
  return false;
}

/**
 * Makes a producer with the video of `source` and the messages of `publisher`.
 *
 * @param router the router of `source`
 * @param source a H.264 producer; of a simulcast one, mediasoup selects the layer and makes one stream of it
 * @param publisher the messages
 */
export async function produceTagged(
  router: types.Router,
  source: types.Producer,
  publisher: SeiPublisher,
): Promise<TaggedProducer> {
  const [ingress, egress] = await Promise.all([router.createDirectTransport(), router.createDirectTransport()]);
  const consumer = await ingress.consume({
    producerId: source.id,
    rtpCapabilities: router.rtpCapabilities,
    enableRtx: false,
    paused: true,
  });
  const { codecs, encodings, headerExtensions, mid } = consumer.rtpParameters;
  const codec = codecs.find(({ mimeType }) => mimeType.toLowerCase() === 'video/h264');
  const ssrc = encodings?.[0]?.ssrc;
  if (codec === undefined || ssrc === undefined) throw new Error('the source is not H.264');
  // Between the transports nothing is lost, and what the camera's packets lack the router asks the camera for.
  const rtcpFeedback =
    codec.rtcpFeedback?.filter(({ type, parameter }) => type !== 'nack' || parameter === 'pli') ?? [];
  const producer = await egress.produce({
    kind: 'video',
    rtpParameters: {
      codecs: [{ ...codec, rtcpFeedback }],
      encodings: [{ ssrc }],
      ...(headerExtensions === undefined ? {} : { headerExtensions }),
      ...(mid === undefined ? {} : { mid }),
    },
  });

  const injector = new RtpSeiInjector({
    publisher,
    payloadType: codec.payloadType,
    ssrc,
    packetizationMode: codec.parameters?.['packetization-mode'] === 1 ? 1 : 0,
  });
  consumer.on('rtp', (packet) => {
    for (const output of injector.process(packet)) producer.send(output);
  });

  // What the sender says of its packets holds for the tagged ones once those of the injector are counted in.
  ingress.on('rtcp', (packet) => {
    if (hasPacketOfType(packet, SENDER_REPORT)) egress.sendRtcp(injector.rewriteSenderReport(packet));
  });
  // A viewer needs a key frame (PLI, FIR): the camera has to make it.
  egress.on('rtcp', (packet) => {
    if (hasPacketOfType(packet, PAYLOAD_SPECIFIC_FEEDBACK)) void consumer.requestKeyFrame();
  });
  await consumer.resume();

  return {
    producer,
    close: () => {
      ingress.close();
      egress.close();
      injector.close();
    },
  };
}
