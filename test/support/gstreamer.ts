import { spawnSync } from 'node:child_process';
import { runPiped } from './piped-process.js';
import type { Tool } from './skip.js';

const TIMEOUT_MS = 120_000;
const CAPS = 'application/x-rtp-stream,media=video,clock-rate=90000,encoding-name=H264,payload=96';
const ELEMENTS = ['rtph264pay', 'rtph264depay', 'rtpstreampay', 'rtpstreamdepay', 'h264parse'];

let asked: { readonly reason: string | undefined } | undefined;

function missingElement(): string | undefined {
  for (const element of ELEMENTS) {
    const { error, status } = spawnSync('gst-inspect-1.0', [element], { stdio: 'ignore', timeout: TIMEOUT_MS });
    if (error !== undefined) return error.message;
    if (status !== 0) return `no element ${element}`;
  }
  return undefined;
}

/** GStreamer's command line with the elements that make, take and parse H.264 over RTP. */
export const gstreamerTool: Tool = {
  name: 'GStreamer',
  missing: () => (asked ??= { reason: missingElement() }).reason,
};

/** Runs a pipeline between `fdsrc` and `fdsink`. */
async function run(elements: readonly string[], input: Uint8Array): Promise<Buffer> {
  const pipeline = ['fdsrc fd=0', ...elements, 'fdsink fd=1'].join(' ! ').split(' ');
  return (await runPiped('gst-launch-1.0', ['-q', ...pipeline], input)).stdout;
}

/** How GStreamer is to packetize. */
export interface GstreamerPacketizing {
  /** The length of a RTP packet at most, header included. */
  readonly mtu: number;
  /** `none`: no STAP-A; `zero-latency`: up to the first slice; `max-stap`: a STAP-A of the whole access unit. */
  readonly aggregateMode: 'none' | 'zero-latency' | 'max-stap';
  /** The first sequence number. */
  readonly firstSequenceNumber: number;
}

/**
 * The RTP packets that GStreamer's rtph264pay makes of a byte stream, payload type 96.
 *
 * @param annexB a whole byte stream (annex B)
 */
export async function gstreamerPackets(annexB: Uint8Array, how: GstreamerPacketizing): Promise<Buffer[]> {
  const { mtu, aggregateMode, firstSequenceNumber } = how;
  const pay = `rtph264pay mtu=${mtu} aggregate-mode=${aggregateMode} seqnum-offset=${firstSequenceNumber}`;
  const framed = await run(['h264parse', pay, 'rtpstreampay'], annexB);
  const packets: Buffer[] = [];
  for (let at = 0; at < framed.length;) {
    const length = framed.readUInt16BE(at);
    packets.push(framed.subarray(at + 2, (at += 2 + length)));
  }
  return packets;
}

/**
 * What GStreamer's rtph264depay and h264parse make of RTP packets, taken in the order in which they are given.
 *
 * @param packets RTP packets of payload type 96
 * @returns a byte stream (annex B), with access unit delimiters that h264parse adds
 */
export async function gstreamerByteStream(packets: readonly Uint8Array[]): Promise<Buffer> {
  // RFC 4571: a length of two bytes before each packet.
  const framed = packets.flatMap((packet) => [Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet]);
  const depay = ['rtph264depay', 'video/x-h264,stream-format=byte-stream,alignment=au'];
  return run([CAPS, 'rtpstreamdepay', ...depay, 'h264parse'], Buffer.concat(framed));
}
