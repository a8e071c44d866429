import { describe, expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import { bytes, concat, filler, nal, numbers, seiNal, stapA } from './frames.js';

const rtp = { format: 'rtp' } as const;
const ours = [seiNal(4, 1), seiNal(9, 2)];

/** A slice NAL unit of exactly this length that starts a picture. */
const slice = (length: number, header = 0x41) => concat(bytes(header, 0x9a), filler(length - 2));

/** RTP payloads, and the STAP-A that comes out; undefined where the payload passes as it is. */
const payloads: [string, Uint8Array, Uint8Array?][] = [
  ['a P slice that starts a picture', nal.p, stapA(0x58, ...ours, nal.p)],
  ['an IDR slice', nal.idr, stapA(0x78, ...ours, nal.idr)],
  ['a slice that is no reference', nal.disposable, stapA(0x18, ...ours, nal.disposable)],
  ['a slice of nal_ref_idc 1', slice(20, 0x21), stapA(0x38, ...ours, slice(20, 0x21))],
  ['a partition A', nal.partitionA, stapA(0x58, ...ours, nal.partitionA)],
  ['a P slice that starts no picture', nal.laterSlice],
  ['a P slice that starts no picture, with first_mb_in_slice 1', bytes(0x41, 0x4d, 0x9a, 0xc0)],
  ['an IDR slice that starts no picture', nal.idrSecondSlice],
  ['an IDR NAL unit with a slice_type that it cannot have', bytes(0x65, 0x9a, 0x24, 0x6c)],
  ['a partition B', nal.partitionB],
  ['a partition C', nal.partitionC],
  ['a slice header that is cut', bytes(0x41)],
  ['parameter sets', nal.sps],
  ['a delimiter', nal.aud],
  ['SEI', seiNal()],
  ['a prefix NAL unit', nal.prefix],
  ['a slice extension', nal.sliceExtension],
  ['a slice whose forbidden bit is set', slice(20, 0xc1)],
  ['the first fragment of an FU-A', concat(bytes(0x7c, 0x85), filler(40))],
  ['a middle fragment of an FU-A', concat(bytes(0x7c, 0x05), filler(40))],
  ['the last fragment of an FU-A', concat(bytes(0x7c, 0x45), filler(40))],
  ['a STAP-B', concat(bytes(0x79, 0x00, 0x01), filler(20))],
  ['a FU-B', concat(bytes(0x7d, 0x85, 0x00, 0x01), filler(20))],
  [
    'a STAP-A of parameter sets and a slice',
    stapA(0x78, nal.sps, nal.pps, nal.idr),
    stapA(0x78, nal.sps, nal.pps, ...ours, nal.idr),
  ],
  [
    'a STAP-A with a delimiter, SEI and several slices',
    stapA(0x78, nal.aud, seiNal(3, 9), nal.idr, nal.idrSecondSlice),
    stapA(0x78, nal.aud, seiNal(3, 9), ...ours, nal.idr, nal.idrSecondSlice),
  ],
  [
    'a STAP-A with a prefix NAL unit',
    stapA(0x78, nal.pps, nal.prefix, nal.idr),
    stapA(0x78, nal.pps, ...ours, nal.prefix, nal.idr),
  ],
  ['a STAP-A whose NRI is low', stapA(0x38, nal.p), stapA(0x38, ...ours, nal.p)],
  ['a STAP-A of parameter sets', stapA(0x78, nal.sps, nal.pps)],
  ['a STAP-A of slices that start no picture', stapA(0x58, nal.laterSlice, nal.laterSlice)],
  ['a STAP-A whose F bit is set', stapA(0xf8, nal.sps, nal.idr)],
  ['a STAP-A with a NAL unit whose forbidden bit is set', stapA(0x78, nal.sps, slice(20, 0xc1))],
  [
    'a STAP-A with an empty NAL unit',
    stapA(0x78, nal.sps, bytes(), nal.idr),
    stapA(0x78, nal.sps, bytes(), ...ours, nal.idr),
  ],
  ['a STAP-A that is cut', stapA(0x78, nal.sps, nal.idr).subarray(0, -1)],
  ['a STAP-A with a byte too much', concat(stapA(0x78, nal.sps, nal.idr), bytes(7))],
  ['a STAP-A of its header', bytes(0x78)],
  ['a byte stream', concat(bytes(0, 0, 0, 1), nal.idr)],
];

describeEachBackend('rtp', ({ injectSei, stripSei, extractSei, DEFAULT_MAX_RTP_PAYLOAD_SIZE }) => {
  for (const [what, payload, expected] of payloads) {
    it(`${expected === undefined ? 'passes on' : 'injects into'} ${what}`, () => {
      const result = injectSei(payload, ours, rtp);
      if (expected === undefined) {
        expect(result).toBe(payload);
        return;
      }
      expect(numbers(result)).toEqual(numbers(expected));
      expect(extractSei(result, rtp).map(({ payload: data }) => data.length)).toContain(9);
    });
  }

  describe('maxPacketSize', () => {
    const unit = seiNal(40);
    const cases: [string, number, (size: number) => Uint8Array][] = [
      ['a single NAL unit', unit.length + 1 + 2 + 2, (size) => slice(size)],
      ['a STAP-A', unit.length + 2, (size) => stapA(0x78, nal.sps, slice(size - 1 - 2 - nal.sps.length - 2))],
    ];
    for (const [what, added, payloadOf] of cases) {
      for (const limit of [300, DEFAULT_MAX_RTP_PAYLOAD_SIZE]) {
        const options = limit === 300 ? { ...rtp, maxPacketSize: limit } : rtp;
        it(`of ${limit} is kept for ${what}`, () => {
          const exact = payloadOf(limit - added);
          const over = payloadOf(limit - added + 1);
          expect(injectSei(payloadOf(limit - added - 1), [unit], options)).toHaveLength(limit - 1);
          expect(injectSei(exact, [unit], options)).toHaveLength(limit);
          expect(injectSei(over, [unit], options)).toBe(over);
        });
      }
    }

    it('is 1200 where not told', () => {
      expect(DEFAULT_MAX_RTP_PAYLOAD_SIZE).toBe(1200);
    });

    it('does not concern other formats', () => {
      const frame = concat(bytes(0, 0, 0, 1), slice(500));
      expect(injectSei(frame, [unit], { maxPacketSize: 10 })).toHaveLength(frame.length + 4 + unit.length);
    });
  });

  describe('sizes of 16 bits', () => {
    const huge = { ...rtp, maxPacketSize: 0x20_0000 };

    it('hold a slice of 65535 bytes and no longer one', () => {
      const fits = slice(0xffff);
      expect(numbers(injectSei(fits, [ours[0]], huge))).toEqual(numbers(stapA(0x58, ours[0], fits)));
      const over = slice(0x1_0000);
      expect(injectSei(over, [ours[0]], huge)).toBe(over);
    });

    it('hold SEI of 65535 bytes and no longer one', () => {
      const fits = concat(bytes(0x06), filler(0xffff - 1));
      const over = concat(bytes(0x06), filler(0xffff));
      expect(numbers(injectSei(nal.p, [fits], huge))).toEqual(numbers(stapA(0x58, fits, nal.p)));
      expect(injectSei(nal.p, [over], huge)).toBe(nal.p);
      const packet = stapA(0x78, nal.sps, nal.idr);
      expect(injectSei(packet, [ours[0], over], huge)).toBe(packet);
    });
  });

  describe('strip', () => {
    it('takes ours out of a STAP-A and keeps the rest', () => {
      const packet = stapA(0x78, nal.sps, nal.pps, nal.idr);
      expect(numbers(stripSei(injectSei(packet, ours, rtp), rtp))).toEqual(numbers(packet));
      expect(numbers(stripSei(injectSei(packet, ours, rtp)))).toEqual(numbers(packet));
    });

    it('leaves a STAP-A of one where a single NAL unit was', () => {
      expect(numbers(stripSei(injectSei(nal.p, ours, rtp), rtp))).toEqual(numbers(stapA(0x58, nal.p)));
    });

    it('answers nothing for a payload that held ours only', () => {
      expect(stripSei(seiNal(), rtp)).toHaveLength(0);
      expect(stripSei(stapA(0x18, ...ours), rtp)).toHaveLength(0);
    });

    it('does not touch a fragment', () => {
      const fragment = concat(bytes(0x1c, 0x86), seiNal().subarray(1));
      expect(stripSei(fragment, rtp)).toBe(fragment);
      expect(extractSei(fragment, rtp)).toEqual([]);
    });
  });
});
