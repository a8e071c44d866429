/**
 * The `ffmpeg` command at either end of a RTP session, over transports that lose nothing and depend on nobody's pace:
 * a pipe, and RTSP with interleaved packets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { devNull } from 'node:os';

const HOST = '127.0.0.1';
const TIMEOUT_MS = 120_000;

/** What a process has written to its output once it has ended; rejects where it fails. */
export function outputOf(child: ChildProcess): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  return new Promise<Buffer>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(chunks));
      else {
        const text = Buffer.concat(errors).toString().slice(-2000);
        reject(new Error(`ffmpeg ended with ${signal ?? `status ${status}`}: ${text}`));
      }
    });
  });
}

/** A session description (RFC 8866) of H.264 with payload type 96; the port is 0 where RTSP sets it up. */
export function sdpOf(fmtp: string, port = 0): string {
  const media = [`m=video ${port} RTP/AVP 96`, 'a=rtpmap:96 H264/90000', `a=fmtp:96 ${fmtp}`, 'a=control:video'];
  return ['v=0', `o=- 0 0 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${HOST}`, 't=0 0', ...media, ''].join('\r\n');
}

/** A packet between the messages of RTSP (RFC 2326 10.12): a dollar sign, the channel, and the length in two bytes. */
function interleaved(packet: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0x24, 0, packet.length >> 8, packet.length), packet]);
}

/** Answers a client of RTSP (RFC 2326) up to PLAY, then sends the packets and ends the connection. */
function serve(socket: Socket, sdp: string, packets: readonly Uint8Array[]): void {
  let received = '';
  const answer = (request: string) => {
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const method = request.slice(0, request.indexOf(' '));
    const headers = [`CSeq: ${sequence}`, 'Session: 1'];
    if (method === 'SETUP') headers.push('Transport: RTP/AVP/TCP;unicast;interleaved=0-1');
    if (method === 'DESCRIBE') headers.push('Content-Type: application/sdp', `Content-Length: ${sdp.length}`);
    socket.write(`RTSP/1.0 200 OK\r\n${headers.join('\r\n')}\r\n\r\n${method === 'DESCRIBE' ? sdp : ''}`);
    if (method === 'PLAY') socket.end(Buffer.concat(packets.map(interleaved)));
  };
  socket.setEncoding('latin1').on('data', (text: string) => {
    const requests = (received + text).split('\r\n\r\n');
    received = requests.pop()!;
    if (socket.writable) requests.forEach(answer);
  });
  // A client that goes early says why by its status.
  socket.on('error', () => {});
}

/**
 * What the `ffmpeg` command makes of RTP packets that it receives by RTSP over the loopback interface, told by a session
 * description what to expect.
 *
 * @param packets RTP packets of payload type 96, in the order in which they are sent
 * @param fmtp the parameters of the format (RFC 6184 8.1), `sprop-parameter-sets` among them: with them FFmpeg gives
 *   out what it receives without guessing first
 * @returns a byte stream (annex B)
 */
export async function ffmpegByteStream(packets: readonly Uint8Array[], fmtp: string): Promise<Buffer> {
  const server = createServer((socket) => {
    serve(socket, sdpOf(fmtp), packets);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  try {
    const url = `rtsp://${HOST}:${(server.address() as AddressInfo).port}/stream`;
    const input = ['-rtsp_transport', 'tcp', '-analyzeduration', '0', '-probesize', '32', '-i', url];
    const output = ['-c', 'copy', '-copyinkf', '-f', 'h264', 'pipe:1'];
    const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', ...input, ...output], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    return await outputOf(child);
  } finally {
    server.close();
  }
}

/** How FFmpeg is to packetize. */
export interface FfmpegPacketizing {
  /** The length of a RTP packet at most, header included. */
  readonly mtu: number;
  /** 0: single NAL unit packets and nothing else; 1: STAP-A and FU-A too (RFC 6184 6.2, 6.3). */
  readonly packetizationMode: 0 | 1;
  /** The first sequence number. */
  readonly firstSequenceNumber: number;
}

const SSRC = 0x5ca1ab1e;
/** How a sender report without report blocks begins (RFC 3550 6.4.1). */
const SENDER_REPORT = 0x80c8_0006;

/**
 * The RTP packets of one source in a pipe, which keeps no boundaries: a packet ends where the header of the next one
 * stands, of which everything but the marker bit and the timestamp is known, or where a sender report does.
 */
function packetsOf(pipe: Buffer, firstSequenceNumber: number): Buffer[] {
  const packets: Buffer[] = [];
  const isReport = (at: number) => pipe.readUInt32BE(at) === SENDER_REPORT && pipe.readUInt32BE(at + 4) === SSRC;
  const isPacket = (at: number) =>
    pipe[at] === 0x80 &&
    (pipe[at + 1] & 0x7f) === 96 &&
    pipe.readUInt16BE(at + 2) === ((firstSequenceNumber + packets.length) & 0xffff) &&
    pipe.readUInt32BE(at + 8) === SSRC;
  const isBoundary = (at: number) => at + 12 <= pipe.length && (isPacket(at) || isReport(at));
  for (let at = 0; at < pipe.length;) {
    if (!isBoundary(at)) throw new Error(`ffmpeg has written no packet of RTP at ${at} of ${pipe.length}`);
    const start = at;
    if (isReport(start)) {
      // RTCP counts its length in words of four bytes, less one (RFC 3550 6.4.1).
      at += 4 * (pipe.readUInt16BE(start + 2) + 1);
      continue;
    }
    packets.push(Buffer.alloc(0));
    for (at += 12; at < pipe.length && !isBoundary(at);) at++;
    packets[packets.length - 1] = pipe.subarray(start, at);
  }
  return packets;
}

/**
 * The RTP packets that the `ffmpeg` command makes of a byte stream, 25 access units a second, payload type 96.
 *
 * @param annexB a whole byte stream (annex B)
 */
export async function ffmpegPackets(annexB: Uint8Array, how: FfmpegPacketizing): Promise<Buffer[]> {
  const { mtu, packetizationMode, firstSequenceNumber } = how;
  const mode = packetizationMode === 0 ? ['-rtpflags', 'h264_mode0'] : [];
  const timing = ['-bsf:v', 'setts=ts=N*3600:duration=3600'];
  const source = ['-payload_type', '96', '-seq', String(firstSequenceNumber), '-ssrc', String(SSRC)];
  const muxer = ['-f', 'rtp', '-packetsize', String(mtu), ...source, ...mode, '-sdp_file', devNull, 'pipe:1'];
  const args = ['-v', 'error', '-f', 'h264', '-i', 'pipe:0', '-c', 'copy', ...timing, ...muxer];
  const child = spawn('ffmpeg', args, { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
  // A child that ends early closes the pipe; its status tells why, the broken pipe does not.
  child.stdin.on('error', () => {});
  child.stdin.end(annexB);
  return packetsOf(await outputOf(child), firstSequenceNumber);
}
