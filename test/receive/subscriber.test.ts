import * as diagnosticsChannel from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IVS_SEI_UUID, createSeiNalUnit, injectSei, toLengthPrefixed } from '../../src/index.js';
import { CONTENT_DEDUP_WINDOW_MS, DEDUP_WINDOW_MS, REASSEMBLY_TIMEOUT_MS } from '../../src/wire/copies.js';
import { MAX_DEDUP_ENTRIES } from '../../src/receive/deduplicator.js';
import type { SeiDiagnostic } from '../../src/diagnostics.js';
import { FRAGMENT_SEI_UUID, splitIntoFragments } from '../../src/wire/fragmentation.js';
import { MAX_SUBSCRIBER_BUFFER_BYTES, SUBSCRIBER_BUFFER_SIZE } from '../../src/receive/message-buffer.js';
import { ReceivedSeiMessage } from '../../src/receive/received-message.js';
import { MAX_MESSAGES_PER_FRAME, SeiSubscriber } from '../../src/receive/subscriber.js';
import type { SeiSubscriberOptions } from '../../src/receive/subscriber-options.js';
import { accessUnitsOf } from '../conformance/access-units.js';
import { OTHER_UUID, OUR_UUID, START_CODE_4, annexB, avcc, nal, stapA } from '../contract/frames.js';
import { describeEachBackend } from '../support/backends.js';
import { fixtureClip, fixtureClips } from '../support/streams.js';
import { expectLinearTime } from '../support/growth.js';
import { runs } from '../property/arbitraries.js';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A SEI NAL unit with a text, without framing. */
function textNal(text: string, uuid?: string): Uint8Array {
  return createSeiNalUnit(utf8(text), { uuid });
}

/** Many NAL units and a slice in Annex B. */
function annexBOf(nalUnits: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...nalUnits, nal.p].flatMap((nalUnit) => [START_CODE_4, nalUnit]));
}

/** A frame in Annex B that holds these texts. */
function frameOf(...texts: string[]): Uint8Array {
  return annexB(...texts.map((text) => textNal(text)), nal.p);
}

/** The text of a message that says which one it is. */
function numbered(number: number): string {
  return JSON.stringify({ number, timestamp: number });
}

const textsOf = (messages: readonly ReceivedSeiMessage[]) => messages.map((message) => message.text());

/** A subscriber with a clock of its own, whose present is `clock.now`. */
function subscribe(options: SeiSubscriberOptions = {}) {
  const clock = { now: 1_700_000_000_000 };
  const messages: ReceivedSeiMessage[] = [];
  const subscriber = new SeiSubscriber({
    now: () => clock.now,
    onMessage: (message) => messages.push(message),
    ...options,
  });
  return { clock, messages, subscriber };
}

function fragmentsOf(userData: Uint8Array, number = 1, uuid = OUR_UUID, maxUserDataSize = 400): Uint8Array[] {
  return splitIntoFragments(userData, { uuid, id: `server-${number}`, maxUserDataSize });
}

/** A frame for each fragment. */
function fragmentFrames(userData: Uint8Array, number?: number, uuid?: string): Uint8Array[] {
  return fragmentsOf(userData, number, uuid).map((fragment) =>
    annexB(createSeiNalUnit(fragment, { uuid: FRAGMENT_SEI_UUID }), nal.p),
  );
}

describeEachBackend('messages in real video', (_library, { hasBuffer }) => {
  // The instance without Buffer is another one than that of this file; see the browser below.
  if (!hasBuffer) return;

  /** Each access unit with the message of its own number and those of the two before it. */
  const withCopies = (accessUnits: readonly Uint8Array[], repeatCount = 3) =>
    accessUnits.map((accessUnit, index) => {
      const numbers = Array.from({ length: repeatCount }, (_, i) => index - i).filter((number) => number >= 0);
      return injectSei(
        accessUnit,
        numbers.map((number) => textNal(numbered(number))),
        { format: 'annexb' },
      );
    });

  describe.each(fixtureClips)('$name', (clip) => {
    const accessUnits = accessUnitsOf(clip.read());
    const expected = accessUnits.map((_, index) => numbered(index));

    it.each([
      ['annexb', (frame: Uint8Array) => frame, {}],
      ['annexb, given', (frame: Uint8Array) => frame, { format: 'annexb' }],
      ['avcc', (frame: Uint8Array) => toLengthPrefixed(frame), {}],
      ['avcc, given', (frame: Uint8Array) => toLengthPrefixed(frame), { format: 'avcc', lengthSize: 4 }],
    ] as const)('arrive once each: %s', (_, convert, options) => {
      const { subscriber, messages } = subscribe(options);
      const answered = withCopies(accessUnits).flatMap((frame, index) =>
        subscriber.processFrame(convert(frame), { timestamp: index * 40 }),
      );
      expect(textsOf(messages)).toEqual(expected);
      expect(answered).toEqual(messages);
      expect(messages.map(({ frameTimestamp }) => frameTimestamp)).toEqual(expected.map((_text, i) => i * 40));
      expect(subscriber.stats).toMatchObject({
        framesProcessed: expected.length,
        framesUnreadable: 0,
        messagesFound: 3 * expected.length - 3,
        messagesProcessed: expected.length,
        duplicates: 2 * expected.length - 3,
        bytes: expected.join('').length,
      });
    });

    it('arrive where every third access unit is lost', () => {
      const { subscriber, messages } = subscribe();
      withCopies([...accessUnits, ...accessUnits.slice(0, 3)])
        .filter((_, index) => index % 3 !== 1)
        .forEach((frame) => subscriber.processFrame(frame));
      const texts = textsOf(messages);
      expect(texts).toEqual(expect.arrayContaining(expected));
      expect(new Set(texts).size).toBe(texts.length);
    });
  });

  it('arrive in the payloads of RTP packets', () => {
    const { subscriber, messages } = subscribe();
    subscriber.processPacketData(textNal(numbered(1)));
    subscriber.processPacketData(stapA(0x78, nal.sps, textNal(numbered(1)), textNal(numbered(2))));
    subscriber.processPacketData(injectSei(nal.idr, [textNal(numbered(3))], { format: 'rtp' }));
    expect(textsOf(messages)).toEqual([1, 2, 3].map(numbered));
  });
});

