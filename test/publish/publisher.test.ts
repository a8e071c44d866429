import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULT_SEI_UUID, IVS_SEI_UUID, extractSei } from '../../src/index.js';
import { FRAGMENT_SEI_UUID, MIN_SPLIT_SIZE } from '../../src/wire/fragmentation.js';
import { MAX_RETAINED_KEYS } from '../../src/publish/message-queue.js';
import {
  MAX_REPEAT_COUNT,
  type PublishOptions,
  type SeiPublisherOptions,
} from '../../src/publish/publisher-options.js';
import { SeiInjector } from '../../src/publish/injector.js';
import { SeiPublisher } from '../../src/publish/publisher.js';
import { START, codeOf, messagesIn, pictures, publishName, sent, setup } from '../support/messages.js';

/** The JSON of the messages that go into the next frame. */
function nextJson(...[injector, frame = pictures.p]: Parameters<typeof sent>): Record<string, unknown>[] {
  return sent(injector, frame).map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe('wire format', () => {
  it('sends a text as stages_sei does', () => {
    const { publisher, injector } = setup();
    const ticket = publisher.publishText('grüße');
    const frame = injector.inject(pictures.p);
    const [message] = extractSei(frame);
    expect(message?.uuid).toBe(DEFAULT_SEI_UUID);
    expect(messagesIn(frame)).toEqual([`{"text":"grüße","timestamp":${START / 1000},"type":"text_content"}`]);
    expect(ticket.byteLength).toBe(message?.payload.length);
    expect(ticket.truncated).toBe(false);
  });

  it('adds a timestamp to an object that has none, and leaves the object alone', () => {
    const { publisher, injector } = setup();
    const value = Object.freeze({ a: 1 });
    publisher.publishJson(value);
    publisher.publishJson({ timestamp: 7 });
    publisher.publishJson({ timestamp: null });
    publisher.publishJson({ timestamp: undefined, b: 2 });
    expect(nextJson(injector)).toEqual([
      { a: 1, timestamp: START / 1000 },
      { timestamp: 7 },
      { timestamp: null },
      { timestamp: (START * 1000 + 1) / 1e6, b: 2 },
    ]);
    expect(value).toEqual({ a: 1 });
  });

  it('adds a timestamp to whatever JSON makes an object of', () => {
    const { publisher, injector } = setup({ repeatCount: 1 });
    class Score {
      constructor(readonly json: unknown) {}
      toJSON() {
        return this.json;
      }
    }
    const values = [
      new Score({ score: 3 }),
      new Score({ score: 3 }),
      new Score({ timestamp: 7 }),
      new Map(),
      new Score('{'),
    ];
    for (const value of values) publisher.publishJson(value);
    publisher.publishJson({ inner: { timestamp: 1 }, text: '"timestamp":2' });
    const at = (i: number) => (START * 1000 + i) / 1e6;
    const all = [...nextJson(injector), ...nextJson(injector)] as unknown[];
    expect(all).toEqual([
      { score: 3, timestamp: at(0) },
      { score: 3, timestamp: at(1) },
      { timestamp: 7 },
      { timestamp: at(2) },
      '{',
      { inner: { timestamp: 1 }, text: '"timestamp":2', timestamp: at(3) },
    ]);
  });

  it('sends boxed values as JSON.stringify writes them', () => {
    const { publisher, injector } = setup();
    for (const value of [3, 'hi', true]) publisher.publishJson(Object(value));
    expect(sent(injector)).toEqual(['3', '"hi"', 'true']);
  });

  it('sends any JSON value as it is', () => {
    const { publisher, injector } = setup();
    for (const value of [[1, 2], 'text', 5, true, null, new Date(0)]) publisher.publishJson(value);
    expect(sent(injector)).toEqual(['[1,2]', '"text"', '5', 'true', 'null', '"1970-01-01T00:00:00.000Z"']);
  });

  it('sends bytes as they are, and owns them', () => {
    const { publisher, injector } = setup();
    const value = Uint8Array.of(0, 0, 1, 0, 0, 3, 255);
    const ticket = publisher.publishBytes(value);
    value.fill(9);
    expect([...extractSei(injector.inject(pictures.p))[0].payload]).toEqual([0, 0, 1, 0, 0, 3, 255]);
    expect(ticket.byteLength).toBe(7);
  });

  it('takes empty bytes', () => {
    const { publisher, injector } = setup();
    publisher.publishBytes(new Uint8Array());
    expect(sent(injector)).toEqual(['']);
  });
});

describe('timestamps', () => {
  it('strictly increase by microseconds, however still the clock stands or goes back', () => {
    const { clock, publisher, injector } = setup({ maxMessagesPerFrame: 100, maxBytesPerFrame: 100_000 });
    for (let i = 0; i < 20; i++) publisher.publishText('the same');
    clock.advance(-60_000);
    for (let i = 0; i < 20; i++) publisher.publishJson({ i });
    clock.advance(120_000.0004);
    publisher.publishText('later');
    const timestamps = nextJson(injector).map(({ timestamp }) => timestamp as number);
    // The clock has gone on for a minute, so that the first 40 have expired.
    expect(timestamps).toEqual([(START + 60_000) / 1000]);

    const all = setup({ maxMessagesPerFrame: 100, maxBytesPerFrame: 100_000 });
    for (let i = 0; i < 40; i++) {
      all.publisher.publishText('the same');
      if (i === 20) all.clock.advance(-1000);
    }
    const increasing = nextJson(all.injector).map(({ timestamp }) => Math.round((timestamp as number) * 1e6));
    expect(increasing).toEqual(Array.from({ length: 40 }, (_, i) => START * 1000 + i));
  });
});

describe('tickets', () => {
  it('are truthy once awaited, and numbered', async () => {
    const { publisher } = setup();
    const first = await Promise.resolve(publisher.publishText('a'));
    expect(first).toBeTruthy();
    expect([first.id, publisher.publishText('b').id]).toEqual([1, 2]);
    expect('then' in first).toBe(false);
  });
});

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

const notJson: [string, unknown][] = [
  ['a cycle', cycle],
  ['a BigInt', { n: 1n }],
  ['a bare BigInt', 1n],
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  [
    'a throwing toJSON',
    {
      toJSON: () => {
        throw new Error('no');
      },
    },
  ],
  ['a toJSON that answers nothing', { toJSON: () => undefined }],
  [
    'a throwing getter',
    {
      get a(): number {
        throw new Error('no');
      },
    },
  ],
  [
    'a throwing timestamp',
    {
      get timestamp(): number {
        throw new Error('no');
      },
    },
  ],
  [
    'a throwing getter further in',
    {
      deep: {
        get a(): number {
          throw new Error('no');
        },
      },
    },
  ],
  [
    'a revoked proxy',
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    })(),
  ],
];

