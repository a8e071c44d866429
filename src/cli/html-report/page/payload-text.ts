import { element } from './dom.js';

/** Control characters but tab and line ends, and those that turn the direction of text around. */
const INVISIBLE = /[^\P{Cc}\t\n\r]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*|\btrue\b|\bfalse\b|\bnull\b)/g;

/** Text with each invisible character as its code point: a message cannot hide anything, nor look like another. */
function visibleText(text: string): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    const [char] = match;
    const codePoint = char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    nodes.push(new Text(text.slice(end, match.index)), element('span', { class: 'invisible' }, `U+${codePoint}`));
    end = match.index + char.length;
  }
  nodes.push(new Text(text.slice(end)));
  return nodes;
}

/** A payload as text. */
export function textBlock(text: string): HTMLElement {
  return element('pre', { class: 'text', attributes: { dir: 'auto' } }, ...visibleText(text));
}

/** JSON in lines, its keys, strings and other values in colors. */
export function jsonBlock(pretty: string): HTMLElement {
  const block = element('pre', { class: 'json' });
  let end = 0;
  for (const match of pretty.matchAll(JSON_TOKEN)) {
    const [whole, string, colon] = match;
    block.append(...visibleText(pretty.slice(end, match.index)));
    const kind = string === undefined ? 'number' : colon === undefined ? 'string' : 'key';
    block.append(element('span', { class: kind }, ...visibleText(string ?? whole)), colon ?? '');
    end = match.index + whole.length;
  }
  block.append(...visibleText(pretty.slice(end)));
  return block;
}