describe('processFrame and processPacketData', () => {
  it('know the format by the options, or each time anew', () => {
    const frame = avcc(1, textNal(numbered(1)), nal.p);
    const { subscriber } = subscribe({ lengthSize: 1 });
    expect(textsOf(subscriber.processFrame(frame))).toEqual([numbered(1)]);
    // What the options say is a matter of frames.
    expect(textsOf(subscriber.processPacketData(frameOf(numbered(2))))).toEqual([numbered(2)]);
    expect(textsOf(subscriber.processPacketData(avcc(4, textNal(numbered(3)), nal.p)))).toEqual([numbered(3)]);
  });

  it('take the length size from an avcC', () => {
    const avcC = Uint8Array.of(1, 0x42, 0xc0, 0x1e, 0xfd, 0xe0, 0);
    const { subscriber } = subscribe({ avcC });
    expect(textsOf(subscriber.processFrame(avcc(2, textNal(numbered(1)), nal.p)))).toEqual([numbered(1)]);
  });

  it('read the whole frame, or up to the first slice', () => {
    const frame = annexB(textNal(numbered(1)), nal.p, textNal(numbered(2)));
    expect(subscribe().subscriber.processFrame(frame)).toHaveLength(2);
    expect(subscribe({ scan: 'full' }).subscriber.processFrame(frame)).toHaveLength(2);
    expect(textsOf(subscribe({ scan: 'first-vcl' }).subscriber.processFrame(frame))).toEqual([numbered(1)]);
  });

  it.each([
    ['what is no H.264', Uint8Array.of(1, 2, 3)],
    ['nothing', new Uint8Array()],
    ['bytes of the wrong format', annexB(nal.p)],
  ])('count %s as unreadable', (_, bytes) => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber } = subscribe({ lengthSize: 4, onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    expect(subscriber.processFrame(bytes)).toEqual([]);
    expect(subscriber.stats).toMatchObject({ framesProcessed: 1, framesUnreadable: 1, messagesFound: 0 });
    expect(heard).toEqual([{ source: 'subscriber', event: 'unreadable-frame', details: { length: bytes.length } }]);
  });

  it('never throw for what the bytes are', () => {
    const { subscriber } = subscribe({ uuids: 'any' });
    const nalUnit = fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.from([6, 5, ...bytes]));
    const fragment = fc
      .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 50 }), fc.nat({ max: 255 }))
      .map(([data, at, value]) => {
        const bytes = fragmentsOf(data, 7)[0].slice();
        bytes[at % bytes.length] = value;
        return createSeiNalUnit(bytes, { uuid: FRAGMENT_SEI_UUID });
      });
    const frame = fc.oneof(
      fc.uint8Array(),
      fc.array(fc.oneof(nalUnit, fragment), { maxLength: 5 }).map((nalUnits) => annexB(...nalUnits, nal.p)),
    );
    fc.assert(
      fc.property(frame, (bytes) => {
        subscriber.processFrame(bytes);
        subscriber.processPacketData(bytes);
      }),
      runs(500),
    );
    expect(subscriber.stats.framesProcessed).toBe(1000);
  });

  it('answer messages that outlive the frame', () => {
    const { subscriber } = subscribe();
    const frame = Buffer.from(frameOf(numbered(1)));
    const [message] = subscriber.processFrame(frame);
    frame.fill(0);
    expect(message.text()).toBe(numbered(1));
    expect(Buffer.isBuffer(message.payload)).toBe(false);
  });

  it.each([
    [['frame'], TypeError],
    [[undefined], TypeError],
    [[[0, 0, 1]], TypeError],
    [[nal.p, null], TypeError],
    [[nal.p, 40], TypeError],
    [[nal.p, { timestamp: '40' }], TypeError],
    [[nal.p, { timestamp: null }], TypeError],
    [[nal.p, { timestamp: Number.NaN }], RangeError],
  ])('refuse %j', (args, type) => {
    const { subscriber } = subscribe();
    expect(() => subscriber.processFrame(...(args as [Uint8Array]))).toThrow(type);
    expect(() => subscriber.processPacketData(...(args as [Uint8Array]))).toThrow(type);
    expect(subscriber.stats.framesProcessed).toBe(0);
  });
});

