/** Identity from outside: several servers are given one message, write the same bytes, and a viewer gets it once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type PublishOptions,
  type ReceivedSeiMessage,
  SeiInjector,
  SeiPublisher,
  type SeiPublisherOptions,
  SeiSubscriber,
  type SeiTicket,
  encodeUserData,
  extractSei,
} from '../../src/index.js';
import { MAX_MESSAGE_ID_LENGTH, decodeId, encodeId, randomSource } from '../../src/metadata/identity.js';
import { annexB, nal } from '../contract/frames.js';
import { runs } from '../property/arbitraries.js';

type Publish = (publisher: SeiPublisher, options: PublishOptions) => SeiTicket;

const START = 1_767_225_600_000;
const picture = annexB(nal.aud, nal.idr);
const long = 'x'.repeat(900);
const opaque = Uint8Array.from({ length: 900 }, (_, at) => (at * 7) & 0xff);

/** A server whose clock is this far off. */
function server(offset: number, options: SeiPublisherOptions = {}) {
  const clock = { now: START + offset };
  const publisher = new SeiPublisher({ now: () => clock.now, ...options });
  return { clock, publisher, injector: new SeiInjector({ publisher }) };
}

/** All SEI NAL units of so many pictures, in hexadecimal digits. */
function sent({ injector, clock }: ReturnType<typeof server>, pictures = 12): string[] {
  return Array.from({ length: pictures }, () => {
    clock.now += 40;
    return extractSei(injector.inject(picture)).map(
      ({ uuid, payload }) => `${uuid} ${Buffer.from(payload).toString('hex')}`,
    );
  }).flat();
}

const kinds: [string, Publish, SeiPublisherOptions?][] = [
  ['an object', (p, o) => p.publishJson({ score: 3 }, o)],
  ['an object with an id of its own', (p, o) => p.publishJson({ id: 'goal-7', score: 3 }, { ...o, id: undefined })],
  ['an object with a message_id', (p, o) => p.publishJson({ message_id: 7, score: 3 }, { ...o, id: undefined })],
  ['an object with a time', (p, o) => p.publishJson({ score: 3 }, { ...o, publishedAt: START - 5 })],
  ['a text', (p, o) => p.publishText('goal', o)],
  ['a retained object', (p, o) => p.publishJson({ score: 3 }, { ...o, retain: 'score' })],
  ['retained bytes', (p, o) => p.publishBytes(opaque.subarray(0, 90), { ...o, retain: 'score' })],
  ['a retained array', (p, o) => p.publishJson([3, 1], { ...o, retain: 'score' })],
  ['split bytes', (p, o) => p.publishBytes(opaque, o), { oversize: 'split' }],
  ['a split object', (p, o) => p.publishJson({ text: 'x'.repeat(900) }, o), { oversize: 'split' }],
  ['a split object with an id of its own', (p) => p.publishJson({ id: 7, text: long }), { oversize: 'split' }],
  ['a split object with a time of its own', (p) => p.publishJson({ timestamp: 7, long }), { oversize: 'split' }],
  ['split bytes with a time', (p) => p.publishBytes(opaque, { publishedAt: START }), { oversize: 'split' }],
  ['a split text with a time', (p) => p.publishText(long, { publishedAt: START }), { oversize: 'split' }],
  ['a retained array with a time', (p) => p.publishJson([3], { publishedAt: START, retain: 'score' })],
  [
    'what was encoded before',
    (p) => p.publishBytes(encodeUserData({ id: 'a', text: long }, { maxUserDataSize: 2000 })),
    { oversize: 'split' },
  ],
  ['an object whose id is no identity', (p, o) => p.publishJson({ id: null, score: 3 }, o)],
  ['an object that is cut', (p, o) => p.publishJson({ text: 'x'.repeat(900) }, o)],
];

