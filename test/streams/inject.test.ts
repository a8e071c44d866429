/** The byte stream with messages in it, apart from the streams around it. */
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { backend, useBackend } from '../../src/backend/current.js';
import {
  MAX_ACCESS_UNIT_SIZE,
  SeiPublisher,
  createSeiNalUnit,
  extractSei,
  injectSei,
  splitNalUnits,
} from '../../src/index.js';
import { ByteStreamInjector } from '../../src/streams/inject.js';
import { anyBytes, runs } from '../property/arbitraries.js';
import { decodeFrameChecksums, isDecoderAvailable } from '../support/decoder.js';
import { describeWith } from '../support/skip.js';
import { conformanceStreams, fixtureClip, fixtureClips } from '../support/streams.js';
import { syntheticStreams } from '../support/synthetic.js';
import {
  TEXT,
  accessUnitsOf,
  busyPublisher,
  chunkLengths,
  chunksOf,
  injectedByAccessUnit,
  outputOf,
  stripped,
} from './support.js';

function injected(annexB: Uint8Array, lengths: readonly number[], publisher = busyPublisher()): Buffer {
  return Buffer.concat(outputOf(new ByteStreamInjector({ publisher }), chunksOf(annexB, lengths)));
}

/** Says whether two large byte arrays are the same without printing them. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect.fail(`${actual.length} bytes differ from ${expected.length}`);
}

const START_CODE = Buffer.of(0, 0, 0, 1);

describe('messages go into a byte stream', () => {
  it.each([...fixtureClips, ...conformanceStreams])('$name, in any chunks, as into its access units', (stream) => {
    const data = stream.read();
    const expected = injectedByAccessUnit(data, busyPublisher());
    for (const lengths of [[data.length], [4096], [65_536], [7, 1, 1, 3, 100_000], [997]]) {
      expectSame(injected(data, lengths), expected);
    }
    expectSame(stripped(expected), data);
    // One stream has no picture, but parameter sets alone.
    if (!stream.name.startsWith('sps_')) expect(expected.length).toBeGreaterThan(data.length);
  });

  it('byte by byte', () => {
    const data = fixtureClip('slices.h264').read();
    expectSame(injected(data, [1]), injectedByAccessUnit(data, busyPublisher()));
  });

  it.each(syntheticStreams)('$name: $about, split anywhere', ({ accessUnits }) => {
    const data = Buffer.concat(accessUnits).subarray(0, 3000);
    const expected = injectedByAccessUnit(data, busyPublisher());
    for (let at = 1; at < data.length; at++) expectSame(injected(data, [at, data.length]), expected);
    expectSame(injected(data, [1]), expected);
  });

  it('whose rest is the input, byte for byte, whatever the bytes and the chunks are', () => {
    const nalUnit = Buffer.concat([START_CODE, createSeiNalUnit(Buffer.from('no bytes of a stream, these'))]);
    let messages = 0;
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 8 }), chunkLengths, (pieces, lengths) => {
        const data = Buffer.concat(pieces);
        const publisher = new SeiPublisher({ repeatCount: 64 });
        publisher.publishBytes(Buffer.from('no bytes of a stream, these'));
        let output = injected(data, lengths, publisher);
        for (let at = output.indexOf(nalUnit); at >= 0; at = output.indexOf(nalUnit, at)) {
          output = Buffer.concat([output.subarray(0, at), output.subarray(at + nalUnit.length)]);
          messages++;
        }
        expectSame(output, data);
      }),
      runs(2000),
    );
    expect(messages).toBeGreaterThan(500);
  });

  it('at the same places in any chunks, also where the stream is damaged', () => {
    const clips = fixtureClips.filter(({ name }) => name !== '1080p.h264').map((clip) => clip.read());
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.constantFrom(...clips), damage, chunkLengths, (clip, edits, lengths) => {
        const data = clip.slice(0, 20_000);
        for (const [at, value] of edits) data[at % data.length] = value;
        expectSame(injected(data, lengths), injectedByAccessUnit(data, busyPublisher()));
      }),
      runs(150),
    );
  });
});

describe('a live byte stream', () => {
  // Every picture is a reference: a message does not wait for one.
  const accessUnits = accessUnitsOf(fixtureClip('cabac.h264').read());

  it('waits for nothing: each picture comes out with its message before the next one is there', () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const injector = new ByteStreamInjector({ publisher });
    for (const [index, accessUnit] of accessUnits.entries()) {
      const text = `picture ${index}`;
      publisher.publishBytes(Buffer.from(text));
      const expected = injectSei(accessUnit, [createSeiNalUnit(Buffer.from(text))], { format: 'annexb' });
      expectSame(Buffer.concat([...injector.push(accessUnit)]), expected);
    }
    expect(injector.flush()).toEqual([]);
  });

  it('goes on with a picture whose beginning is here, and keeps a message that came later for the next', () => {
    const publisher = new SeiPublisher({ repeatCount: 1 });
    const injector = new ByteStreamInjector({ publisher });
    const [first, second] = accessUnits;
    const half = first.length >> 1;
    expectSame(Buffer.concat([...injector.push(first.subarray(0, half))]), first.subarray(0, half));
    publisher.publishBytes(Buffer.from('late'));
    expectSame(Buffer.concat([...injector.push(first.subarray(half))]), first.subarray(half));
    const output = Buffer.concat([...injector.push(second)]);
    expect(extractSei(output, { format: 'annexb' }).map(({ payload }) => Buffer.from(payload).toString())).toContain(
      'late',
    );
  });

  it('counts what it does', () => {
    const injector = new ByteStreamInjector({ publisher: busyPublisher(), track: 'camera' });
    outputOf(injector, chunksOf(Buffer.concat(accessUnits), [1000]));
    const { frames, framesInjected, copies, forcedCuts, unknownFrames } = injector.stats;
    expect({ frames, framesInjected, copies, forcedCuts, unknownFrames }).toEqual({
      frames: accessUnits.length,
      framesInjected: accessUnits.length,
      copies: accessUnits.length,
      forcedCuts: 0,
      unknownFrames: 0,
    });
  });
});

describe('the time of a stream', () => {
  const clip = fixtureClip('cabac.h264').read();
  const copies = (publisher: SeiPublisher, frameRate?: number) => {
    const injector = new ByteStreamInjector({ publisher, frameRate });
    outputOf(injector, chunksOf(clip, [500]));
    return injector.stats.copies;
  };

  it('is the clock where no frame rate is given, so that nothing expires in a file that is read at once', () => {
    expect(copies(busyPublisher({ expiresInMs: 400 }))).toBe(30);
  });

  it('goes by the frame rate where it is given', () => {
    // At 25 frames a second a message of 400 ms lives for ten pictures and no more.
    const count = copies(busyPublisher({ expiresInMs: 400 }), 25);
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThanOrEqual(11);
    expect(copies(busyPublisher({ expiresInMs: 400 }), 50)).toBeGreaterThanOrEqual(20);
  });
});

describe('what is no live H.264', () => {
  const chunk = new Uint8Array(64 * 1024);

  it.each([
    ['zeros', (data: Uint8Array) => data.fill(0)],
    ['text', (data: Uint8Array) => data.fill(0x41)],
    [
      'parameter sets without a picture',
      (data: Uint8Array) => {
        data.fill(0).forEach((_, i) => (data[i] = [0, 0, 1, 0x67, 0x42][i % 5]));
      },
    ],
  ])('passes in bounded memory: %s', (_name, fill) => {
    fill(chunk);
    const injector = new ByteStreamInjector({ publisher: busyPublisher() });
    let came = 0;
    let went = 0;
    for (let i = 0; i < 700; i++) {
      for (const output of injector.push(chunk)) went += output.length;
      came += chunk.length;
      expect(came - went).toBeLessThanOrEqual(MAX_ACCESS_UNIT_SIZE + chunk.length);
    }
    for (const output of injector.flush()) went += output.length;
    expect(went).toBe(came);
    expect(injector.stats.copies).toBe(0);
  });

  it('gets no message into the later pieces of an access unit that is too large', () => {
    const injector = new ByteStreamInjector({ publisher: busyPublisher() });
    const [picture] = accessUnitsOf(fixtureClip('1080p.h264').read());
    // The last of its slices again and again: nothing tells that another picture begins.
    const slice = splitNalUnits(picture, { format: 'annexb' }).at(-1)!;
    const slices = Buffer.concat(Array.from({ length: 50 }, () => [START_CODE, slice]).flat());
    let length = 0;
    let input = picture.length;
    const take = (outputs: Iterable<Uint8Array>) => {
      for (const output of outputs) length += output.length;
    };
    take(injector.push(picture));
    while (input < 2.5 * MAX_ACCESS_UNIT_SIZE) {
      take(injector.push(slices));
      input += slices.length;
    }
    take(injector.flush());
    const { copies, bytes, forcedCuts } = injector.stats;
    expect({ copies, forcedCuts }).toEqual({ copies: 1, forcedCuts: 2 });
    expect(length).toBe(input + bytes + START_CODE.length);
  });

  // Were each byte to cost a look at all those before, this would take an hour, and so longer than a test may.
  it('costs linear time byte by byte, also where no slice comes', () => {
    const data = Buffer.alloc(1_500_000, Buffer.from('0000010605ff', 'hex'));
    const injector = new ByteStreamInjector({ publisher: busyPublisher() });
    let length = 0;
    for (let at = 0; at < data.length; at++) {
      for (const output of injector.push(data.subarray(at, at + 1))) length += output.length;
    }
    for (const output of injector.flush()) length += output.length;
    expect(length).toBe(data.length);
  });
});

describe('options', () => {
  const publisher = new SeiPublisher();

  it.each([
    [undefined, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [{ publisher, frameRate: '25' }, 'ERR_INVALID_ARG_TYPE'],
    [{ publisher, frameRate: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ publisher, frameRate: NaN }, 'ERR_OUT_OF_RANGE'],
    [{ publisher, track: 7 }, 'ERR_INVALID_ARG_TYPE'],
  ])('%o are none', (options, code) => {
    expect(() => new ByteStreamInjector(options as never)).toThrow(expect.objectContaining({ code }));
  });

  it('of a chunk: it is bytes', () => {
    expect(() => [...new ByteStreamInjector({ publisher }).push('text' as never)]).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

const decoder = { name: 'decoder', missing: () => isDecoderAvailable().reason };

describeWith(decoder, 'a decoder', () => {
  it.each(fixtureClips)('shows the pictures of $name as before', async (clip) => {
    const data = clip.read();
    const output = injected(data, [1313]);
    expect(output.includes(TEXT)).toBe(true);
    expect(await decodeFrameChecksums(output)).toEqual(await decodeFrameChecksums(data));
  });
});

describe('an access unit whose first slice is malformed', () => {
  it('is searched for a picture in proportion to its length, however small the chunks', () => {
    const used = backend();
    onTestFinished(() => {
      useBackend(used);
    });
    let searched = 0;
    useBackend({
      ...used,
      locate: (frame, hint) => {
        searched += frame.length;
        return used.locate(frame, hint);
      },
    });
    // Its forbidden_zero_bit is set (H.264 7.4.1).
    const malformed = Buffer.concat([START_CODE, Buffer.of(0xe5, 0x88, 0x84, 0x21), Buffer.alloc(300_000, 0x51)]);
    const next = Buffer.concat([START_CODE, Buffer.of(0x09, 0xf0), START_CODE, Buffer.of(0x65, 0x88, 0x84, 0x21)]);
    const data = Buffer.concat([malformed, next, malformed, next]);
    const output = injected(data, [100]);
    expectSame(stripped(output), data);
    expect(splitNalUnits(output, 'annexb').filter(([header]) => header === 0x06)).toHaveLength(2);
    expect(searched).toBeGreaterThan(0);
    expect(searched).toBeLessThan(4 * data.length);
  });
});
