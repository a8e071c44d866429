import { type Browser, type Page, chromium } from 'playwright-core';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Tool } from './skip.js';

const LAUNCH_TIMEOUT_MS = 60_000;

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Peers tell each other their addresses instead of names that nobody here resolves.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--autoplay-policy=no-user-gesture-required',
  // Of two pages one is in the background.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  // Debian's /dev/shm may be small in a container.
  '--disable-dev-shm-usage',
];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function executable(): string | undefined {
  const named = process.env['CHROMIUM_PATH'] || undefined;
  if (named !== undefined) return isExecutable(named) ? named : undefined;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const candidates = ['chromium', 'google-chrome'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return candidates.find(isExecutable);
}

/** Chromium or Chrome: `CHROMIUM_PATH`, else `chromium` or `google-chrome` of the path. */
export const chromiumTool: Tool = {
  name: 'chromium',
  missing: () => (executable() === undefined ? 'neither CHROMIUM_PATH nor the path has one' : undefined),
};

/** Starts Chromium with an empty profile and no window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: executable() ?? 'chromium', args: ARGUMENTS, timeout: LAUNCH_TIMEOUT_MS });
}

/** The page is isolated, so that it has SharedArrayBuffer. */
const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** A file as a server sends it. */
export interface ServedFile {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** A server of a few files, which are in memory. */
export interface FileServer {
  /** Such as `http://127.0.0.1:4711`; browsers trust it as they do https. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves files by their path at a free port of 127.0.0.1. */
export async function serveFiles(files: ReadonlyMap<string, ServedFile>): Promise<FileServer> {
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { ...HEADERS, 'content-type': file.type }).end(file.body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  };
}

/** What a page has said on its console and thrown, for whoever wants to know why it fails. */
export function consoleOf(page: Page): readonly string[] {
  const lines: string[] = [];
  page.on('console', (message) => lines.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => lines.push(`uncaught: ${error.stack ?? error.message}`));
  return lines;
}
