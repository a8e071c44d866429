/**
 * Encoded transforms in a real browser: a canvas is sent as H.264 by one peer and played by another, and messages that
 * the page publishes go with it. The peers are two of Chromium, or Chromium and werift.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { chromiumTool } from '../support/chromium.js';
import { networkNamespaceTool, runInNetworkNamespace } from '../support/network-namespace.js';
import { describeWith } from '../support/skip.js';
import type { PageToPageOptions, PageToPageResult, WeriftResult } from './results.js';

const TIMEOUT_MS = 200_000;

const count = (length: number, from = 0): number[] => Array.from({ length }, (_, index) => from + index);

const tried = {
  'RTCRtpScriptTransform, a message for each frame': {
    isScript: true,
    messages: { count: 30, length: 20, interval: 40 },
  },
  'a handler that throws at every message': {
    isScript: true,
    throws: true,
    strip: true,
    messages: { count: 10, length: 20, interval: 40 },
  },
  '60 messages of 300 bytes at once': { isScript: true, messages: { count: 60, length: 230, interval: 0 } },
  'messages of 6 kB, in pieces': {
    isScript: true,
    publisher: { oversize: 'split', maxBytesPerFrame: 100_000, maxMessagesPerFrame: 100 },
    messages: { count: 4, length: 6000, interval: 0 },
  },
  'createEncodedStreams of older Chrome': { isScript: false, messages: { count: 10, length: 20, interval: 40 } },
} satisfies Record<string, PageToPageOptions>;

type Tried = keyof typeof tried;

describeWith([chromiumTool, networkNamespaceTool], 'WebRTC in Chromium', () => {
  describe('from page to page', () => {
    const results = new Map<Tried, PageToPageResult>();
    const resultOf = (name: Tried): PageToPageResult => results.get(name)!;

    beforeAll(async () => {
      const names = Object.keys(tried) as Tried[];
      const answers = await runInNetworkNamespace<PageToPageResult[]>(
        'test/browser/scenarios/page-to-page.ts',
        JSON.stringify(Object.values(tried)),
      );
      for (const [index, name] of names.entries()) results.set(name, answers[index]);
    }, TIMEOUT_MS);

    it.each(Object.entries(tried))('%s: all arrive, in order and once', (name, { messages }) => {
      const { isSupported, numbers, outcomes } = resultOf(name as Tried);
      expect(isSupported).toBe(true);
      expect(numbers).toEqual(count(messages.count));
      expect(new Set(outcomes)).toEqual(new Set(['injected']));
    });

    it.each(Object.entries(tried))('%s: the video goes on, and no frame fails', (name) => {
      const { inbound, decodedAfterwards, sending, receiving } = resultOf(name as Tried);
      expect(inbound['mimeType']).toBe('video/H264');
      expect(decodedAfterwards).toBeGreaterThanOrEqual(25);
      expect(Number(inbound['framesDecoded']) + Number(inbound['framesDropped'])).toBe(inbound['framesReceived']);
      expect(sending['sender']).toMatchObject({ framesOfOtherCodecs: 0, framesUnreadable: 0, errors: 0, layers: 1 });
      expect(receiving['receiver']).toMatchObject({ framesOfOtherCodecs: 0, errors: 0 });
      expect(receiving['subscriber']).toMatchObject({ framesUnreadable: 0, rejected: 0, messagesIncomplete: 0 });
    });

    it('counts the handler that throws, and takes messages out where it is asked to', () => {
      const { receiving } = resultOf('a handler that throws at every message');
      expect(receiving['subscriber']['errors']).toBe(10);
      expect(receiving['receiver']['framesStripped']).toBeGreaterThan(0);
    });

    it('spreads what is more than 2 kB over frames', () => {
      // 180 copies of more than 300 bytes; six go into one frame.
      expect(resultOf('60 messages of 300 bytes at once').sending['sender']['framesInjected']).toBeGreaterThanOrEqual(
        30,
      );
      // 12 copies of more than 6000 bytes.
      expect(resultOf('messages of 6 kB, in pieces').sending['sender']['framesInjected']).toBeGreaterThanOrEqual(36);
    });
  });

  describe('between a page and werift', () => {
    const COUNT = 20;
    let result: WeriftResult;

    beforeAll(async () => {
      result = await runInNetworkNamespace('test/browser/scenarios/werift.ts', String(COUNT));
    }, TIMEOUT_MS);

    it('Node receives what the page publishes', () => {
      expect(result.numbers).toEqual(count(COUNT));
      expect(new Set(result.page.outcomes)).toEqual(new Set(['injected']));
    });

    it('the page receives what Node publishes, and its own messages that come back', () => {
      const { numbers } = result.page;
      expect(numbers.filter((number) => number < 1000)).toEqual(count(COUNT));
      expect(numbers.filter((number) => number >= 1000)).toEqual(count(COUNT, 1000));
    });

    it('the page decodes every frame that comes back', () => {
      const { inbound, receiving } = result.page;
      expect(inbound['mimeType']).toBe('video/H264');
      expect(inbound['framesDecoded']).toBeGreaterThanOrEqual(20);
      expect(receiving['subscriber']).toMatchObject({ framesUnreadable: 0, rejected: 0 });
    });
  });
});
