/** The `ffmpeg` command as a receiver of RTP over UDP, told by a SDP file what to expect. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outputOf, sdpOf } from './ffmpeg-rtp.js';
import type { Tool } from './skip.js';

const HOST = '127.0.0.1';
const TIMEOUT_MS = 100_000;
const POLL_MS = 10;
const SOCKETS = '/proc/net/udp';
/** Bytes of datagrams that the receive buffer of any Linux holds (212,992 by default), each counted with its allocation. */
const HELD_BYTES = 100_000;
/** Bytes that the smallest datagram is counted with. */
const ALLOCATION = 2304;

/** Linux's list of sockets, which tells when a port is open and how much waits in it. */
export const socketListTool: Tool = {
  name: SOCKETS,
  missing: () => (existsSync(SOCKETS) ? undefined : 'this system has none'),
};

/** The bytes that wait at an UDP port; undefined while nobody has opened it. */
async function waitingBytes(port: number): Promise<number | undefined> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of (await readFile(SOCKETS, 'latin1')).split('\n')) {
    const [, address, , , queues] = line.trim().split(/\s+/);
    if (address?.endsWith(local)) return Number.parseInt(queues.split(':')[1], 16);
  }
  return undefined;
}

/** An even port that is free, and so is the one behind it (RFC 3550 11); below those that systems hand out. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 5_000);
    if ((await waitingBytes(port)) === undefined && (await waitingBytes(port + 1)) === undefined) return port;
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
 * What the `ffmpeg` command makes of RTP packets that it receives over UDP on the loopback interface.
 *
 * No datagram can be lost: the port is open before the first is sent, and its buffer holds all of them.
 *
 * @param packets RTP packets of payload type 96, about 40 at most, in the order in which they are sent
 * @param fmtp the parameters of the format (RFC 6184 8.1), `sprop-parameter-sets` among them
 * @returns a byte stream (annex B)
 */
export async function ffmpegByteStreamOverUdp(packets: readonly Uint8Array[], fmtp: string): Promise<Buffer> {
  const held = packets.reduce((sum, { length }) => sum + Math.max(ALLOCATION, 2 * length), 0);
  if (held > HELD_BYTES) throw new RangeError(`${packets.length} packets may overflow a buffer`);
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-rtp-'));
  const port = await freePortPair();
  // FFmpeg takes the options of the RTP protocol from the name of the SDP file.
  const sdp = join(folder, `stream.sdp?localaddr=${HOST}`);
  await writeFile(sdp, sdpOf(fmtp, port));
  const input = ['-analyzeduration', '0', '-probesize', '32', '-protocol_whitelist', 'file,udp,rtp'];
  const output = ['-c', 'copy', '-copyinkf', '-f', 'h264', 'pipe:1'];
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', ...input, '-f', 'sdp', '-i', sdp, ...output], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const received = outputOf(child);
  let hasEnded = false;
  void received.catch(() => {}).finally(() => (hasEnded = true));
  const until = async (isSo: () => Promise<boolean>) => {
    while (!hasEnded && !(await isSo())) await sleep(POLL_MS);
  };
  const sender = createSocket('udp4');
  const send = (datagram: Uint8Array, to: number) =>
    new Promise((resolve) => {
      sender.send(datagram, to, HOST, resolve);
    });
  try {
    await until(async () => (await waitingBytes(port + 1)) !== undefined && (await waitingBytes(port)) !== undefined);
    for (const packet of packets) await send(packet, port);
    // FFmpeg reads RTCP first: what waits at the other port when BYE comes would be left out.
    await until(async () => (await waitingBytes(port)) === 0);
    await send(byePacket(Buffer.from(packets[0]).readUInt32BE(8)), port + 1);
    return await received;
  } finally {
    child.kill('SIGKILL');
    sender.close();
    await once(sender, 'close').catch(() => {});
    await rm(folder, { recursive: true });
  }
}
