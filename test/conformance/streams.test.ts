/**
 * Real streams: a message of its own in every access unit, by each backend. What comes out is the stream, plus the
 * messages; the pictures stay as they are, in the eyes of FFmpeg.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Library } from '../support/backends.js';
import { reportMissingAddon, testedBackends } from '../support/backends.js';
import { decodeFrameChecksums, splitWithFfmpegParser } from '../support/decoder.js';
import {
  ffmpegFrameChecksums,
  ffmpegTool,
  ffprobeAccessUnitSizes,
  ffprobeTool,
  ffmpegUserData,
} from '../support/ffmpeg-cli.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';
import { type Stream, conformanceStreams, conformanceTool, fixtureClips } from '../support/streams.js';
import { accessUnitsOf, areEqual, injectInto, payloadOf, withBackend } from './access-units.js';

const UUID = '00000001-0000-4000-8000-000003000000';
const UUID_HEX = UUID.replaceAll('-', '');
/** Holds no slice that a decoder of H.264 without its Annex F would show. */
const WITHOUT_PICTURE = 'sps_subsetsps_bothVUI.264';

const reference = testedBackends[0];
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const longestNalUnit = (library: Library, units: readonly Uint8Array[]) =>
  Math.max(...units.flatMap((unit) => library.splitNalUnits(unit, 'annexb').map(({ length }) => length)));

function throughSamples(library: Library, units: readonly Uint8Array[], lengthSize: 2 | 4): Uint8Array[] {
  return units.map((unit, index) => {
    const sample = library.toLengthPrefixed(unit, { lengthSize, format: 'annexb' });
    const sei = library.createSeiNalUnit(payloadOf(index), { uuid: UUID });
    return library.toAnnexB(library.injectSei(sample, [sei], { lengthSize }), { lengthSize });
  });
}

function describeStream(stream: Stream, expectedSizes: readonly number[] | number | undefined): void {
  describe(stream.name, () => {
    let data: Uint8Array;
    let units: Uint8Array[];
    let injected: Uint8Array[];
    let whole: Uint8Array;
    beforeAll(() => {
      data = stream.read();
      units = accessUnitsOf(data);
      injected = withBackend(reference, (library) => injectInto(library, units, UUID));
      whole = Buffer.concat(injected);
    });

    it('splits into its access units', () => {
      expect(areEqual([Buffer.concat(units)], [data])).toBe(true);
      if (typeof expectedSizes === 'number') expect(units).toHaveLength(expectedSizes);
      else if (expectedSizes !== undefined) expect(units.map(({ length }) => length)).toEqual(expectedSizes);
    });

    it('takes a message in every access unit, which are then still the same access units', () => {
      for (const [index, unit] of injected.entries()) expect(unit).not.toBe(units[index]);
      expect(accessUnitsOf(whole).map(({ length }) => length)).toEqual(injected.map(({ length }) => length));
    });

    for (const tested of testedBackends) {
      it(`is the same with messages by ${tested.name}, and the first one again without them`, () => {
        withBackend(tested, (library) => {
          expect(areEqual(injectInto(library, units, UUID), injected)).toBe(true);
          const parts = injected.map((_, index) =>
            Buffer.concat(
              library.injectSeiParts(units[index], [library.createSeiNalUnit(payloadOf(index), { uuid: UUID })]),
            ),
          );
          expect(areEqual(parts, injected)).toBe(true);
          expect(
            areEqual(
              injected.map((unit) => library.stripSei(unit, { uuids: [UUID] })),
              units,
            ),
          ).toBe(true);
          expect(areEqual([library.stripSei(whole, { uuids: [UUID] })], [data])).toBe(true);
        });
      });

      it(`gives every message back in order to ${tested.name}`, () => {
        withBackend(tested, (library) => {
          const found = library.extractSei(whole).filter(({ uuid }) => uuid === UUID);
          expect(found.map(({ payload }) => hex(payload))).toEqual(units.map((_, index) => hex(payloadOf(index))));
          for (const [index, unit] of injected.entries()) {
            const messages = library.extractSei(unit, { scan: 'first-vcl' });
            expect(hex(messages.at(-1)!.payload)).toBe(hex(payloadOf(index)));
          }
        });
      });

      it(`is the same through lengths of four and of two by ${tested.name}`, () => {
        withBackend(tested, (library) => {
          const plain = injected.map((unit) =>
            library.toAnnexB(library.toLengthPrefixed(unit, { format: 'annexb' }), { lengthSize: 4 }),
          );
          expect(areEqual(throughSamples(library, units, 4), plain)).toBe(true);
          if (longestNalUnit(library, units) <= 0xffff) {
            expect(areEqual(throughSamples(library, units, 2), plain)).toBe(true);
          }
        });
      });
    }

    describeWith(nodeAvTool, 'by node-av', () => {
      it('has the same pictures, also through lengths', async () => {
        const expected = await decodeFrameChecksums(data);
        expect(expected.length).toBeGreaterThan(0);
        expect(await decodeFrameChecksums(whole)).toEqual(expected);
        const samples = withBackend(reference, (library) => throughSamples(library, units, 4));
        expect(await decodeFrameChecksums(Buffer.concat(samples))).toEqual(expected);
      });

      it('has the same access units', async () => {
        const parsed = await splitWithFfmpegParser(whole);
        expect(parsed.map(({ length }) => length)).toEqual(injected.map(({ length }) => length));
      });
    });

    describeWith([ffmpegTool, ffprobeTool], 'by the ffmpeg command', () => {
      it('has the same pictures', async () => {
        const expected = await ffmpegFrameChecksums(data);
        expect(expected.length).toBeGreaterThan(0);
        expect(await ffmpegFrameChecksums(whole)).toEqual(expected);
      });

      it('has the same access units', async () => {
        expect(await ffprobeAccessUnitSizes(whole)).toEqual(injected.map(({ length }) => length));
      });

      it('has the messages, each in its access unit', async () => {
        const read = (await ffmpegUserData(whole)).filter(({ uuid }) => hex(uuid) === UUID_HEX);
        expect(read.map(({ packet, userData }) => [packet, hex(userData)])).toEqual(
          units.map((_, index) => [index, hex(payloadOf(index))]),
        );
      });
    });
  });
}

describe('clips', () => {
  reportMissingAddon();
  for (const clip of fixtureClips) describeStream(clip, clip.accessUnitSizes);
});

describeWith(conformanceTool, 'conformance streams', () => {
  for (const stream of conformanceStreams) {
    if (stream.name !== WITHOUT_PICTURE) describeStream(stream, stream.accessUnits);
  }
});

const withoutPicture = conformanceStreams.filter(({ name }) => name === WITHOUT_PICTURE);
for (const stream of withoutPicture) {
  describe(stream.name, () => {
    for (const tested of testedBackends) {
      it(`has no picture and gets no message by ${tested.name}`, () => {
        const units = accessUnitsOf(stream.read());
        withBackend(tested, (library) => {
          for (const [index, unit] of injectInto(library, units).entries()) expect(unit).toBe(units[index]);
        });
      });
    }
  });
}
