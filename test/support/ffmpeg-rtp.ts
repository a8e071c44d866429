import { type ChildProcess, spawn } from 'node:child_process';
import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout } from 'node:timers/promises';

const HOST = '127.0.0.1';
const TIMEOUT_MS = 30_000;
/** FFmpeg has taken what there was when nothing more has come out of it for so long. */
const QUIET_MS = 600;
const TICK_MS = 20;
/** Bytes; the default holds 12 packets of 9000 bytes, or 92 of 1200. The system may grant less. */
const RECEIVE_BUFFER_SIZE = 1 << 22;

/** Waits, and then for what the network and the pipes have brought meanwhile: timers come first in the event loop. */
async function sleep(milliseconds: number): Promise<void> {
  await setTimeout(milliseconds);
  await turn();
  await turn();
}

async function bind(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_SIZE });
  try {
    socket.bind(port, HOST);
    await once(socket, 'listening');
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(resolve));
}

/** Two sockets on 127.0.0.1: RTP on an even port, RTCP on the one behind it (RFC 3550 11). */
async function bindPair(): Promise<{ port: number; rtp: Socket; rtcp: Socket }> {
  for (;;) {
    const rtp = await bind(0);
    const { port } = rtp.address();
    const rtcp = port % 2 === 0 ? await bind(port + 1).catch(() => undefined) : undefined;
    if (rtcp !== undefined) return { port, rtp, rtcp };
    await closed(rtp);
  }
}

function sdpOf(port: number, fmtp: string): string {
  const media = [`m=video ${port} RTP/AVP 96`, 'a=rtpmap:96 H264/90000', `a=fmtp:96 ${fmtp}`];
  return ['v=0', `o=- 0 0 IN IP4 ${HOST}`, 's=-', `c=IN IP4 ${HOST}`, 't=0 0', ...media, ''].join('\r\n');
}

/** Collects what a process writes, and rejects where it fails. */
function outputOf(child: ChildProcess): { chunks: Buffer[]; ended: Promise<Buffer> } {
  const chunks: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  const ended = new Promise<Buffer>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(chunks));
      else {
        const text = Buffer.concat(errors).toString().slice(-2000);
        reject(new Error(`ffmpeg ended with ${signal ?? `status ${status}`}: ${text}`));
      }
    });
  });
  // Whoever waits for it hears of the failure; until somebody does, it is not unhandled.
  ended.catch(() => {});
  return { chunks, ended };
}

/** A socket is refused until somebody has bound the port that it is connected to. */
async function untilBound(port: number, isAlive: () => boolean): Promise<void> {
  const probe = createSocket('udp4');
  let refusals = 0;
  const refused = () => refusals++;
  probe.on('error', refused);
  probe.connect(port, HOST);
  await once(probe, 'connect');
  try {
    let accepted = 0;
    for (const deadline = Date.now() + TIMEOUT_MS; accepted < 2 && Date.now() < deadline && isAlive();) {
      const before = refusals;
      // Too short for a RTP packet, so a receiver takes no notice.
      probe.send(Uint8Array.of(0), (error) => error !== null && refused());
      await sleep(TICK_MS);
      accepted = refusals === before ? accepted + 1 : 0;
    }
    if (accepted < 2) throw new Error('ffmpeg has not opened its port');
  } finally {
    await closed(probe);
  }
}

/** Waits until the output has begun and nothing has been added to it for a while. */
async function untilQuiet(chunks: readonly Buffer[], isAlive: () => boolean): Promise<void> {
  let count = 0;
  for (let quiet = 0; quiet < QUIET_MS && isAlive(); quiet += TICK_MS) {
    await sleep(TICK_MS);
    if (count === chunks.length && count > 0) continue;
    count = chunks.length;
    quiet = 0;
  }
}

/**
 * The bytes that wait in the receive buffer of an UDP port, and the datagrams that it had no room for, as Linux tells
 * them; undefined on other systems. The buffer holds few packets, since each counts with its whole allocation.
 */
async function receiveQueue(port: number): Promise<{ bytes: number; drops: number } | undefined> {
  const table = await readFile('/proc/net/udp', 'latin1').catch(() => '');
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 13 || !fields[1].endsWith(local)) continue;
    return { bytes: Number.parseInt(fields[4].split(':')[1], 16), drops: Number(fields[12]) };
  }
  return undefined;
}

