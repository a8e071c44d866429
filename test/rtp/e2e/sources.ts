import { splitNalUnits } from '../../../src/index.js';
import { RtpPacketizer, type RtpPacketizerOptions } from '../../../src/rtp/index.js';
import { ffmpegTool } from '../../support/ffmpeg-cli.js';
import { ffmpegPackets } from '../../support/ffmpeg-rtp.js';
import { gstreamerPackets, gstreamerTool } from '../../support/gstreamer.js';
import type { Tool } from '../../support/skip.js';
import type { Clip } from '../../support/streams.js';

/** The payload type of every packet of these tests. */
export const PAYLOAD_TYPE = 96;

/** Close to the end, so that every clip goes through the wrap to 0. */
const FIRST_SEQUENCE_NUMBER = 65_530;

/** Somebody who makes RTP packets of a clip. */
export interface PacketSource {
  /** Who, and how. */
  readonly name: string;
  /** The length of a packet at most. */
  readonly maxPacketSize: number;
  /** What its packets may be (RFC 6184 6.2, 6.3). */
  readonly packetizationMode: 0 | 1;
  /** Whether NAL units share packets. */
  readonly aggregates: boolean;
  /** What has to be on the machine. */
  readonly tools: readonly Tool[];
  /** The packets of a clip, one timestamp for each access unit, 40 ms apart. */
  packets(clip: Clip): Promise<Buffer[]>;
}

/** The marker bit, which stands on the last packet of an access unit (RFC 6184 5.1). */
export function readMarker(packet: Uint8Array): boolean {
  return (packet[1] & 0x80) !== 0;
}

/** Gives packets that come from a file without a clock their timestamps. */
function withTimestamps(packets: Buffer[]): Buffer[] {
  let timestamp = 0xffff_ffff - 10 * 3600;
  for (const packet of packets) {
    packet.writeUInt32BE(timestamp, 4);
    if (readMarker(packet)) timestamp = (timestamp + 3600) >>> 0;
  }
  return packets;
}

function gstreamer(mtu: number, aggregateMode: 'none' | 'zero-latency' | 'max-stap'): PacketSource {
  return {
    name: `GStreamer, ${mtu} bytes, aggregate-mode ${aggregateMode}`,
    maxPacketSize: mtu,
    packetizationMode: 1,
    aggregates: aggregateMode !== 'none',
    tools: [gstreamerTool],
    packets: async (clip) =>
      withTimestamps(
        await gstreamerPackets(clip.read(), { mtu, aggregateMode, firstSequenceNumber: FIRST_SEQUENCE_NUMBER }),
      ),
  };
}

function ffmpeg(mtu: number, packetizationMode: 0 | 1): PacketSource {
  return {
    name: `FFmpeg, ${mtu} bytes, packetization-mode ${packetizationMode}`,
    maxPacketSize: mtu,
    packetizationMode,
    aggregates: packetizationMode === 1,
    tools: [ffmpegTool],
    packets: (clip) =>
      ffmpegPackets(clip.read(), { mtu, packetizationMode, firstSequenceNumber: FIRST_SEQUENCE_NUMBER }),
  };
}

/** The access units of a clip, as its encoder put them out. */
export function accessUnitsOf(clip: Clip): Uint8Array[] {
  const stream = clip.read();
  let at = 0;
  return clip.accessUnitSizes.map((size) => stream.subarray(at, (at += size)));
}

/** The packets that this package makes of access units, 25 of them a second. */
export function packetize(accessUnits: readonly Uint8Array[], options: Partial<RtpPacketizerOptions>): Buffer[] {
  const sequenceNumber = FIRST_SEQUENCE_NUMBER;
  const packetizer = new RtpPacketizer({ payloadType: PAYLOAD_TYPE, sequenceNumber, ...options });
  const packets = accessUnits.flatMap((unit, i) => packetizer.packetize(splitNalUnits(unit), i * 3600));
  return packets.map((packet) => Buffer.from(packet));
}

function ours(maxPacketSize: number, aggregate: boolean): PacketSource {
  return {
    name: `RtpPacketizer, ${maxPacketSize} bytes, ${aggregate ? '' : 'not '}aggregated`,
    maxPacketSize,
    packetizationMode: 1,
    aggregates: aggregate,
    tools: [],
    packets: (clip) => Promise.resolve(packetize(accessUnitsOf(clip), { maxPacketSize, aggregate })),
  };
}

/** Those of this package. */
export const ourSources: readonly PacketSource[] = [300, 1200, 9000].flatMap((mtu) => [
  ours(mtu, true),
  ours(mtu, false),
]);

/** Those of GStreamer's rtph264pay. */
export const gstreamerSources: readonly PacketSource[] = [300, 1200, 9000].flatMap((mtu) => [
  gstreamer(mtu, 'none'),
  gstreamer(mtu, 'zero-latency'),
  gstreamer(mtu, 'max-stap'),
]);

/** Those of FFmpeg's RTP muxer. */
export const ffmpegSources: readonly PacketSource[] = [ffmpeg(300, 1), ffmpeg(1200, 1), ffmpeg(9000, 0)];
