/** The messages of a byte stream, apart from the streams around it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_ACCESS_UNIT_SIZE,
  type ReceivedSeiMessage,
  SeiPublisher,
  SeiSubscriber,
  createSeiNalUnit,
  injectSei,
} from '../../src/index.js';
import { ByteStreamExtractor, type SeiExtractStreamOptions } from '../../src/streams/extract.js';
import { ByteStreamInjector } from '../../src/streams/inject.js';
import { anyBytes, runs } from '../property/arbitraries.js';
import { conformanceStreams, fixtureClip, fixtureClips } from '../support/streams.js';
import { syntheticStream } from '../support/synthetic.js';
import { accessUnitsOf, chunkLengths, chunksOf, outputOf } from './support.js';

const X264_UUID = 'dc45e9bd-e6d9-48b7-962c-d820d923eeef';

function extracted(annexB: Uint8Array, lengths: readonly number[], options?: SeiExtractStreamOptions): string[] {
  return outputOf(new ByteStreamExtractor(options), chunksOf(annexB, lengths)).map((message) =>
    (message as ReceivedSeiMessage).text(),
  );
}

/** A byte stream in which every access unit says its number. */
function numbered(annexB: Uint8Array): Buffer {
  return Buffer.concat(
    accessUnitsOf(annexB).map((accessUnit, index) =>
      injectSei(accessUnit, [createSeiNalUnit(Buffer.from(`picture ${index}`))], { format: 'annexb' }),
    ),
  );
}

/** What a subscriber finds that is given whole access units. */
function foundByAccessUnit(annexB: Uint8Array, options: SeiExtractStreamOptions = {}): string[] {
  const subscriber = new SeiSubscriber({ uuids: options.uuids, dedup: options.dedup, format: 'annexb' });
  return accessUnitsOf(annexB).flatMap((unit) => subscriber.processFrame(unit).map((message) => message.text()));
}

describe('messages come out of a byte stream', () => {
  it.each([...fixtureClips, ...conformanceStreams])('$name, in any chunks', (stream) => {
    const data = numbered(stream.read());
    const expected = foundByAccessUnit(data);
    const pictures = accessUnitsOf(data).filter((unit) => Buffer.from(unit).includes('picture '));
    expect(expected).toHaveLength(pictures.length);
    for (const lengths of [[data.length], [4096], [65_536], [7, 1, 1, 3, 100_000], [997]]) {
      expect(extracted(data, lengths)).toEqual(expected);
    }
  });

  it('byte by byte', () => {
    const data = numbered(fixtureClip('slices.h264').read());
    expect(extracted(data, [1])).toEqual(foundByAccessUnit(data));
  });

  it('of whatever bytes: the same as out of its access units', () => {
    const clips = fixtureClips.filter(({ name }) => name !== '1080p.h264').map((clip) => numbered(clip.read()));
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 200 });
    const options = { uuids: 'any', dedup: false } as const;
    let messages = 0;
    fc.assert(
      fc.property(fc.constantFrom(...clips), damage, anyBytes, chunkLengths, (clip, edits, noise, lengths) => {
        const data = Buffer.concat([noise, clip.subarray(0, 20_000), noise]);
        for (const [at, value] of edits) data[at % data.length] = value;
        const expected = foundByAccessUnit(data, options);
        messages += expected.length;
        expect(extracted(data, lengths, options)).toEqual(expected);
      }),
      runs(200),
    );
    expect(messages).toBeGreaterThan(1000);
  });

  it('each once, though copies of it were sent', () => {
    const publisher = new SeiPublisher({ repeatCount: 5 });
    publisher.publishText('hello');
    const chunks = outputOf(new ByteStreamInjector({ publisher }), [fixtureClip('cabac.h264').read()]);
    const extractor = new ByteStreamExtractor();
    const [message, ...others] = outputOf(extractor, chunks) as ReceivedSeiMessage[];
    expect(message.json()).toMatchObject({ text: 'hello' });
    expect(others).toEqual([]);
    expect(extractor.stats).toMatchObject({ framesProcessed: 30, messagesFound: 5, duplicates: 4, forcedCuts: 0 });
  });

  it('of the UUIDs that are wanted', () => {
    const data = fixtureClip('cabac.h264').read();
    expect(extracted(data, [1000])).toEqual([]);
    expect(extracted(data, [1000], { uuids: [X264_UUID] })).toEqual([expect.stringContaining('x264 - core')]);
  });
});