describe('the options of a subscriber', () => {
  it.each([
    [{ onMessage: 1 }, TypeError],
    [{ uuids: 'all' }, TypeError],
    [{ uuids: [1] }, TypeError],
    [{ uuids: ['b16d7d56'] }, Error],
    [{ format: 'mp4' }, RangeError],
    [{ lengthSize: 3 }, RangeError],
    [{ avcC: new Uint8Array(2) }, Error],
    [{ scan: 'none' }, RangeError],
    [{ scan: 1 }, TypeError],
    [{ dedup: 60 }, TypeError],
    [{ dedup: null }, TypeError],
    [{ dedup: { maxEntries: 0 } }, RangeError],
    [{ dedup: { key: 'id' } }, TypeError],
    [{ now: 0 }, TypeError],
    [{ bufferSize: 0 }, RangeError],
    [{ bufferSize: '1' }, TypeError],
    [{ onDiagnostic: console }, TypeError],
    [null, TypeError],
  ])('may not be %j', (options, type) => {
    expect(() => new SeiSubscriber(options as SeiSubscriberOptions)).toThrow(type);
  });

  it('may be left out or undefined', () => {
    const subscriber = new SeiSubscriber({ uuids: undefined, dedup: undefined, now: undefined, scan: undefined });
    const before = Date.now();
    const [message] = subscriber.processFrame(frameOf('hi'));
    expect(message.timestamp).toBeGreaterThanOrEqual(before);
    expect(message.timestamp).toBeLessThanOrEqual(Date.now());
    expect(new SeiSubscriber().processFrame(frameOf('hi'))).toHaveLength(1);
  });

  it.each([
    ['ours', undefined, ['ours']],
    ['those that are listed, in any case', [IVS_SEI_UUID.toUpperCase(), OTHER_UUID], ['ivs', 'other']],
    ['none', [], []],
    ['all', 'any', ['ours', 'ivs', 'other']],
  ] as const)('say which messages are wanted: %s', (_, uuids, expected) => {
    const { subscriber, messages } = subscribe({ uuids });
    const nalUnits = [textNal('ours', OUR_UUID), textNal('ivs', IVS_SEI_UUID), textNal('other', OTHER_UUID)];
    subscriber.processFrame(annexB(...nalUnits, nal.picTiming, nal.p));
    expect(textsOf(messages)).toEqual(expected);
    expect(subscriber.stats.messagesFound).toBe(expected.length);
  });
});

