/**
 * How often each public function calls the addon if native is forced: the work on bytes is done there, in at most two
 * calls a frame, one to look and one to copy.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { useBackend } from '../../src/backend/current.js';
import { loadNativeBackend } from '../../src/backend/native.js';
import * as library from '../../src/index.js';
import * as rtp from '../../src/rtp/index.js';
import * as streams from '../../src/streams/index.js';
import { annexB, avcc, concat, nal, seiNal, stapA } from '../contract/frames.js';
import { addonTool } from '../support/backends.js';
import { describeWith } from '../support/skip.js';
import { fixtureClip } from '../support/streams.js';

const text = (length: number) => Uint8Array.from({ length }, (_, at) => 0x20 + (at % 64));
const slice = concat(nal.p, text(3000));
const byteStream = annexB(nal.aud, slice);
const sample = avcc(4, nal.aud, slice);
const packet = concat(nal.p, text(500));
const tagged = annexB(nal.aud, seiNal(), slice);
const unit = library.createSeiNalUnit('message');
const target = new Uint8Array(8192);

describeWith(addonTool, 'with native forced', () => {
  let calls: string[] = [];
  let restore: () => void;

  beforeAll(() => {
    const { backend } = loadNativeBackend() as Extract<ReturnType<typeof loadNativeBackend>, { backend: Backend }>;
    const counting = Object.fromEntries(
      Object.entries(backend)
        .filter(([, value]) => typeof value === 'function')
        .map(([name, call]) => [
          name,
          (...args: unknown[]) => {
            calls.push(name);
            return (call as (...args: unknown[]) => unknown)(...args);
          },
        ]),
    );
    const previous = useBackend({ ...counting, name: 'native', kernel: backend.kernel } as unknown as Backend);
    restore = () => void useBackend(previous);
  });
  afterAll(() => {
    restore();
  });

  const callsOf = (act: () => unknown): string[] => {
    calls = [];
    act();
    return calls;
  };

  const cases: [string, () => unknown, readonly string[]][] = [
    ['scanNalUnits', () => library.scanNalUnits(byteStream, new Uint32Array(9)), ['scanStartCodes']],
    ['detectH264Format', () => library.detectH264Format(byteStream), ['detect']],
    ['createSeiNalUnit of text', () => library.createSeiNalUnit('text'), ['escapedLength']],
    ['createSeiNalUnit of zeros', () => library.createSeiNalUnit(new Uint8Array(9)), ['escapedLength', 'escape']],
    ['createSei', () => library.createSei({ payloadType: 6, payload: Uint8Array.of(0xc4) }), ['escapedLength']],
    ['escapeRbsp', () => library.escapeRbsp(byteStream), ['escapedLength', 'escape']],
    ['unescapeRbsp', () => library.unescapeRbsp(byteStream), ['unescape']],
    ['splitNalUnits', () => library.splitNalUnits(byteStream), ['splitNalUnits']],
    ['splitNalUnits of a sample', () => library.splitNalUnits(sample, 'avcc'), ['splitNalUnits']],
    ['toAnnexB', () => library.toAnnexB(sample), ['splitNalUnits', 'joinNalUnits']],
    ['toLengthPrefixed', () => library.toLengthPrefixed(byteStream), ['splitNalUnits', 'joinNalUnits']],
    ['injectSei', () => library.injectSei(byteStream, [unit]), ['locate', 'splice']],
    ['injectSei, format given', () => library.injectSei(byteStream, [unit], { format: 'annexb' }), ['inject']],
    ['injectSei, length size given', () => library.injectSei(sample, [unit], { lengthSize: 4 }), ['inject']],
    ['injectSei, rtp', () => library.injectSei(packet, [unit], { format: 'rtp' }), ['inject']],
    ['injectSeiInto', () => library.injectSeiInto(byteStream, [unit], target), ['inject']],
    ['injectSeiParts', () => library.injectSeiParts(byteStream, [unit]), ['locate']],
    ['an empty insert', () => library.injectSei(byteStream, []), []],
    ['extractSei', () => library.extractSei(tagged), ['extractSeiRecords']],
    [
      'extractSei up to the first slice',
      () => library.extractSei(tagged, { scan: 'first-vcl' }),
      ['extractSeiRecords'],
    ],
    [
      'stripSei',
      () => library.stripSei(library.injectSei(byteStream, [unit])),
      ['locate', 'splice', 'extractSeiRecords', 'removeSei'],
    ],
    ['stripSei of a clean frame', () => library.stripSei(byteStream), ['extractSeiRecords']],
  ];
  for (const [name, act, expected] of cases) {
    it(`${name} calls ${expected.join(', ') || 'nothing'}`, () => {
      expect(callsOf(act)).toEqual(expected);
    });
  }

  describe('SeiInjector', () => {
    const injectorFor = (options: Partial<library.SeiInjectorOptions>, warmUp: Uint8Array) => {
      const publisher = new library.SeiPublisher({ repeatCount: 60 });
      const injector = new library.SeiInjector({ ...options, publisher });
      publisher.publishText('message');
      for (let i = 0; i < 3; i++) injector.inject(warmUp);
      return injector;
    };
    const frames: [string, Uint8Array, Partial<library.SeiInjectorOptions>][] = [
      ['a byte stream', byteStream, {}],
      ['a byte stream, format given', byteStream, { format: 'annexb' }],
      ['samples', sample, {}],
      ['samples, length size given', sample, { format: 'avcc', lengthSize: 4 }],
      ['packets', packet, { format: 'rtp' }],
      ['STAP-A packets', stapA(0x78, nal.sps, nal.idr), { format: 'rtp' }],
    ];
    for (const [name, frame, options] of frames) {
      it(`looks once and copies once: ${name}`, () => {
        const injector = injectorFor(options, frame);
        expect(callsOf(() => injector.inject(frame))).toEqual(['locate', 'splice']);
        expect(callsOf(() => injector.injectInto(frame, target))).toEqual(['locate', 'splice']);
        expect(callsOf(() => injector.injectParts(frame))).toEqual(['locate']);
      });
    }

    it('looks at nothing if there is nothing to send', () => {
      const injector = new library.SeiInjector({ publisher: new library.SeiPublisher() });
      injector.inject(byteStream);
      expect(callsOf(() => injector.inject(byteStream))).toEqual([]);
    });
  });

  it('SeiSubscriber reads a frame in one call', () => {
    const subscriber = new library.SeiSubscriber({ uuids: 'any' });
    expect(callsOf(() => subscriber.processFrame(tagged))).toEqual(['extractSeiRecords']);
    expect(callsOf(() => subscriber.processPacketData(tagged))).toEqual(['extractSeiRecords']);
  });

  it('RtpSeiInjector copies a packet with SEI in one call; it reads the headers of packets by itself', () => {
    const publisher = new library.SeiPublisher({ repeatCount: 60 });
    const injector = new rtp.RtpSeiInjector({ publisher, payloadType: 96 });
    publisher.publishText('message');
    const packets = new rtp.RtpPacketizer({ payloadType: 96, ssrc: 1 }).packetize([nal.sps, nal.pps, packet], 0);
    expect(callsOf(() => packets.flatMap((each) => injector.process(each)))).toEqual(['splice']);
    expect(injector.stats.mergedPackets).toBe(1);
  });

  it('a stream looks and copies for each picture', () => {
    const publisher = new library.SeiPublisher({ repeatCount: 60 });
    const stream = streams.createSeiInjectStream({ publisher });
    publisher.publishText('message');
    const clip = fixtureClip('cabac.h264').read();
    const names = callsOf(() => {
      stream.write(clip);
      stream.end();
    });
    expect(new Set(names)).toEqual(new Set(['scanStartCodes', 'locate']));
  });
});