describe('a live byte stream', () => {
  it('gives its messages before their picture is whole', () => {
    const extractor = new ByteStreamExtractor();
    for (const [index, accessUnit] of accessUnitsOf(numbered(fixtureClip('cabac.h264').read())).entries()) {
      const beginning = accessUnit.subarray(0, accessUnit.length - 20);
      const messages = [...extractor.push(beginning)] as ReceivedSeiMessage[];
      expect(messages.map((message) => message.text())).toEqual([`picture ${index}`]);
      expect([...extractor.push(accessUnit.subarray(beginning.length))]).toEqual([]);
    }
  });

  it('gives what stands at its end, without a picture', () => {
    const sei = Buffer.concat([Buffer.of(0, 0, 0, 1), createSeiNalUnit(Buffer.from('the end'))]);
    const data = Buffer.concat([fixtureClip('cabac.h264').read(), sei]);
    expect(extracted(data, [100])).toEqual(['the end']);
  });
});

describe('the time of a message', () => {
  const times = (data: Uint8Array, options: SeiExtractStreamOptions) =>
    outputOf(new ByteStreamExtractor(options), chunksOf(data, [700])).map(
      (message) => (message as ReceivedSeiMessage).frameTimestamp,
    );

  it('is that of its picture where the frame rate is given', () => {
    const data = numbered(fixtureClip('cabac.h264').read());
    expect(times(data, { frameRate: 25 })).toEqual(Array.from({ length: 30 }, (_, index) => index * 40));
    expect(times(data, { frameRate: 30_000 / 1001 })[29]).toBeCloseTo((29 * 1001) / 30, 6);
    expect(times(data, {})).toEqual(new Array(30).fill(undefined));
  });

  it('counts a field as half a frame', () => {
    const { accessUnits } = syntheticStream('field-pairs');
    const data = numbered(Buffer.concat(accessUnits));
    expect(times(data, { frameRate: 25 }).slice(0, 4)).toEqual([0, 20, 40, 60]);
  });

  it('stands still for an access unit without a picture', () => {
    const sei = Buffer.concat([Buffer.of(0, 0, 0, 1), createSeiNalUnit(Buffer.from('the end'))]);
    const data = Buffer.concat([fixtureClip('cabac.h264').read(), sei]);
    expect(times(data, { frameRate: 25 })).toEqual([29 * 40]);
  });
});

describe('the middle of a pipe', () => {
  it('lets every chunk through as it is, at once, and tells the messages', () => {
    const messages: string[] = [];
    const data = numbered(fixtureClip('cabac.h264').read());
    const extractor = new ByteStreamExtractor({
      output: 'video',
      onMessage: (message) => messages.push(message.text()),
    });
    for (const chunk of [...chunksOf(data, [3, 0, 70, 2000]), new Uint8Array(200_000)]) {
      const [same, ...others] = [...extractor.push(chunk)];
      expect(same).toBe(chunk);
      expect(others).toEqual([]);
    }
    expect([...extractor.flush()]).toEqual([]);
    expect(messages).toEqual(foundByAccessUnit(data));
  });

  it('goes on where a listener fails', () => {
    const data = numbered(fixtureClip('cabac.h264').read());
    const extractor = new ByteStreamExtractor({
      onMessage: () => {
        throw new Error('listener');
      },
    });
    expect(outputOf(extractor, chunksOf(data, [5000]))).toHaveLength(30);
    expect(extractor.stats.errors).toBe(30);
  });
});

it('reads what is no H.264 in bounded memory, and nothing of it', () => {
  const chunk = new Uint8Array(1024 * 1024).fill(0x41);
  const extractor = new ByteStreamExtractor({ uuids: 'any' });
  for (let i = 0; i < 40; i++) expect([...extractor.push(chunk)]).toEqual([]);
  expect([...extractor.flush()]).toEqual([]);
  expect(extractor.stats.forcedCuts).toBe(Math.floor((40 * chunk.length - 1) / MAX_ACCESS_UNIT_SIZE));
});

describe('options', () => {
  it.each([
    [null, 'ERR_INVALID_ARG_TYPE'],
    [{ output: 'video' }, 'ERR_INVALID_ARG_TYPE'],
    [{ output: 'frames' }, 'ERR_OUT_OF_RANGE'],
    [{ frameRate: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ uuids: ['no uuid'] }, 'ERR_SEI_INVALID_UUID'],
    [{ onMessage: 'text' }, 'ERR_INVALID_ARG_TYPE'],
  ])('%o are none', (options, code) => {
    expect(() => new ByteStreamExtractor(options as never)).toThrow(expect.objectContaining({ code }));
  });
});
