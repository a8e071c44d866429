// Builds the page of `h264-sei inspect --html`: markup, style and script in one file, which loads nothing. Its
// Content-Security-Policy names the hashes of the two, so that nothing else in it can run.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'cli', 'html-report', 'page');
const target = join(root, 'dist', 'cli', 'html-report', 'page.html');

/** Bundles a file with what it imports. What could end its element is an escape sequence afterwards. */
async function bundle(name) {
  const { outputFiles } = await build({
    bundle: true,
    charset: 'ascii',
    entryPoints: [join(source, name)],
    format: 'iife',
    legalComments: 'none',
    logLevel: 'warning',
    minify: true,
    target: ['chrome105', 'firefox110', 'safari16'],
    write: false,
  });
  const text = outputFiles[0].text.trim();
  if (/<[/!]/.test(text)) throw new Error(`${name} holds the beginning of a tag`);
  return text;
}

const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Puts something in the place of a text that is there once. */
function replaceOnce(markup, text, value) {
  const parts = markup.split(text);
  if (parts.length !== 2) throw new Error(`the page has ${parts.length - 1} times ${text}`);
  return parts.join(value);
}

const [script, style] = await Promise.all([bundle('main.ts'), bundle('page.css')]);
const page = [
  ["'script-hash'", hash(script)],
  ["'style-hash'", hash(style)],
  ['<link rel="stylesheet" href="page.css" />', `<style>${style}</style>`],
  ['<script src="main.ts"></script>', `<script>${script}</script>`],
].reduce((markup, [text, value]) => replaceOnce(markup, text, value), readFileSync(join(source, 'page.html'), 'utf8'));
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, page);
