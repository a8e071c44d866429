import {
  type MediaStreamTrack,
  type RTCPeerConnection,
  RTCPeerConnection as PeerConnection,
  RTCRtpCodecParameters,
  type RTCRtpTransceiver,
  type RtpPacket,
  dePacketizeRtpPackets,
  useSdesMid,
} from 'werift';

/** A peer that sends and one that receives, connected over ICE, DTLS and SRTP. */
export interface WeriftPeers {
  /** What the sending peer sends with: `transceiver.sender.sendRtp(packet)` encrypts and sends. */
  readonly transceiver: RTCRtpTransceiver;
  /** What the receiving peer decrypts: `track.onReceiveRtp.subscribe(…)`. */
  readonly track: MediaStreamTrack;
  /** Ends both. */
  close(): Promise<void>;
}

/** How the peers talk. */
export interface WeriftOptions {
  /** Whether the receiver asks for what is lost; true where absent. */
  readonly nack?: boolean;
  /** Whether the answer is a stream of its own (RFC 4588); else it is the packet once more. False where absent. */
  readonly rtx?: boolean;
}

/** A peer that has one address, 127.0.0.1, and asks no server for another. */
function peer({ nack = true, rtx = false }: WeriftOptions): RTCPeerConnection {
  const h264 = new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    payloadType: 96,
    parameters: 'packetization-mode=1;profile-level-id=42e01f;level-asymmetry-allowed=1',
    rtcpFeedback: nack ? [{ type: 'nack' }] : [],
  });
  const retransmission = new RTCRtpCodecParameters({
    mimeType: 'video/rtx',
    clockRate: 90_000,
    payloadType: 97,
    parameters: 'apt=96',
  });
  return new PeerConnection({
    codecs: { video: rtx ? [h264, retransmission] : [h264] },
    headerExtensions: { video: [useSdesMid()] },
    iceServers: [],
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceUseIpv6: false,
  });
}

/** Connects two werift peers over the loopback interface, one video track from the first to the second. */
export async function connectWeriftPeers(options: WeriftOptions = {}): Promise<WeriftPeers> {
  const [sending, receiving] = [peer(options), peer(options)];
  const transceiver = sending.addTransceiver('video', { direction: 'sendonly' });
  const track = receiving.onTrack.asPromise();
  const connected = Promise.all(
    [sending, receiving].map((each) => each.connectionStateChange.watch((state) => state === 'connected', 60_000)),
  );
  await sending.setLocalDescription(await sending.createOffer());
  await receiving.setRemoteDescription(sending.localDescription!);
  await receiving.setLocalDescription(await receiving.createAnswer());
  await sending.setRemoteDescription(receiving.localDescription!);
  await connected;
  return {
    transceiver,
    track: (await track)[0],
    close: async () => {
      await Promise.all([sending.close(), receiving.close()]);
    },
  };
}

/** An access unit as werift's depacketizer puts it together. */
export interface WeriftFrame {
  /** The access unit as a byte stream (annex B). */
  readonly data: Buffer;
  /** Whether werift takes it for a key frame. */
  readonly isKeyframe: boolean;
}

/**
 * What werift's depacketizer makes of packets: an access unit ends with the packet that has the marker bit.
 *
 * @param packets in the order of their sequence numbers, none missing
 */
export function weriftFrames(packets: readonly RtpPacket[]): WeriftFrame[] {
  const frames: WeriftFrame[] = [];
  let start = 0;
  packets.forEach(({ header }, index) => {
    if (!header.marker && index < packets.length - 1) return;
    const { data, isKeyframe } = dePacketizeRtpPackets('MPEG4/ISO/AVC', packets.slice(start, index + 1));
    frames.push({ data, isKeyframe });
    start = index + 1;
  });
  return frames;
}