describe('what is no JSON', () => {
  it.each(notJson)('%s is refused, and leaves nothing behind', (_, value) => {
    const { publisher, injector } = setup();
    expect(codeOf(() => publisher.publishJson(value))).toBe('ERR_SEI_NOT_JSON');
    expect([publisher.getQueueSize(), publisher.stats.published]).toEqual([0, 0]);
    expect(injector.inject(pictures.p)).toBe(pictures.p);
  });

  it('tells why', () => {
    const { publisher } = setup();
    const cause = new Error('no');
    try {
      publisher.publishJson({
        get a(): number {
          throw cause;
        },
      });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).cause).toBe(cause);
    }
  });
});

describe('what is too large', () => {
  const long = 'ä€😀'.repeat(200);

  it('is cut to valid JSON within the limit', () => {
    const { publisher, injector } = setup();
    const ticket = publisher.publishText(long);
    const [text] = sent(injector);
    const value = JSON.parse(text) as Record<string, unknown>;
    expect(ticket.truncated).toBe(true);
    expect(ticket.byteLength).toBe(Buffer.byteLength(text));
    expect(ticket.byteLength).toBeLessThanOrEqual(400);
    expect(ticket.byteLength).toBeGreaterThan(380);
    expect(value).toMatchObject({ truncated: true, type: 'text_content', timestamp: START / 1000 });
    expect(value['original_length']).toBe(
      Buffer.byteLength(JSON.stringify({ text: long, timestamp: START / 1000, type: 'text_content' })),
    );
    expect(value['text']).not.toMatch(/\p{Surrogate}/u);
    expect(publisher.stats).toMatchObject({ truncated: 1, split: 0, published: 1 });
  });

  it('is cut however long it is', () => {
    const { publisher, injector } = setup();
    const text = 'h'.repeat(2_000_000);
    expect(publisher.publishText(text).truncated).toBe(true);
    const value = { text, timestamp: START / 1000, type: 'text_content' };
    expect(nextJson(injector)).toMatchObject([{ truncated: true, original_length: JSON.stringify(value).length }]);
    for (const oversize of ['split', 'reject'] as const) {
      expect(codeOf(() => setup({ oversize }).publisher.publishText(text))).toBe('ERR_SEI_TOO_LARGE');
    }
  });

  it('is refused where nothing can be cut', () => {
    const { publisher } = setup();
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    expect(codeOf(() => publisher.publishJson(numbers))).toBe('ERR_SEI_TOO_LARGE');
    expect(codeOf(() => publisher.publishJson({ numbers }))).toBe('ERR_SEI_TOO_LARGE');
    expect(publisher.stats).toMatchObject({ published: 0, truncated: 0, queued: 0 });
  });

  it('is refused with oversize reject', () => {
    const { publisher } = setup({ oversize: 'reject' });
    expect(codeOf(() => publisher.publishText(long))).toBe('ERR_SEI_TOO_LARGE');
    publisher.publishText('short');
    expect(publisher.stats.published).toBe(1);
  });

  it('is split with oversize split', () => {
    const { publisher, injector } = setup({ oversize: 'split' });
    const ticket = publisher.publishText(long);
    expect(ticket.truncated).toBe(false);
    expect(ticket.byteLength).toBeGreaterThan(1800);
    const fragments = extractSei(injector.inject(pictures.p));
    expect(new Set(fragments.map(({ uuid }) => uuid))).toEqual(new Set([FRAGMENT_SEI_UUID]));
    expect(Math.max(...fragments.map(({ payload }) => payload.length))).toBeLessThanOrEqual(400);
    expect(publisher.stats).toMatchObject({ split: 1, published: 1, queued: 1 });
  });

  it('is never cut where it is bytes', () => {
    expect(codeOf(() => setup().publisher.publishBytes(new Uint8Array(401)))).toBe('ERR_SEI_TOO_LARGE');
    const rejecting = setup({ oversize: 'reject' }).publisher;
    expect(codeOf(() => rejecting.publishBytes(new Uint8Array(401)))).toBe('ERR_SEI_TOO_LARGE');
    const { publisher, injector } = setup({ oversize: 'split' });
    expect(publisher.publishBytes(new Uint8Array(401)).truncated).toBe(false);
    expect(extractSei(injector.inject(pictures.p))).toHaveLength(2);
    expect(publisher.publishBytes(new Uint8Array(65_536)).byteLength).toBe(65_536);
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(65_537)))).toBe('ERR_SEI_TOO_LARGE');
  });

  it('lets through what is as large as the limit', () => {
    const { publisher, injector } = setup();
    const overhead = Buffer.byteLength(JSON.stringify({ text: '', timestamp: START / 1000, type: 'text_content' }));
    const ticket = publisher.publishText('x'.repeat(400 - overhead));
    expect([ticket.byteLength, ticket.truncated]).toEqual([400, false]);
    publisher.publishBytes(new Uint8Array(400).fill(7));
    expect(extractSei(injector.inject(pictures.p)).map(({ payload }) => payload.length)).toEqual([400, 400]);
  });

  it('is refused at once where no frame could ever take it', () => {
    const perFrame = setup({ maxBytesPerFrame: 100 }).publisher;
    expect(codeOf(() => perFrame.publishBytes(new Uint8Array(100).fill(1)))).toBe('ERR_SEI_TOO_LARGE');
    const perSecond = setup({ maxBytesPerSecond: 100 }).publisher;
    expect(codeOf(() => perSecond.publishBytes(new Uint8Array(100).fill(1)))).toBe('ERR_SEI_TOO_LARGE');
    expect(perSecond.getQueueSize()).toBe(0);
  });
});