describe('two servers that are given the same message', () => {
  const ids: [string, PublishOptions][] = [
    ['an id', { id: 'a0e4-goal-7' }],
    ['a long id', { id: 'ä'.repeat(60) }],
    ['a source and a number', { source: 'chat-1', sequence: 12 }],
  ];
  for (const [what, publish, options] of kinds) {
    for (const [identity, how] of ids) {
      it(`write the same bytes: ${what}, by ${identity}`, () => {
        const servers = [server(0, options), server(-3_600_000, options)];
        const [first, second] = servers.map((each) => {
          each.publisher.publishText('only here', { repeatCount: 1 });
          publish(each.publisher, how);
          return sent(each).slice(1);
        });
        expect(first.length).toBeGreaterThan(2);
        expect(second).toEqual(first);
      });

      it(`are one message to a viewer who sees both: ${what}, by ${identity}`, () => {
        const servers = [server(0, options), server(9000, options)];
        const messages: ReceivedSeiMessage[] = [];
        const subscriber = new SeiSubscriber({ onMessage: (message) => messages.push(message), now: () => START });
        for (const { publisher } of servers) publish(publisher, how);
        for (let i = 0; i < 40; i++) {
          for (const { injector, clock } of servers) {
            clock.now += 40;
            subscriber.processFrame(injector.inject(picture));
          }
        }
        expect(messages).toHaveLength(1);
      });
    }
  }

  it('are two messages if the ids differ', () => {
    for (const [, publish, options] of kinds.filter(
      // Those that take the id.
      ([what, { length }]) => length === 2 && !what.includes('own') && !what.includes('message_id'),
    )) {
      const subscriber = new SeiSubscriber({ now: () => START });
      const delivered = ['a', 'b'].flatMap((id) => {
        const each = server(0, options);
        publish(each.publisher, { id });
        return Array.from({ length: 12 }, () => subscriber.processFrame(each.injector.inject(picture))).flat();
      });
      expect(delivered).toHaveLength(2);
    }
  });

  it('hand an enveloped id to the receiver', () => {
    const { publisher, injector } = server(0);
    publisher.publishBytes(opaque.subarray(0, 9), { retain: 'k', id: 'goal-7' });
    const [message] = new SeiSubscriber().processFrame(injector.inject(picture));
    expect(message.messageId).toBe('goal-7');
  });
});

describe('what is stamped', () => {
  const written = (publish: (publisher: SeiPublisher) => SeiTicket) => {
    const { publisher, injector } = server(0);
    publish(publisher);
    const [{ payload }] = extractSei(injector.inject(picture));
    return Buffer.from(payload).toString();
  };

  it.each<[string, Publish, PublishOptions, string]>([
    ['nothing from outside', (p, o) => p.publishJson({ a: 1 }, o), {}, `{"a":1,"timestamp":${START / 1000}}`],
    ['an id', (p, o) => p.publishJson({ a: 1 }, o), { id: 'x' }, '{"a":1,"id":"x"}'],
    ['an id for an empty object', (p, o) => p.publishJson({}, o), { id: 'x' }, '{"id":"x"}'],
    [
      'an id and a time',
      (p, o) => p.publishJson({ a: 1 }, o),
      { id: 'x', publishedAt: 1500 },
      '{"a":1,"timestamp":1.5,"id":"x"}',
    ],
    ['a time', (p, o) => p.publishJson({ a: 1 }, o), { publishedAt: 1500 }, '{"a":1,"timestamp":1.5}'],
    ['an id that is there', (p, o) => p.publishJson({ id: 5 }, o), { id: 'x' }, '{"id":5}'],
    [
      'a timestamp that is there',
      (p, o) => p.publishJson({ timestamp: 2 }, o),
      { publishedAt: 1500 },
      '{"timestamp":2}',
    ],
    ['an id inside', (p, o) => p.publishJson({ a: { id: 1 } }, o), {}, `{"a":{"id":1},"timestamp":${START / 1000}}`],
    [
      'an id that says nothing',
      (p, o) => p.publishJson({ id: null }, o),
      {},
      `{"id":null,"timestamp":${START / 1000}}`,
    ],
    ['an array', (p, o) => p.publishJson([1], o), { id: 'x', publishedAt: 1500 }, '[1]'],
    ['a text', (p, o) => p.publishText('t', o), { id: 'x' }, '{"text":"t","type":"text_content","id":"x"}'],
    [
      'a text with a time',
      (p, o) => p.publishText('t', o),
      { publishedAt: 1500 },
      '{"text":"t","timestamp":1.5,"type":"text_content"}',
    ],
    [
      'a numbered text',
      (p, o) => p.publishText('t', o),
      { source: 's', sequence: 0 },
      '{"text":"t","type":"text_content","id":"s-0"}',
    ],
  ])('onto %s', (_, publish, options, expected) => {
    expect(written((publisher) => publish(publisher, options))).toBe(expected);
  });

  it('never cuts an id', () => {
    const id = 'i'.repeat(MAX_MESSAGE_ID_LENGTH);
    const value = JSON.parse(
      written((publisher) => publisher.publishJson({ text: 'x'.repeat(900) }, { id })),
    ) as object;
    expect(value).toMatchObject({ id, truncated: true });
  });
});

