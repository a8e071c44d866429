import { afterEach, describe, expect, it, vi } from 'vitest';
import { MAX_LOGGED_LENGTH, logSeiMessage } from '../../src/metadata/log.js';
import { ReceivedSeiMessage } from '../../src/metadata/received-message.js';

const OUR_UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
const TIMESTAMP = Date.UTC(2025, 0, 2, 3, 4, 5, 678);
const PREFIX = `2025-01-02T03:04:05.678Z ${OUR_UUID}`;

function lineOf(payload: string | Uint8Array, timestamp = TIMESTAMP): string {
  const lines: string[] = [];
  const bytes = Buffer.from(payload as string);
  logSeiMessage(new ReceivedSeiMessage({ uuid: OUR_UUID, payload: bytes, timestamp }), (line) => lines.push(line));
  expect(lines).toHaveLength(1);
  return lines[0];
}

describe('logSeiMessage', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['hello', `${PREFIX} 5 bytes: hello`],
    ['', `${PREFIX} 0 bytes: `],
    ['{"a":1}', `${PREFIX} 7 bytes: {"a":1}`],
    ['null', `${PREFIX} 4 bytes: null`],
    [Uint8Array.of(0xff, 0x00, 0x1b), `${PREFIX} 3 bytes: ff001b`],
  ])('shows %j', (payload, line) => {
    expect(lineOf(payload)).toBe(line);
  });

  it('says how long the message was on its way, where that is known', () => {
    const payload = JSON.stringify({ timestamp: (TIMESTAMP - 42) / 1000 });
    expect(lineOf(payload)).toContain(' bytes, 42 ms after it was published: {"timestamp":');
    expect(lineOf('{"timestamp":"yesterday"}')).not.toContain('published');
    expect(lineOf('[{"timestamp":1}]')).not.toContain('published');
  });

  it('hides what a terminal would act on', () => {
    const line = lineOf('a\n\u001b[2Jb\u009bc\u007f\u2028\u202ed\r');
    expect(line).toBe(`${PREFIX} 19 bytes: a\\u000a\\u001b[2Jb\\u009bc\\u007f\\u2028\\u202ed\\u000d`);
  });

  it('stays one line of bounded length', () => {
    for (const payload of ['x'.repeat(100_000), '\n'.repeat(100_000), new Uint8Array(100_000).fill(0xff)]) {
      const line = lineOf(payload);
      expect(line.length).toBeLessThan(100 + 6 * MAX_LOGGED_LENGTH);
      expect(line).toMatch(/…$/);
      expect(line).not.toContain('\n');
    }
  });

  it('takes any time that a clock can say', () => {
    expect(lineOf('x', Number.MAX_VALUE)).toContain(String(Number.MAX_VALUE));
    expect(lineOf('x', Number.NaN)).toMatch(/^NaN /);
  });

  it('takes received messages only', () => {
    for (const none of [undefined, null, {}, 'text']) {
      expect(() => {
        logSeiMessage(none as never);
      }).toThrow(/^message must be a ReceivedSeiMessage/);
    }
  });

  it('writes to the console where nothing else is said', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    logSeiMessage(new ReceivedSeiMessage({ uuid: OUR_UUID, payload: Buffer.from('hi'), timestamp: TIMESTAMP }));
    expect(log.mock.calls).toEqual([[`${PREFIX} 2 bytes: hi`]]);
  });
});