describe('a budget that nobody has set', () => {
  const sizes = (frame: Uint8Array) => extractSei(frame).map(({ payload }) => payload.length);

  it('lets through one message of the largest size', () => {
    const { publisher, injector } = setup({ maxUserDataSize: 4000 });
    publisher.publishBytes(new Uint8Array(4000).fill(1));
    expect(sizes(injector.inject(pictures.p))).toEqual([4000]);
  });

  it('lets a message alone that escapes make larger', () => {
    const escaped = setup({ maxUserDataSize: 2000 });
    escaped.publisher.publishBytes(new Uint8Array(2000), { repeatCount: 1 });
    expect(sizes(escaped.injector.inject(pictures.p))).toEqual([2000]);
  });

  it('lets through what Amazon IVS allows', () => {
    const { publisher, injector } = setup({ profile: 'ivs' });
    publisher.publishBytes(new Uint8Array(1000).fill(65));
    expect(sizes(injector.inject(pictures.p))).toEqual([1000]);
  });

  it('is another matter than one that is set, whose name the error says', () => {
    for (const name of ['maxBytesPerFrame', 'maxBytesPerSecond']) {
      const { publisher } = setup({ [name]: 90 });
      expect(() => publisher.publishBytes(new Uint8Array(100).fill(1))).toThrow(
        expect.objectContaining({
          code: 'ERR_SEI_TOO_LARGE',
          message: expect.stringContaining(name) as string,
        }) as Error,
      );
    }
  });
});