describe('encodeUserData', () => {
  it('writes what a publisher writes', () => {
    const options = { id: 'x', publishedAt: 1500 };
    const values: [unknown, Publish][] = [
      ['text', (p, o) => p.publishText('text', o)],
      [{ a: 1 }, (p, o) => p.publishJson({ a: 1 }, o)],
      [{ text: 'y'.repeat(900) }, (p, o) => p.publishJson({ text: 'y'.repeat(900) }, o)],
      [[1, 2], (p, o) => p.publishJson([1, 2], o)],
      [opaque.subarray(0, 20), (p, o) => p.publishBytes(opaque.subarray(0, 20), o)],
    ];
    for (const [value, publish] of values) {
      const direct = server(0);
      publish(direct.publisher, options);
      const relayed = server(77);
      const numbered = encodeUserData(value, { source: 'x', sequence: 1, publishedAt: 1500 });
      expect(numbered).toEqual(encodeUserData(value, { ...options, id: 'x-1' }));
      relayed.publisher.publishBytes(encodeUserData(value, options), { id: 'x' });
      expect(sent(relayed)).toEqual(sent(direct));
    }
  });

  it('has memory of its own, and a time of now without an identity', () => {
    for (const bytes of [Uint8Array.of(1, 2, 3), Buffer.from([1, 2, 3])]) {
      const encoded = encodeUserData(bytes);
      bytes.fill(0);
      expect([...encoded]).toEqual([1, 2, 3]);
    }
    const { timestamp } = JSON.parse(Buffer.from(encodeUserData({})).toString()) as { timestamp: number };
    expect(Math.abs(timestamp * 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('refuses what it cannot encode, and options that it does not have', () => {
    const code = (act: () => unknown) => {
      try {
        act();
        return undefined;
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(code(() => encodeUserData([1, 2, 3, 4], { maxUserDataSize: 5 }))).toBe('ERR_SEI_TOO_LARGE');
    expect(code(() => encodeUserData({ a: 'x'.repeat(99) }, { maxUserDataSize: 50, oversize: 'reject' }))).toBe(
      'ERR_SEI_TOO_LARGE',
    );
    expect(code(() => encodeUserData(new ArrayBuffer(4)))).toBe('ERR_INVALID_ARG_TYPE');
    expect(code(() => encodeUserData(() => 1))).toBe('ERR_SEI_NOT_JSON');
    expect(code(() => encodeUserData({}, { maxUserDataSize: 0 }))).toBe('ERR_OUT_OF_RANGE');
    expect(code(() => encodeUserData({}, { maxUserdataSize: 9 } as object))).toBe('ERR_SEI_UNKNOWN_OPTION');
  });
});

describe('expiry from outside', () => {
  it.each<[string, PublishOptions]>([
    ['expiresInMs: 0', { expiresInMs: 0 }],
    ['an expiresAt in the past', { expiresAt: START - 1 }],
    ['an expiresAt of now', { expiresAt: START }],
    ['a retained message', { expiresInMs: 0, retain: 'k' }],
  ])('settles the ticket at once: %s', async (_, options) => {
    const events: unknown[] = [];
    const { publisher, injector } = server(0, { onDiagnostic: (diagnostic) => events.push(diagnostic) });
    const ticket = publisher.publishJson({ a: 1 }, { ...options, label: 'late' });
    expect(await ticket.injected).toEqual({ outcome: 'expired', copies: [], label: 'late' });
    expect(publisher.stats).toMatchObject({ published: 1, expired: 1, queued: 0 });
    expect(extractSei(injector.inject(picture))).toEqual([]);
    expect(events).toEqual([expect.objectContaining({ event: 'message-expired', details: { id: 1, label: 'late' } })]);
  });

  it('does not replace what is retained', () => {
    const { publisher, injector } = server(0);
    publisher.publishJson({ a: 1 }, { retain: 'k' });
    publisher.publishJson({ a: 2 }, { retain: 'k', expiresInMs: 0 });
    expect(new SeiSubscriber().processFrame(injector.inject(picture)).map((each) => each.json())).toMatchObject([
      { a: 1 },
    ]);
  });

  it('ends a message at its time by the clock of the publisher', async () => {
    const { publisher, injector, clock } = server(0);
    const ticket = publisher.publishJson({ a: 1 }, { expiresAt: START + 500, repeatCount: 60 });
    injector.inject(picture);
    clock.now += 499;
    expect(extractSei(injector.inject(picture))).toHaveLength(1);
    clock.now += 2;
    expect(extractSei(injector.inject(picture))).toHaveLength(0);
    expect(await ticket.injected).toMatchObject({ outcome: 'expired' });
  });

  it('excludes expiresInMs', () => {
    const { publisher } = server(0);
    const both = { expiresAt: START, expiresInMs: 5 } as unknown as PublishOptions;
    expect(() => publisher.publishText('a', both)).toThrow(
      'options.expiresInMs and options.expiresAt exclude each other. Set one of them.',
    );
  });
});

describe('a label', () => {
  it('comes back in the ticket and the receipt, and is not sent', async () => {
    const { publisher, injector, clock } = server(0);
    const ticket = publisher.publishJson({ a: 1 }, { label: 'goal of team A', repeatCount: 1 });
    expect(ticket.label).toBe('goal of team A');
    const frame = injector.inject(picture);
    clock.now += 40;
    injector.inject(picture);
    expect(await ticket.injected).toMatchObject({ outcome: 'injected', label: 'goal of team A' });
    expect(Buffer.from(frame).includes('goal')).toBe(false);
    expect(publisher.publishText('b').label).toBeUndefined();
  });
});

describe('options of identity', () => {
  it.each<[string, object, string]>([
    ['an empty id', { id: '' }, 'ERR_OUT_OF_RANGE'],
    ['an id of 129 bytes', { id: 'x'.repeat(129) }, 'ERR_OUT_OF_RANGE'],
    ['an id with an escape sequence', { id: '\u001b[2J' }, 'ERR_OUT_OF_RANGE'],
    ['an id that is a number', { id: 7 }, 'ERR_INVALID_ARG_TYPE'],
    ['a source alone', { source: 's' }, 'ERR_INVALID_ARG_TYPE'],
    ['a sequence alone', { sequence: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ['a negative sequence', { source: 's', sequence: -1 }, 'ERR_OUT_OF_RANGE'],
    ['a source that is too long', { source: 's'.repeat(128), sequence: 1 }, 'ERR_OUT_OF_RANGE'],
    ['a time that is none', { publishedAt: Number.NaN }, 'ERR_OUT_OF_RANGE'],
    ['a time as a Date', { publishedAt: new Date() }, 'ERR_INVALID_ARG_TYPE'],
    ['an expiry that is none', { expiresAt: Infinity }, 'ERR_OUT_OF_RANGE'],
    ['a label that is long', { label: 'x'.repeat(257) }, 'ERR_OUT_OF_RANGE'],
    ['a label that is a number', { label: 7 }, 'ERR_INVALID_ARG_TYPE'],
    ['a misspelt option', { expireInMs: 7 }, 'ERR_SEI_UNKNOWN_OPTION'],
  ])('refuse %s', (_, options, code) => {
    const { publisher } = server(0);
    expect(() => publisher.publishJson({}, options)).toThrow(expect.objectContaining({ code }) as Error);
    expect(publisher.stats.published).toBe(0);
  });
});

describe('ids', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (id) => {
        const bytes = encodeId(id);
        if (bytes === undefined) return;
        expect(decodeId(bytes)).toBe(id);
      }),
      runs(500),
    );
  });

  it('of publishers differ, and are short', () => {
    const names = new Set(Array.from({ length: 1000 }, randomSource));
    expect(names.size).toBe(1000);
    for (const name of names) expect(name).toMatch(/^[\w-]{11}$/);
  });
});
