import { describe, expect, it } from 'vitest';
import { contentOf, jsonLine } from '../../src/cli/json-lines.js';
import { MAX_JSON_DEPTH } from '../../src/wire/json.js';

const userData = (payload: Uint8Array) => ({ payloadType: 5, uuid: 'u', payload, nalUnitOffset: 0 });
const ofText = (text: string) => contentOf(userData(Buffer.from(text)));

describe('contentOf', () => {
  it.each([
    ['', { text: '' }],
    ['plain', { text: 'plain' }],
    ['\ufeffbyte order mark', { text: '\ufeffbyte order mark' }],
    ['{"a":1}', { text: '{"a":1}', json: { a: 1 } }],
    ['[\n\t1\r\n]', { text: '[\n\t1\r\n]', json: [1] }],
    ['null', { text: 'null', json: null }],
    ['{"a":1', { text: '{"a":1' }],
    ['bell\u0007', { base64: 'YmVsbAc=' }],
    ['esc\u001b[2J', { base64: Buffer.from('esc\u001b[2J').toString('base64') }],
    ['c1 \u009b2J', { base64: Buffer.from('c1 \u009b2J').toString('base64') }],
    ['nul\u0000', { base64: 'bnVsAA==' }],
  ])('%j', (text, content) => {
    expect(ofText(text)).toEqual(content);
  });

  it('gives bytes that are no UTF-8, and payloads of other types, as base64', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const payload = Buffer.from(bytes);
      expect(contentOf(userData(payload))).toEqual({ base64: payload.toString('base64') });
    }
    const registered = { payloadType: 4, payload: Buffer.from('GA94'), nalUnitOffset: 0 };
    expect(contentOf(registered)).toEqual({ base64: 'R0E5NA==' });
  });

  it('does not parse what is nested too deep', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}"[[[\\"[["${']'.repeat(depth)}`;
    expect(ofText(nested(MAX_JSON_DEPTH))).toHaveProperty('json');
    expect(ofText(nested(MAX_JSON_DEPTH + 1))).toEqual({ text: nested(MAX_JSON_DEPTH + 1) });
    expect(ofText('['.repeat(1_000_000))).not.toHaveProperty('json');
  });
});

it('jsonLine holds nothing that ends a line or steers a terminal', () => {
  const value = { text: 'a\n\u001b[2J\u007f\u0085\u009b\u2028\u2029z', json: { '\u009b': 1 } };
  const line = jsonLine(value);
  expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  expect(line.endsWith('}\n')).toBe(true);
  expect(JSON.parse(line)).toEqual(value);
});