describe('copies', () => {
  const copies = (text: string, gapMs: number, options?: SeiSubscriberOptions) => {
    const { subscriber, clock, messages } = subscribe(options);
    subscriber.processFrame(frameOf(text));
    clock.now += gapMs;
    subscriber.processFrame(frameOf(text));
    return messages.length;
  };

  it('are told for a minute by a timestamp or an id, for two seconds by their content', () => {
    for (const text of [numbered(1), '{"id":"x"}', '{"message_id":9}']) {
      expect(copies(text, DEDUP_WINDOW_MS - 1)).toBe(1);
      expect(copies(text, DEDUP_WINDOW_MS)).toBe(2);
    }
    for (const text of ['goal', '{"a":1}', '["timestamp"]']) {
      expect(copies(text, CONTENT_DEDUP_WINDOW_MS - 1)).toBe(1);
      expect(copies(text, CONTENT_DEDUP_WINDOW_MS)).toBe(2);
    }
  });

  it('are told within a frame', () => {
    const { subscriber } = subscribe();
    expect(textsOf(subscriber.processFrame(frameOf('a', 'b', 'a')))).toEqual(['a', 'b']);
  });

  it('are those of one UUID', () => {
    const { subscriber } = subscribe({ uuids: 'any' });
    expect(subscriber.processFrame(annexB(textNal('a'), textNal('a', OTHER_UUID), nal.p))).toHaveLength(2);
  });

  it('come once within an hour of key frames', () => {
    const { subscriber, clock, messages } = subscribe();
    for (let i = 0; i < 900; i++) {
      subscriber.processFrame(frameOf(numbered(1)));
      clock.now += 4000;
    }
    expect(messages).toHaveLength(1);
    expect(subscriber.stats).toMatchObject({ messagesFound: 900, duplicates: 899 });
  });

  it('are told by the time of the frames where they have one', () => {
    const { subscriber, messages } = subscribe();
    // A file that is read faster than real time: the clock stands still.
    for (let i = 0; i < 10; i++) subscriber.processFrame(frameOf('goal'), { timestamp: i * CONTENT_DEDUP_WINDOW_MS });
    expect(messages).toHaveLength(10);
    const slow = subscribe();
    for (let i = 0; i < 10; i++) {
      slow.subscriber.processFrame(frameOf('goal'), { timestamp: i * 40 });
      slow.clock.now += DEDUP_WINDOW_MS;
    }
    expect(slow.messages).toHaveLength(1);
  });

  it('can all be had', () => {
    expect(copies(numbered(1), 0, { dedup: false })).toBe(2);
    expect(copies(numbered(1), 0, { dedup: true })).toBe(1);
  });

  it('are remembered as long, and as many, as is said', () => {
    expect(copies(numbered(1), 500, { dedup: { windowMs: 500 } })).toBe(2);
    expect(copies(numbered(1), 499, { dedup: { windowMs: 500 } })).toBe(1);
    expect(copies('goal', 9999, { dedup: { contentWindowMs: 10_000 } })).toBe(1);
    const { subscriber, messages } = subscribe({ dedup: { maxEntries: 2 } });
    for (const text of ['a', 'b', 'c', 'c', 'b', 'a']) subscriber.processFrame(frameOf(text));
    expect(textsOf(messages)).toEqual(['a', 'b', 'c', 'a']);
  });

  it.each([
    ['as the option', (key: (message: ReceivedSeiMessage) => string) => key],
    ['in the option', (key: (message: ReceivedSeiMessage) => string) => ({ key, windowMs: 100 })],
  ])('are what a key function says, %s', (_, dedup) => {
    const { subscriber, messages } = subscribe({ dedup: dedup((message) => message.text()[0]) });
    for (const text of ['a1', 'b1', 'a2', 'c1', 'b2']) subscriber.processFrame(frameOf(text));
    expect(textsOf(messages)).toEqual(['a1', 'b1', 'c1']);
  });

  it('are what a key function says that answers numbers', () => {
    const { subscriber, messages } = subscribe({ dedup: (message) => Number(message.text()[1]) });
    for (const text of ['a1', 'b1', 'a2', 'c1', 'b2']) subscriber.processFrame(frameOf(text));
    expect(textsOf(messages)).toEqual(['a1', 'a2']);
    expect(subscriber.stats.errors).toBe(0);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['answers no text', () => true as unknown as string],
    ['answers no number', () => Number.NaN],
  ])('are delivered where the key function %s, which is counted', (_, key) => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber, messages } = subscribe({ dedup: key, onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    subscriber.processFrame(frameOf('a', 'a'));
    expect(textsOf(messages)).toEqual(['a', 'a']);
    expect(subscriber.stats.errors).toBe(2);
    expect(heard.filter(({ event }) => event === 'key-error')).toHaveLength(2);
  });

  it('are a matter of one subscriber', () => {
    const [one, other] = [subscribe(), subscribe()];
    for (const { subscriber } of [one, other]) subscriber.processFrame(frameOf('a'));
    expect([one.messages.length, other.messages.length]).toEqual([1, 1]);
  });

  it('do not fill the memory, however many messages there are', () => {
    const { subscriber, messages } = subscribe();
    for (let i = 0; i < 3 * MAX_DEDUP_ENTRIES; i += 64) {
      subscriber.processFrame(frameOf(...Array.from({ length: 64 }, (_, k) => numbered(i + k))));
    }
    expect(messages).toHaveLength(3 * MAX_DEDUP_ENTRIES);
    // The first has been forgotten, the last has not.
    expect(subscriber.processFrame(frameOf(numbered(0), numbered(3 * MAX_DEDUP_ENTRIES - 1)))).toHaveLength(1);
  });
});

describe('hostile frames', () => {
  it('cost time in proportion to their length', () => {
    // The large one has far more messages than are read from one frame, all of them new.
    expectLinearTime(20_000, (length) => {
      const frame = annexBOf(Array.from({ length }, (_, i) => textNal(String(i))));
      return () => {
        const { subscriber, messages } = subscribe();
        for (let i = 0; i < 3; i++) subscriber.processFrame(frame);
        expect(messages.length).toBeGreaterThanOrEqual(Math.min(length, MAX_MESSAGES_PER_FRAME));
      };
    });
  });

  it.each([' ', '[', '{"a":', '"', '\\'])('do not make long payloads slow that only begin as JSON does: %j', (text) => {
    expectLinearTime(1 << 20, (size) => {
      const frame = annexBOf([textNal('"'.repeat(Number(text === '\\')) + text.repeat(size / text.length - 1))]);
      return () => {
        const { subscriber } = subscribe();
        expect(subscriber.processFrame(frame)).toHaveLength(1);
      };
    });
  });
});

