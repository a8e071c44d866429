/**
 * A publisher page and a viewer page: captions and chat travel inside the video, and the viewer shows each with the frame
 * that it came in. Both pages run in one browser, Chromium or Chrome.
 *
 * `npm run demo:browser`, and open what it prints.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';

const PAGES = join(__dirname, 'pages');
const SCRIPTS = ['publisher', 'publisher-worker', 'viewer', 'viewer-worker'];

async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(PAGES, `${name}.ts`)],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0].text;
}

async function main(): Promise<void> {
  const page = (name: string) => readFileSync(join(PAGES, name), 'utf8');
  const files = new Map([
    ['/', { type: 'text/html', body: page('publisher.html') }],
    ['/viewer', { type: 'text/html', body: page('viewer.html') }],
    ['/style.css', { type: 'text/css', body: page('style.css') }],
  ]);
  for (const name of SCRIPTS) files.set(`/${name}.js`, { type: 'text/javascript', body: await bundle(name) });
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? '/', 'http://localhost').pathname);
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': `${file.type}; charset=utf-8` }).end(file.body);
  });
  server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    console.log(`publisher: http://127.0.0.1:${port}/\nviewer:    http://127.0.0.1:${port}/viewer`);
  });
}

void main();