describe('profile ivs', () => {
  it('has the UUID and the limits of the Amazon IVS web SDK', () => {
    const { publisher, injector } = setup({ profile: 'ivs' });
    expect(publisher.uuid).toBe(IVS_SEI_UUID);
    const ticket = publisher.publishBytes(new Uint8Array(1024).fill(5));
    expect(extractSei(injector.inject(pictures.p))).toMatchObject([{ uuid: IVS_SEI_UUID }]);
    expect(ticket.truncated).toBe(false);
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(1025)))).toBe('ERR_SEI_TOO_LARGE');
  });

  it('sends 10,240 bytes in a second and no more', () => {
    const { clock, publisher, injector } = setup({ profile: 'ivs', repeatCount: 1 });
    for (let i = 0; i < 40; i++) publisher.publishBytes(new Uint8Array(983).fill(5));
    const perFrame: number[] = [];
    for (let i = 0; i < 90; i++) {
      perFrame.push(injector.stats.bytes);
      injector.inject(pictures.p);
      clock.advance(1000 / 30);
    }
    const inSecond = perFrame.slice(31).map((bytes, i) => bytes - perFrame[i + 1]);
    expect(Math.max(...inSecond)).toBeLessThanOrEqual(10_240);
    expect(Math.max(...inSecond)).toBeGreaterThan(9_000);
    expect(injector.stats.copies).toBeGreaterThan(25);
  });

  it('yields to single options', () => {
    const { publisher } = setup({ profile: 'ivs', uuid: DEFAULT_SEI_UUID.toUpperCase(), maxUserDataSize: 10 });
    expect(publisher.uuid).toBe(DEFAULT_SEI_UUID);
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(11)))).toBe('ERR_SEI_TOO_LARGE');
  });
});

