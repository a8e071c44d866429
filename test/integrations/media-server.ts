/** A node-media-server on the loopback interface, and the `ffmpeg` command as its publisher and as its players. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeMediaServerSession } from '../../src/integrations/node-media-server.js';

/** What is used of the class of node-media-server, which has no types. */
export interface MediaServer {
  on(event: string, listener: (session: NodeMediaServerSession) => void): void;
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** A server that runs. */
export interface RunningServer {
  readonly server: MediaServer;
  readonly rtmp: string;
  readonly http: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts a server; `attach` gets it before anybody can connect. */
export async function startMediaServer(attach: (server: MediaServer) => void): Promise<RunningServer> {
  const nodeRequire = createRequire(__filename);
  const Server = nodeRequire('node-media-server') as new (config: object) => MediaServer;
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-media-server-'));
  const [rtmp, http] = [await freePort(), await freePort()];
  const server = new Server({
    bind: '127.0.0.1',
    rtmp: { port: rtmp },
    http: { port: http },
    store: { path: folder },
    webadmin: { enable: false },
  });
  (nodeRequire('node-media-server/src/core/logger.js') as { level: string }).level = 'error';
  attach(server);
  await server.run();
  return {
    server,
    rtmp: `rtmp://127.0.0.1:${rtmp}`,
    http: `http://127.0.0.1:${http}`,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Publishes a test pattern, as fast as it is shown; writes the same packets to a file. Ends when that was sent. */
export async function publish(url: string, seconds: number, file: string, codec: string[]): Promise<void> {
  const pattern = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${seconds}`];
  const muxers = `[f=flv]${url}|[f=h264:bsfs/v=dump_extra]${file}`;
  const output = ['-flags', '+global_header', '-map', '0:v', '-f', 'tee', muxers];
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...pattern, ...codec, ...output], { timeout: 30_000 });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`ffmpeg ended with status ${status}: ${Buffer.concat(errors).toString()}`);
}

/** Someone who plays a stream. */
export interface Player {
  /** Ends it; answers what came, as a byte stream (annex B). */
  stop(): Promise<Buffer>;
}

/** Plays a stream from now on. */
export function play(url: string): Player {
  const copy = ['-c', 'copy', '-flush_packets', '1', '-f', 'h264', 'pipe:1'];
  // The server announces audio too, for which ffmpeg would wait.
  const input = ['-analyzeduration', '200000', '-i', url];
  const child: ChildProcess = spawn('ffmpeg', ['-v', 'error', ...input, ...copy], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  const chunks: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin!.on('error', () => {});
  const closed = once(child, 'close');
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
      return Buffer.concat(chunks);
    },
  };
}