/** Waits until a process has taken all datagrams that were sent to its port, however long others keep it waiting. */
async function untilTaken(port: number, isAlive: () => boolean): Promise<void> {
  for (let wait = 0; isAlive(); wait = 1) {
    const queue = await receiveQueue(port);
    if (queue !== undefined && queue.drops > 0) throw new Error(`${queue.drops} datagrams were lost on their way`);
    if (queue === undefined || queue.bytes === 0) return;
    await sleep(wait);
  }
}

/** RTCP: an empty receiver report, then BYE (RFC 3550 6.4.2, 6.6), which ends FFmpeg's stream. */
function byePacket(ssrc: number): Buffer {
  const packet = Buffer.from('80c900010000000081cb000100000000', 'hex');
  packet.writeUInt32BE(ssrc, 4);
  packet.writeUInt32BE(ssrc, 12);
  return packet;
}

/**
 * What the `ffmpeg` command makes of RTP packets that it receives over UDP on the loopback interface, told by a SDP file
 * what to expect.
 *
 * @param packets RTP packets of payload type 96, in the order in which they are sent
 * @param fmtp the parameters of the format (RFC 6184 8.1), `sprop-parameter-sets` among them: with them FFmpeg gives
 *   out what it receives without guessing first
 * @returns a byte stream (annex B)
 */
export async function ffmpegByteStream(packets: readonly Buffer[], fmtp: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-rtp-'));
  const { port, rtp, rtcp } = await bindPair();
  // FFmpeg takes the options of the RTP protocol from the name of the SDP file.
  const sdp = join(folder, `stream.sdp?localaddr=${HOST}`);
  await writeFile(sdp, sdpOf(port, fmtp));
  await Promise.all([closed(rtp), closed(rtcp)]);
  const input = [
    '-analyzeduration',
    '0',
    '-probesize',
    '32',
    '-protocol_whitelist',
    'file,udp,rtp',
    '-f',
    'sdp',
    '-i',
    sdp,
  ];
  const output = ['-c', 'copy', '-copyinkf', '-flush_packets', '1', '-f', 'h264', 'pipe:1'];
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', ...input, ...output], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const { chunks, ended } = outputOf(child);
  const sender = createSocket('udp4');
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  try {
    await untilBound(port, isAlive);
    for (const [index, packet] of packets.entries()) {
      sender.send(packet, port, HOST);
      if (index % 8 === 7) {
        await sleep(1);
        await untilTaken(port, isAlive);
      }
    }
    await sleep(1);
    // FFmpeg reads RTCP first: what waits at the other port when BYE comes would be left out.
    await untilTaken(port, isAlive);
    await untilQuiet(chunks, isAlive);
    sender.send(byePacket(packets[0].readUInt32BE(8)), port + 1, HOST);
    return await ended;
  } finally {
    child.kill('SIGKILL');
    await closed(sender);
    await rm(folder, { recursive: true });
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

/**
 * The RTP packets that the `ffmpeg` command makes of a byte stream and sends over UDP on the loopback interface, at 25
 * access units a second, payload type 96.
 *
 * @param annexB a whole byte stream (annex B)
 */
export async function ffmpegPackets(annexB: Uint8Array, how: FfmpegPacketizing): Promise<Buffer[]> {
  const { mtu, packetizationMode, firstSequenceNumber } = how;
  const { port, rtp, rtcp } = await bindPair();
  const packets: Buffer[] = [];
  rtp.on('message', (packet) => packets.push(packet));
  const url = `rtp://${HOST}:${port}?pkt_size=${mtu}&localaddr=${HOST}`;
  const mode = packetizationMode === 0 ? ['-rtpflags', 'h264_mode0'] : [];
  const timing = ['-bsf:v', 'setts=ts=N*3600:duration=3600'];
  const muxer = ['-f', 'rtp', '-payload_type', '96', '-seq', String(firstSequenceNumber), ...mode, url];
  const input = ['-readrate', '4', '-f', 'h264', '-i', 'pipe:0'];
  const child = spawn('ffmpeg', ['-v', 'error', ...input, '-c', 'copy', ...timing, ...muxer], {
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const { ended } = outputOf(child);
  try {
    child.stdin.on('error', () => {});
    child.stdin.end(annexB);
    await ended;
    // What is sent is in the socket already; a turn of the event loop for each datagram brings it up.
    for (let count = -1; count !== packets.length;) {
      count = packets.length;
      await sleep(50);
    }
    const drops = (await receiveQueue(port))?.drops ?? 0;
    if (drops > 0) throw new Error(`${drops} datagrams of ffmpeg were lost: the buffer is too small`);
    return packets;
  } finally {
    child.kill('SIGKILL');
    await Promise.all([closed(rtp), closed(rtcp)]);
  }
}