describe('messages in fragments', () => {
  const large = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7) % 256);
  const frames = fragmentFrames(large);

  it('come as one message, with the UUID and the id they were sent with', () => {
    const { subscriber, messages } = subscribe();
    for (const frame of frames.slice(0, -1)) expect(subscriber.processFrame(frame)).toEqual([]);
    expect(subscriber.stats).toMatchObject({ fragmentsPending: 1, messagesFound: 0 });
    const [message] = subscriber.processFrame(frames.at(-1)!);
    expect(message.payload).toEqual(large);
    expect(message.uuid).toBe(OUR_UUID);
    expect(message.messageId).toBe('server-1');
    expect(messages).toEqual([message]);
    expect(subscriber.stats).toMatchObject({ fragmentsPending: 0, messagesFound: 1, bytes: large.length });
  });

  it('come once, and leave nothing behind, with three copies of each fragment in any order', () => {
    const order = fc.shuffledSubarray([...frames, ...frames, ...frames], { minLength: 3 * frames.length });
    fc.assert(
      fc.property(order, (shuffled) => {
        const { subscriber, messages } = subscribe();
        for (const frame of shuffled) subscriber.processFrame(frame);
        expect(messages).toHaveLength(1);
        expect(messages[0].payload).toEqual(large);
        expect(subscriber.stats).toMatchObject({ fragmentsPending: 0, rejected: 0, messagesIncomplete: 0 });
      }),
      runs(50),
    );
  });

  it('are one message for an hour of key frames, though each time some fragments are lost', () => {
    const { subscriber, clock, messages } = subscribe();
    frames.forEach((frame) => subscriber.processFrame(frame));
    for (let i = 0; i < 120; i++) {
      clock.now += 30_000;
      frames.filter((_, index) => index % 2 === i % 2).forEach((frame) => subscriber.processFrame(frame));
    }
    expect(messages).toHaveLength(1);
    expect(subscriber.stats).toMatchObject({ fragmentsPending: 0, messagesIncomplete: 0 });
  });

  it('are told apart where their content is the same', () => {
    const { subscriber, messages } = subscribe();
    for (const number of [1, 2, 2, 3]) {
      subscriber.processFrame(fragmentFrames(utf8('retained'), number)[0]);
    }
    expect(textsOf(messages)).toEqual(['retained', 'retained', 'retained']);
    expect(subscriber.stats).toMatchObject({ messagesFound: 4, duplicates: 1 });
  });

  it('are held only for UUIDs that are wanted', () => {
    const { subscriber } = subscribe({ uuids: [OTHER_UUID] });
    subscriber.processFrame(frames[0]);
    expect(subscriber.stats.fragmentsPending).toBe(0);
    const wanted = fragmentFrames(large, 1, OTHER_UUID).flatMap((frame) => subscriber.processFrame(frame));
    expect(wanted.map(({ uuid }) => uuid)).toEqual([OTHER_UUID]);
    const any = subscribe({ uuids: 'any' });
    frames.forEach((frame) => any.subscriber.processFrame(frame));
    expect(any.messages.map(({ uuid }) => uuid)).toEqual([OUR_UUID]);
  });

  it('are given up in time, also where no fragment follows', () => {
    const { subscriber, clock } = subscribe();
    subscriber.processFrame(frames[0]);
    clock.now += REASSEMBLY_TIMEOUT_MS;
    subscriber.processFrame(annexB(nal.p));
    expect(subscriber.stats).toMatchObject({ fragmentsPending: 0, messagesIncomplete: 1 });
  });

  it('are rejected where they are none', () => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber } = subscribe({ onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    subscriber.processFrame(annexB(textNal('no fragment', FRAGMENT_SEI_UUID), nal.p));
    expect(subscriber.stats).toMatchObject({ rejected: 1, messagesFound: 0 });
    expect(heard).toMatchObject([{ event: 'fragment-rejected' }]);
  });

  it('work with a key function and without telling copies', () => {
    for (const [dedup, count] of [
      [() => 'same', 1],
      [false, 2],
    ] as const) {
      // prettier-ignore
      const { subscriber, clock, messages } = subscribe({ dedup });
      for (let i = 0; i < 2; i++) {
        frames.forEach((frame) => subscriber.processFrame(frame));
        clock.now += REASSEMBLY_TIMEOUT_MS;
      }
      expect(messages).toHaveLength(count);
    }
  });
});

