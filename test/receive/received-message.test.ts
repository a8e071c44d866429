import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceivedSeiMessage, type Reception } from '../../src/receive/received-message.js';
import { runs } from '../property/arbitraries.js';

const OUR_UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
const OTHER_UUID = 'dc45e9bd-e6d9-48b7-962c-d820d923eeef';

function receive(payload: string | Uint8Array, rest: Partial<Reception> = {}): ReceivedSeiMessage {
  const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  return new ReceivedSeiMessage({ uuid: OUR_UUID, timestamp: 1_700_000_000_250, payload: bytes, ...rest });
}

function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('ReceivedSeiMessage', () => {
  it('owns its bytes', () => {
    const frame = Buffer.from('{"a":1}');
    const message = receive(frame.subarray(0, 7));
    frame.fill(0);
    expect(message.text()).toBe('{"a":1}');
    expect(Object.getPrototypeOf(message.payload)).toBe(Uint8Array.prototype);
    expect(message.payload.buffer.byteLength).toBe(7);
  });

  it('knows when it came, in its frame and by the clock', () => {
    const message = receive('x', { frameTimestamp: 40 });
    expect([message.uuid, message.timestamp, message.frameTimestamp]).toEqual([OUR_UUID, 1_700_000_000_250, 40]);
    expect(receive('x').frameTimestamp).toBeUndefined();
  });

  it.each([
    ['', ''],
    ['grüße 👋', 'grüße 👋'],
    ['\ufeffmarked', '\ufeffmarked'],
    [Uint8Array.of(0x61, 0xff, 0x62), 'a\ufffdb'],
  ])('reads %j as text', (payload, text) => {
    expect(receive(payload).text()).toBe(text);
  });

  it.each([
    ['{"a":[1,"é"]}', { a: [1, 'é'] }],
    ['null', null],
    ['5', 5],
  ])('reads %s as JSON, once', (payload, value) => {
    const message = receive(payload);
    expect(message.isJson).toBe(true);
    expect(message.json()).toEqual(value);
    expect(message.json()).toBe(message.json());
  });

  it.each([['text'], ['{"a":'], [''], [Uint8Array.of(0x22, 0xff, 0x22)]])('says that %j is no JSON', (payload) => {
    const message = receive(payload);
    expect(message.isJson).toBe(false);
    for (let i = 0; i < 2; i++) {
      expect(() => message.json()).toThrow(expect.objectContaining({ code: 'ERR_SEI_NOT_JSON' }) as Error);
    }
  });

  it('keeps no parsed value that nobody holds, and answers the one that somebody does', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const messages = [receive('{"a":[]}'), receive('{"a":[]}')];
    const values = messages.map((message) => new WeakRef(message.json<object>()));
    const held = messages[0].json();
    await new Promise(setImmediate);
    collect();
    expect(values[0].deref() === held).toBe(true);
    expect(values[1].deref()).toBeUndefined();
    expect(messages[0].json()).toBe(held);
    expect(messages.map((message) => [message.isJson, message.json()])).toEqual([[true, held], [true, held]]); // prettier-ignore
  });

  it.each([6_000, 200_000])('is no JSON where it is nested %i levels deep', (depth) => {
    const message = receive('['.repeat(depth) + ']'.repeat(depth));
    expect(message.isJson).toBe(false);
    expect(JSON.parse(JSON.stringify(message))).toMatchObject({ payload_type: 'binary' });
  });

  it('quotes nothing of the payload in an error', () => {
    const error = thrown(() => receive('{"secret \u001b[2J"').json());
    expect(error.cause).toBeUndefined();
    expect(`${error.stack}`).not.toContain('secret');
  });

  it('pollutes no prototype', () => {
    const message = receive('{"__proto__":{"polluted":1},"a":{"__proto__":{"polluted":1}},"constructor":1}');
    const value = message.json<Record<string, object>>();
    expect(Object.keys(value)).toEqual(['a', 'constructor']);
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) Object.assign((copy[key] = {}), value[key]);
    expect((copy['a'] as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('becomes plain data: JSON as it is, times in seconds', () => {
    const message = receive('{"text":"hi","timestamp":1.5}', { frameTimestamp: 1040 });
    expect(JSON.parse(JSON.stringify(message))).toEqual({
      payload: { text: 'hi', timestamp: 1.5 },
      timestamp: 1_700_000_000.25,
      frame_timestamp: 1.04,
      message_id: message.messageId,
      uuid: OUR_UUID,
    });
  });

  it('becomes plain data: anything else in base64', () => {
    expect(receive(Uint8Array.of(1, 2, 255))).toHaveProperty('toJSON');
    expect(receive(Uint8Array.of(1, 2, 255)).toJSON()).toMatchObject({
      payload: 'AQL/',
      payload_type: 'binary',
      frame_timestamp: null,
    });
    const binary = fc.uint8Array({ maxLength: 100 }).filter((bytes) => !receive(bytes).isJson);
    fc.assert(
      fc.property(binary, (bytes) => {
        expect(receive(bytes).toJSON().payload).toBe(Buffer.from(bytes).toString('base64'));
      }),
      runs(100),
    );
  });

  it('has an id that follows from UUID and payload, the same at every receiver', () => {
    // A value that another version of this library has to give too.
    expect(receive('hello').messageId).toBe('a90640a5a359af21b20b488d62f0c65b');
    expect(receive('hello', { timestamp: 1, frameTimestamp: 2 }).messageId).toBe(receive('hello').messageId);
    const others = [receive('hellp'), receive('hello '), receive(''), receive('hello', { uuid: OTHER_UUID })];
    const ids = new Set([receive('hello'), ...others].map(({ messageId }) => messageId));
    expect(ids.size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('has an id of full length for UUIDs whose halves are alike', () => {
    const { messageId } = receive('x', { uuid: '00000000-0000-0000-0000-000000000000' });
    expect(messageId.slice(0, 16)).not.toBe(messageId.slice(16));
  });

  it('has the id that it was sent with', () => {
    expect(receive('hello', { id: '0011223344556677-8' }).messageId).toBe('0011223344556677-8');
  });
});