describe('profile ivs', () => {
  const unidentified: [string, (publisher: SeiPublisher, options: PublishOptions) => unknown][] = [
    ['bytes', (p, options) => p.publishBytes(Uint8Array.of(1), options)],
    ['an array', (p, options) => p.publishJson([1], options)],
    ['an object without a timestamp that is one', (p, options) => p.publishJson({ timestamp: null }, options)],
  ];

  it.each(unidentified)(
    'does not retain %s, which would go out under a UUID that its receivers do not read',
    (_, publish) => {
      for (const options of [{ profile: 'ivs' }, { uuid: IVS_SEI_UUID, oversize: 'split' }] as const) {
        const { publisher, injector } = setup(options);
        expect(codeOf(() => publish(publisher, { retain: 'state' }))).toBe('ERR_SEI_NOT_IDENTIFIED');
        expect(publisher.stats).toMatchObject({ published: 0, queued: 0 });
        publish(publisher, {});
        publisher.publishJson({ state: 1 }, { retain: 'state' });
        publisher.publishBytes(Buffer.from('{"id":1}'), { retain: 'other' });
        const uuids = extractSei(injector.inject(pictures.p)).map(({ uuid }) => uuid);
        expect(uuids).toEqual([IVS_SEI_UUID, IVS_SEI_UUID, IVS_SEI_UUID]);
      }
    },
  );

  it('takes 1 to 1024 bytes, as its receivers do', () => {
    const { publisher } = setup({ profile: 'ivs' });
    expect(codeOf(() => publisher.publishBytes(new Uint8Array()))).toBe('ERR_OUT_OF_RANGE');
    publisher.publishBytes(new Uint8Array(1));
    publisher.publishBytes(new Uint8Array(1024));
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(1025)))).toBe('ERR_SEI_TOO_LARGE');
    expect(setup().publisher.publishBytes(new Uint8Array()).byteLength).toBe(0);
    expect(setup({ profile: 'ivs', minUserDataSize: 0 }).publisher.publishBytes(new Uint8Array()).byteLength).toBe(0);
  });
});

describe('the largest user data in one message', () => {
  it('have room for the header of a fragment where messages are split', () => {
    expect(codeOf(() => new SeiPublisher({ oversize: 'split', maxUserDataSize: MIN_SPLIT_SIZE - 1 }))).toBe(
      'ERR_OUT_OF_RANGE',
    );
    const { publisher } = setup({ oversize: 'split', maxUserDataSize: MIN_SPLIT_SIZE });
    expect(publisher.publishBytes(new Uint8Array(65_536)).byteLength).toBe(65_536);
  });

  it('have room for it where a message is retained that needs one', () => {
    const { publisher } = setup({ maxUserDataSize: 30 });
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(3), { retain: 'a' }))).toBe('ERR_SEI_TOO_LARGE');
    expect(publisher.publishBytes(new Uint8Array(30)).byteLength).toBe(30);
    expect(publisher.getQueueSize()).toBe(1);
  });
});