describe('the callback', () => {
  it('gets the message and nothing else', () => {
    const calls: unknown[][] = [];
    const { subscriber } = subscribe({ onMessage: (...args) => calls.push(args) });
    subscriber.processFrame(frameOf('a'));
    expect(calls).toHaveLength(1);
    expect(calls[0]).toHaveLength(1);
    expect(calls[0][0]).toBeInstanceOf(ReceivedSeiMessage);
  });

  it('can be set, replaced and taken away', () => {
    const { subscriber, messages } = subscribe();
    const others: ReceivedSeiMessage[] = [];
    subscriber.setMessageCallback((message) => others.push(message));
    subscriber.processFrame(frameOf('a'));
    subscriber.setMessageCallback(undefined);
    expect(subscriber.processFrame(frameOf('b'))).toHaveLength(1);
    expect([messages.length, textsOf(others)]).toEqual([0, ['a']]);
    expect(() => {
      subscriber.setMessageCallback('log' as never);
    }).toThrow(TypeError);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('is counted and reported where it %s, and the next message arrives', async (_, fail) => {
    const heard: SeiDiagnostic[] = [];
    const listener = (message: unknown): void => {
      heard.push(message as SeiDiagnostic);
    };
    diagnosticsChannel.subscribe('h264-sei:subscriber', listener);
    onTestFinished(() => {
      diagnosticsChannel.unsubscribe('h264-sei:subscriber', listener);
    });
    const seen: string[] = [];
    const { subscriber } = subscribe({
      onMessage: (message) => {
        seen.push(message.text());
        return fail();
      },
    });
    expect(subscriber.processFrame(frameOf('a', 'b'))).toHaveLength(2);
    await new Promise(setImmediate);
    expect(seen).toEqual(['a', 'b']);
    expect(subscriber.stats).toMatchObject({ messagesProcessed: 2, errors: 2 });
    const errors = heard.filter(({ event }) => event === 'callback-error');
    expect(errors.map(({ details }) => (details as { error: Error }).error.message)).toEqual(['mine', 'mine']);
  });

  it('may call the subscriber', () => {
    const seen: string[] = [];
    const { subscriber } = subscribe();
    subscriber.setMessageCallback((message) => {
      seen.push(message.text());
      if (message.text() === 'a') expect(subscriber.processFrame(frameOf('a', 'nested'))).toHaveLength(1);
      if (message.text() === 'b') subscriber.setMessageCallback((last) => seen.push(`last ${last.text()}`));
    });
    subscriber.processFrame(frameOf('a', 'b', 'c'));
    expect(seen).toEqual(['a', 'nested', 'b', 'last c']);
    expect(subscriber.stats).toMatchObject({ messagesProcessed: 4, duplicates: 1, errors: 0 });
  });

  it('may change the frame', () => {
    const frame = frameOf('a', 'b');
    const seen: string[] = [];
    const { subscriber } = subscribe({
      onMessage: (message) => {
        frame.fill(0);
        seen.push(message.text());
      },
    });
    subscriber.processFrame(frame);
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('for await', () => {
  const collect = async (messages: AsyncIterable<ReceivedSeiMessage>) => {
    const texts: string[] = [];
    for await (const message of messages) texts.push(message.text());
    return texts;
  };

  it('gives each consumer all messages, up to the end', async () => {
    const { subscriber } = subscribe();
    const [one, other] = [collect(subscriber), collect(subscriber)];
    subscriber.processFrame(frameOf('a'));
    await new Promise(setImmediate);
    const late = collect(subscriber);
    subscriber.processFrame(frameOf('b', 'c'));
    subscriber.close();
    expect(await Promise.all([one, other, late])).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['b', 'c']]); // prettier-ignore
    expect(await collect(subscriber)).toEqual([]);
  });

  it('answers calls of next that were made ahead, in order', async () => {
    const { subscriber } = subscribe();
    const iterator = subscriber[Symbol.asyncIterator]();
    const results = [iterator.next(), iterator.next(), iterator.next()];
    subscriber.processFrame(frameOf('a', 'b'));
    subscriber.close();
    const [first, second, third] = await Promise.all(results);
    expect([first, second].map(({ value }) => value?.text())).toEqual(['a', 'b']);
    expect(third).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('drops the oldest where the consumer is slow, and counts them', async () => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber } = subscribe({ bufferSize: 3, onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    const iterator = subscriber[Symbol.asyncIterator]();
    subscriber.processFrame(frameOf('a', 'b', 'c', 'd', 'e'));
    expect(subscriber.stats.droppedFromBuffer).toBe(2);
    expect(heard.filter(({ event }) => event === 'buffer-full')).toHaveLength(2);
    subscriber.close();
    expect(await collect({ [Symbol.asyncIterator]: () => iterator })).toEqual(['c', 'd', 'e']);
  });

  it('holds a thousand messages unless told otherwise', async () => {
    const { subscriber } = subscribe();
    const iterator = subscriber[Symbol.asyncIterator]();
    for (let i = 0; i < 2500; i++) subscriber.processFrame(frameOf(numbered(i)));
    expect(subscriber.stats.droppedFromBuffer).toBe(2500 - SUBSCRIBER_BUFFER_SIZE);
    // Some are taken before others come: the order stays.
    const seen: unknown[] = [];
    for (let i = 0; i < 500; i++) seen.push(((await iterator.next()).value as ReceivedSeiMessage).json());
    for (let i = 2500; i < 3000; i++) subscriber.processFrame(frameOf(numbered(i)));
    subscriber.close();
    for await (const message of { [Symbol.asyncIterator]: () => iterator }) seen.push(message.json());
    expect(seen).toEqual(Array.from({ length: 1500 }, (_, i) => ({ number: 1500 + i, timestamp: 1500 + i })));
  });

  it('holds only so many bytes, and always the newest message', async () => {
    const { subscriber } = subscribe({ uuids: 'any' });
    const iterator = subscriber[Symbol.asyncIterator]();
    const size = 1 << 20;
    for (let i = 0; i < 20; i++) {
      const payload = new Uint8Array(size).fill(1 + i);
      subscriber.processFrame(annexB(createSeiNalUnit(payload), nal.p), { timestamp: i });
    }
    expect(subscriber.stats.droppedFromBuffer).toBe(20 - MAX_SUBSCRIBER_BUFFER_BYTES / size);
    const first = await iterator.next();
    expect((first.value as ReceivedSeiMessage).payload[0]).toBe(5);
  });

  it('holds no more memory than the bytes that wait: the parsed JSON goes', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { subscriber } = subscribe();
    const iterator = subscriber[Symbol.asyncIterator]();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 256; i++) {
      const text = `{"timestamp":${i},"list":[${'[],'.repeat(5400)}0]}`;
      subscriber.processFrame(annexB(createSeiNalUnit(text), nal.p), { timestamp: i });
      await new Promise(setImmediate);
    }
    collect();
    // The bytes of the payloads, which are 4 MiB, lie outside the heap.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 << 20);
    expect(((await iterator.next()).value as ReceivedSeiMessage).isJson).toBe(true);
  });

  it('keeps nothing for a consumer that has stopped', async () => {
    const { subscriber } = subscribe({ bufferSize: 1 });
    subscriber.processFrame(frameOf('before'));
    const consumed: string[] = [];
    const consumer = (async () => {
      for await (const message of subscriber) {
        consumed.push(message.text());
        break;
      }
    })();
    subscriber.processFrame(frameOf('a', 'b'));
    await consumer;
    for (let i = 0; i < 10; i++) subscriber.processFrame(frameOf(numbered(i)));
    expect(consumed).toEqual(['a']);
    expect(subscriber.stats.droppedFromBuffer).toBe(0);
  });

  it('ends a consumer that waits when it is stopped from outside', async () => {
    const { subscriber } = subscribe();
    const iterator = subscriber[Symbol.asyncIterator]();
    const waiting = iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe('a for await that begins late', () => {
  const withoutCallback = (options: SeiSubscriberOptions = {}) => subscribe({ onMessage: undefined, ...options });
  const taken = async (messages: AsyncIterable<ReceivedSeiMessage>, most = Infinity) => {
    const texts: string[] = [];
    for await (const message of messages) if (texts.push(message.text()) >= most) break;
    return texts;
  };

  it('gets what came before it, also of a closed subscriber, if it is the first', async () => {
    for (const isClosed of [true, false]) {
      const { subscriber } = withoutCallback();
      subscriber.processFrame(frameOf('a', 'b'));
      if (isClosed) subscriber.close();
      const first = taken(subscriber, isClosed ? Infinity : 3);
      const second = taken(subscriber);
      if (!isClosed) subscriber.processFrame(frameOf('c'));
      subscriber.close();
      expect(await first).toEqual(isClosed ? ['a', 'b'] : ['a', 'b', 'c']);
      expect(await second).toEqual(isClosed ? [] : ['c']);
    }
  });

  it('gets none of those that a callback has taken', async () => {
    const { subscriber } = withoutCallback();
    const calls: string[] = [];
    subscriber.processFrame(frameOf('a'));
    subscriber.setMessageCallback((message) => calls.push(message.text()));
    subscriber.processFrame(frameOf('b'));
    subscriber.setMessageCallback(null);
    subscriber.processFrame(frameOf('c'));
    subscriber.close();
    expect(await taken(subscriber)).toEqual(['a', 'c']);
    expect(calls).toEqual(['b']);
  });

  it('gets no more than a buffer holds, and only then is something dropped', async () => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber } = withoutCallback({ bufferSize: 2, onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    const isFull = ({ event }: SeiDiagnostic) => event === 'buffer-full';
    for (let i = 0; i < 5; i++) subscriber.processFrame(frameOf(numbered(i)));
    expect(subscriber.stats.droppedFromBuffer).toBe(0);
    expect(heard.some(isFull)).toBe(false);
    expect(await taken(subscriber, 2)).toEqual([numbered(3), numbered(4)]);
    expect(subscriber.stats.droppedFromBuffer).toBe(3);
    expect(heard.filter(isFull).map(({ details }) => details)).toEqual([{ dropped: 3 }]);
    for (let i = 5; i < 10; i++) subscriber.processFrame(frameOf(numbered(i)));
    expect(subscriber.stats.droppedFromBuffer).toBe(3);
  });

  it('finds no more bytes than a buffer holds', async () => {
    const { subscriber } = withoutCallback();
    for (let i = 0; i < 20; i++) {
      const payload = new Uint8Array(1 << 20).fill(1 + i);
      subscriber.processFrame(annexB(createSeiNalUnit(payload), nal.p), { timestamp: i });
    }
    subscriber.close();
    expect(await taken(subscriber)).toHaveLength(MAX_SUBSCRIBER_BUFFER_BYTES >> 20);
  });
});

describe('close', () => {
  it('ends the reading: frames that still come are no error', () => {
    const { subscriber, messages } = subscribe();
    subscriber.processFrame(fragmentFrames(new Uint8Array(1000))[0]);
    subscriber.close();
    subscriber.close();
    expect(subscriber.processFrame(frameOf('late'))).toEqual([]);
    expect(() => subscriber.processFrame('late' as never)).toThrow(TypeError);
    expect(messages).toEqual([]);
    expect(subscriber.stats).toMatchObject({ framesProcessed: 1, fragmentsPending: 0 });
  });
});

describe('diagnostics', () => {
  it('tell of each message that is delivered', () => {
    const heard: SeiDiagnostic[] = [];
    const { subscriber, messages } = subscribe({ onDiagnostic: (diagnostic) => heard.push(diagnostic) });
    subscriber.processFrame(frameOf('a', 'a'));
    const details = { uuid: OUR_UUID, messageId: messages[0].messageId, length: 1 };
    expect(heard).toEqual([{ source: 'subscriber', event: 'message', details }]);
  });
});

describe('the subscriber in a browser', () => {
  it('reads real video with nothing but TextEncoder and TextDecoder', () => {
    const { outputFiles } = buildSync({
      entryPoints: [resolve(__dirname, '../../src/receive/subscriber.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'library',
      platform: 'browser',
      target: 'es2022',
    });
    const [first, second] = accessUnitsOf(fixtureClip('slices.h264').read());
    const seen: string[] = [];
    const context = createContext({
      TextEncoder,
      TextDecoder,
      frames: [
        injectSei(first, [textNal(numbered(1))]),
        injectSei(second, [textNal(numbered(1)), textNal(numbered(2))]),
        ...fragmentFrames(utf8('x'.repeat(1000))),
      ],
      onMessage: (message: { text(): string }) => seen.push(message.text()),
    });
    runInContext(outputFiles[0].text, context);
    runInContext('const subscriber = new library.SeiSubscriber({ onMessage })', context);
    runInContext('for (const frame of frames) subscriber.processFrame(frame)', context);
    expect(seen).toEqual([numbered(1), numbered(2), 'x'.repeat(1000)]);
    expect(runInContext('subscriber.stats.errors', context)).toBe(0);
  });
});

describe('frames of several tracks', () => {
  const origins = [0, 3_000_000_000, 700_000];

  it.each([true, false])('whose timestamps have different origins bring no message twice, named: %s', (isNamed) => {
    const { messages, subscriber } = subscribe();
    for (let i = 0; i < 3000; i++) {
      origins.forEach((origin, track) => {
        // Each layer carries a message in three frames, at its own pace.
        const number = Math.floor((i + 20 * track) / 10);
        const options = { timestamp: origin + i * 40, ...(isNamed && { track: `layer ${track}` }) };
        // Where nothing tells the tracks apart, the first frame of another looks like the end of a pause.
        const isCarrying = i > 0 && (i + 20 * track) % 10 < 3;
        subscriber.processFrame(isCarrying ? frameOf(numbered(number)) : annexB(nal.p), options);
      });
    }
    const numbers = messages.map((message) => message.json<{ number: number }>().number);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBe(304);
  });

  it('let equal content be said again when the time has passed in which it is a copy', () => {
    const { messages, subscriber } = subscribe();
    for (let i = 0; i < 1000; i++) {
      for (const track of ['a', 'b']) {
        const timestamp = (track === 'a' ? 1e9 : 0) + i * 40;
        subscriber.processFrame(i % 75 < 3 ? frameOf('ping') : annexB(nal.p), { timestamp, track });
      }
    }
    // Every three seconds.
    expect(messages).toHaveLength(14);
  });

  it('have names that are strings', () => {
    const { subscriber } = subscribe();
    expect(() => subscriber.processFrame(annexB(nal.p), { track: 7 as never })).toThrow(TypeError);
    expect(subscriber.stats.framesProcessed).toBe(0);
  });
});
