import { describe, expect, it } from 'vitest';
import { exactUtf8, parseMessages } from '../../src/cli/messages-file.js';
import { DEFAULT_SEI_UUID } from '../../src/index.js';

const parse = (text: string) => parseMessages(text, 'cues.jsonl', DEFAULT_SEI_UUID);

describe('parseMessages', () => {
  it.each([
    ['{"at":1.5,"message":"x"}', { seconds: 1.5 }],
    ['{"at":0,"message":"x"}', { seconds: 0 }],
    ['{"at":"2s","message":null}', { seconds: 2 }],
    ['{"at":"2.25s","message":false}', { seconds: 2.25 }],
    ['{"at":"300f","base64":""}', { frame: 300 }],
    ['{"frame":37,"message":"x"}', { frame: 37 }],
  ])('%s', (line, place) => {
    expect(parse(line)).toMatchObject([{ place }]);
  });

  it.each([
    ['{"message":"x"}', 'either "at" or "frame"'],
    ['{"at":1,"frame":1,"message":"x"}', 'either "at" or "frame"'],
    ['{"at":-1,"message":"x"}', '"at" must be'],
    ['{"at":"1","message":"x"}', '"at" must be'],
    ['{"at":"1.5f","message":"x"}', '"at" must be'],
    ['{"at":1e999,"message":"x"}', '"at" must be'],
    ['{"frame":1.5,"message":"x"}', '"frame" must be'],
    ['{"frame":"1","message":"x"}', '"frame" must be'],
    ['{"at":1}', 'either "message" or "base64"'],
    ['{"at":1,"message":"x","base64":"AA=="}', 'either "message" or "base64"'],
    ['{"at":1,"base64":"AA"}', '"base64" must be'],
    ['{"at":1,"base64":7}', '"base64" must be'],
    ['{"at":1,"message":"\\ud800"}', 'surrogate'],
    ['{"at":1,"message":"x","uuid":"abc"}', "'abc' is no UUID"],
    ['{"at":1,"message":"x","uuid":7}', '"uuid" must be a string'],
    ['{"at":1,"mesage":"x"}', '"mesage" is none of'],
    ['[1]', 'JSON object'],
    ['"x"', 'JSON object'],
    ['{"at":1', 'JSON'],
    [`{"at":1,"message":"${'x'.repeat((1 << 20) + 1)}"}`, 'userData has 1048577 bytes'],
  ])('names the line of %.60s', (line, problem) => {
    const text = `{"at":1,"message":"good"}\n\n${line}\n`;
    expect(() => parse(text)).toThrow(problem);
    expect(() => parse(text)).toThrow(/^cues\.jsonl:3: [^\n]*$/);
  });
});

it('exactUtf8 keeps every code point', () => {
  expect(exactUtf8('a\u0000é😀')).toEqual(Buffer.from([0x61, 0, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]));
});
