/** A node-media-server on the loopback interface, and the `ffmpeg` command as its publisher and as its players. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeMediaServerSession } from '../../src/integrations/node-media-server.js';

/** What is used of the class of node-media-server, which has no types. */
export interface MediaServer {
  readonly rtmpServer: { readonly tcpServer: Server };
  readonly httpServer: { readonly httpServer: Server };
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

/** Starts a server; `attach` gets it before anybody can connect. */
export async function startMediaServer(attach: (server: MediaServer) => void): Promise<RunningServer> {
  const nodeRequire = createRequire(__filename);
  const NodeMediaServer = nodeRequire('node-media-server') as new (config: object) => MediaServer;
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-media-server-'));
  const server = new NodeMediaServer({
    bind: '127.0.0.1',
    // Any port that is free; the number would say that there is to be no such server.
    rtmp: { port: '0' },
    http: { port: '0' },
    store: { path: folder },
    webadmin: { enable: false },
  });
  (nodeRequire('node-media-server/src/core/logger.js') as { level: string }).level = 'error';
  attach(server);
  const listening = [server.rtmpServer.tcpServer, server.httpServer.httpServer].map(async (each) => {
    await once(each, 'listening');
    return (each.address() as AddressInfo).port;
  });
  await server.run();
  const [rtmp, http] = await Promise.all(listening);
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

const TIMEOUT_MS = 120_000;

/** Someone who publishes a stream. */
export interface Publication {
  /** Ends it behind the picture that is being sent; rejects where it has failed. */
  stop(): Promise<void>;
}

/** Publishes a test pattern, as fast as it is shown; writes the same packets to a file. */
export function publish(url: string, file: string, codec: string[]): Publication {
  const pattern = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25'];
  const muxers = `[f=flv]${url}|[f=h264:bsfs/v=dump_extra]${file}`;
  const output = ['-flags', '+global_header', '-map', '0:v', '-f', 'tee', muxers];
  const child = spawn('ffmpeg', ['-v', 'error', '-y', ...pattern, ...codec, ...output], { timeout: TIMEOUT_MS });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => {});
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    stop: async () => {
      child.stdin.end('q');
      const [status] = await closed;
      if (status !== 0) throw new Error(`ffmpeg ended with status ${status}: ${Buffer.concat(errors).toString()}`);
    },
  };
}

/** Someone who plays a stream. */
export interface Player {
  /** Waits until what has come ends like this; rejects where the player has ended before. */
  until(end: Uint8Array): Promise<void>;
  /** Ends it; answers what came, as a byte stream (annex B). */
  stop(): Promise<Buffer>;
}

/** Plays a stream from now on. */
export function play(url: string): Player {
  const copy = ['-c', 'copy', '-flush_packets', '1', '-f', 'h264', 'pipe:1'];
  // The server announces audio too, for which ffmpeg would wait.
  const input = ['-analyzeduration', '200000', '-i', url];
  const child = spawn('ffmpeg', ['-v', 'error', ...input, ...copy], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  });
  let came = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => (came = Buffer.concat([came, chunk])));
  child.stdin.on('error', () => {});
  const closed = once(child, 'close').then(() => true);
  return {
    until: async (end) => {
      while (!came.subarray(-end.length).equals(end)) {
        const hasEnded = await Promise.race([once(child.stdout, 'data').then(() => false), closed]);
        if (hasEnded) throw new Error(`the player of ${url} has ended after ${came.length} bytes`);
      }
    },
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
      return came;
    },
  };
}
