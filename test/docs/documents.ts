import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const REPOSITORY = join(__dirname, '..', '..');

/** A fenced block of a document. */
export interface Example {
  readonly document: string;
  /** The first line of what is in the block. */
  readonly line: number;
  /** What stands behind the fence, such as `ts`. */
  readonly language: string;
  readonly source: string;
}

/** The documents that people read, from the root of the repository. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(REPOSITORY, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A document's lines. */
export function linesOf(document: string): string[] {
  return readFileSync(join(REPOSITORY, document), 'utf8').split('\n');
}

/** All fenced blocks that say their language. */
export const examples: readonly Example[] = documents.flatMap((document) => {
  const found: Example[] = [];
  let open: { language: string; line: number; indent: number; lines: string[] } | undefined;
  linesOf(document).forEach((text, index) => {
    const [, indent, language] = /^( *)```(\w*)$/.exec(text) ?? [];
    if (open === undefined) {
      if (language) open = { language, line: index + 2, indent: indent.length, lines: [] };
    } else if (language === '') {
      const { lines, ...rest } = open;
      found.push({ document, line: rest.line, language: rest.language, source: lines.join('\n') });
      open = undefined;
    } else {
      open.lines.push(text.slice(open.indent));
    }
  });
  return found;
});