describe('options', () => {
  const wrong: [unknown, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [5, 'ERR_INVALID_ARG_TYPE'],
    [{ now: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ profile: 'other' }, 'ERR_OUT_OF_RANGE'],
    [{ profile: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ profile: 'toString' }, 'ERR_OUT_OF_RANGE'],
    [{ uuid: 'none' }, 'ERR_SEI_INVALID_UUID'],
    [{ uuid: FRAGMENT_SEI_UUID.toUpperCase() }, 'ERR_OUT_OF_RANGE'],
    [{ minUserDataSize: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ minUserDataSize: 401 }, 'ERR_OUT_OF_RANGE'],
    [{ now: () => NaN }, 'ERR_INVALID_ARG_TYPE'],
    [{ whenFull: 'block' }, 'ERR_OUT_OF_RANGE'],
    [{ oversize: 'cut' }, 'ERR_OUT_OF_RANGE'],
    [{ repeatCount: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ repeatCount: 1.5 }, 'ERR_OUT_OF_RANGE'],
    [{ repeatCount: MAX_REPEAT_COUNT + 1 }, 'ERR_OUT_OF_RANGE'],
    [{ repeatCount: '3' }, 'ERR_INVALID_ARG_TYPE'],
    [{ repeatInterval: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxQueueSize: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxQueueSize: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ maxUserDataSize: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxUserDataSize: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ maxMessagesPerFrame: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ maxBytesPerFrame: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ maxBytesPerSecond: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ expiresInMs: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ expiresInMs: NaN }, 'ERR_OUT_OF_RANGE'],
  ];

  it.each(wrong)('of a publisher: %j is refused with %s', (options, code) => {
    expect(codeOf(() => new SeiPublisher(options as SeiPublisherOptions))).toBe(code);
  });

  const wrongDelivery: [unknown, string][] = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['soon', 'ERR_INVALID_ARG_TYPE'],
    [{ repeatCount: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ repeatCount: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ repeatInterval: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ priority: 'high' }, 'ERR_INVALID_ARG_TYPE'],
    [{ priority: 0.5 }, 'ERR_OUT_OF_RANGE'],
    [{ priority: Infinity }, 'ERR_OUT_OF_RANGE'],
    [{ expiresInMs: -5 }, 'ERR_OUT_OF_RANGE'],
    [{ retain: 5 }, 'ERR_INVALID_ARG_TYPE'],
  ];

  it.each(wrongDelivery)('of a message: %j is refused with %s', (options, code) => {
    const { publisher } = setup();
    expect(codeOf(() => publisher.publishText('a', options as PublishOptions))).toBe(code);
    expect(codeOf(() => publisher.publishJson({}, options as PublishOptions))).toBe(code);
    expect(codeOf(() => publisher.publishBytes(new Uint8Array(1), options as PublishOptions))).toBe(code);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('refuses values of the wrong type', () => {
    const { publisher } = setup();
    for (const text of [5, undefined, null, {}, new Uint8Array()]) {
      expect(codeOf(() => publisher.publishText(text as string))).toBe('ERR_INVALID_ARG_TYPE');
    }
    for (const bytes of ['text', [1], undefined, new ArrayBuffer(4), new DataView(new ArrayBuffer(4))]) {
      expect(codeOf(() => publisher.publishBytes(bytes as unknown as Uint8Array))).toBe('ERR_INVALID_ARG_TYPE');
    }
  });

  it('that are undefined are absent', () => {
    const { publisher, injector } = setup({ repeatCount: undefined, profile: undefined, uuid: undefined });
    publishName(publisher, 'a', { repeatCount: undefined, priority: undefined, retain: undefined });
    expect([1, 2, 3, 4].map(() => sent(injector))).toEqual([['a'], ['a'], ['a'], []]);
  });

  it('holds a bounded number of retained keys', () => {
    const { publisher } = setup();
    for (let i = 0; i < MAX_RETAINED_KEYS; i++) publisher.publishText('a', { retain: `key ${i}` });
    publisher.publishText('again', { retain: 'key 0' });
    expect(codeOf(() => publisher.publishText('a', { retain: 'one more' }))).toBe('ERR_SEI_QUEUE_FULL');
    expect(publisher.release('key 3')).toBe(true);
    expect(publisher.release('key 3')).toBe(false);
    publisher.publishText('a', { retain: 'one more' });
    expect(publisher.getQueueSize()).toBe(MAX_RETAINED_KEYS + 2);
  });
});

describe('the machine clock', () => {
  it('is used where none is given', () => {
    vi.useFakeTimers({ now: START });
    onTestFinished(() => void vi.useRealTimers());
    const publisher = new SeiPublisher();
    const injector = new SeiInjector({ publisher });
    publisher.publishText('a');
    expect(nextJson(injector)).toMatchObject([{ text: 'a', timestamp: START / 1000 }]);
  });
});
