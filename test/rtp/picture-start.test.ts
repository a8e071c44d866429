import { describe, expect, it } from 'vitest';
import { PictureStartFinder, Progress } from '../../src/rtp/picture-start.js';
import { bytes, stapA } from '../contract/frames.js';

const AUD = bytes(0x09, 0xf0);
const SPS = bytes(0x67, 0x42, 0xc0, 0x1e, 0xd9);
const SEI = bytes(0x06, 0x00, 0x01, 0x80, 0x80);
const IDR = bytes(0x65, 0x88, 0x84, 0x21);
const P = bytes(0x41, 0x9a, 0x24, 0x6c);
/** Of a picture that no other one refers to. */
const B = bytes(0x01, 0x9e, 0x24, 0x6c);
/** first_mb_in_slice is above 0. */
const LATER = bytes(0x41, 0x49, 0x24, 0x6c);
const PREFIX = bytes(0x6e, 0x40, 0x80, 0x0f);
const IDR_PREFIX = bytes(0x6e, 0xc0, 0x80, 0x0f);
const FORBIDDEN = bytes(0xc1, 0x9a, 0x24, 0x6c);

const { unknown, beforePicture, inPicture } = Progress;
const open = true;

/** Where the payload begins in its packet. */
const START = 3;

/** What is seen in a payload, in short: its insertion offset in the payload, and letters for what is true. */
function see(payload: Uint8Array, before: number, isFragmentOpen = false, finder = new PictureStartFinder()): string {
  const data = new Uint8Array(START + payload.length + 2).fill(0x65);
  data.set(payload, START);
  finder.read(data, START, START + payload.length, before, isFragmentOpen);
  const { insertionOffset, isIdr, isKept, progress, isMalformed } = finder;
  const place = insertionOffset < 0 ? 'none' : `${insertionOffset - START}`;
  const kind = insertionOffset < 0 ? '' : `${isIdr ? ' IDR' : ''}${isKept ? '' : ' disposable'}`;
  const state = ['unknown', 'before', 'in'][progress];
  return `${place}${kind}, ${state}${finder.isFragmentOpen ? ', open' : ''}${isMalformed ? ', malformed' : ''}`;
}

describe('a payload', () => {
  it.each<[string, Uint8Array, number, boolean, string]>([
    ['a slice, first of its access unit', P, beforePicture, false, '0, in'],
    ['an IDR slice', IDR, beforePicture, false, '0 IDR, in'],
    ['a slice of a disposable picture', B, beforePicture, false, '0 disposable, in'],
    ['a slice that comes first out of order', LATER, beforePicture, false, '0, in'],
    ['a further slice', LATER, inPicture, false, 'none, in'],
    ['a further slice with the first macroblock', P, inPicture, false, 'none, in'],
    ['a slice behind a gap', P, unknown, false, '0, in'],
    ['a later slice behind a gap', LATER, unknown, false, 'none, in'],
    ['a slice of one byte', P.subarray(0, 1), beforePicture, false, 'none, in'],
    ['a data partition B, whose A is missing', bytes(0x43, 0x9a, 0x24), beforePicture, false, 'none, in'],
    ['an access unit delimiter', AUD, inPicture, false, 'none, before'],
    ['SEI', SEI, unknown, false, 'none, before'],
    ['the end of a sequence', bytes(0x0a), inPicture, false, 'none, in'],
    ['filler data behind a gap', bytes(0x0c, 0xff, 0x80), unknown, false, 'none, unknown'],
    ['a prefix NAL unit', PREFIX, beforePicture, false, '0, in'],
    ['a prefix NAL unit of an IDR picture', IDR_PREFIX, beforePicture, false, '0 IDR, in'],
    ['a prefix NAL unit behind a gap', PREFIX, unknown, false, 'none, in'],
    ['a slice with the forbidden bit', FORBIDDEN, beforePicture, false, 'none, in, malformed'],
    ['STAP-A: parameter set and slice', stapA(0x78, SPS, IDR), inPicture, false, '8 IDR, in'],
    ['STAP-A: prefix NAL unit and slice', stapA(0x78, SPS, PREFIX, IDR), unknown, false, '8 IDR, in'],
    ['STAP-A: prefix NAL unit at its end', stapA(0x78, SPS, PREFIX), unknown, false, '8, in'],
    ['STAP-A: several slices', stapA(0x58, P, LATER), beforePicture, false, '1, in'],
    ['STAP-A: two access units', stapA(0x58, P, AUD, P), beforePicture, false, '1, in'],
    ['STAP-A: end of one, start of the next', stapA(0x58, LATER, AUD, P), inPicture, false, '11, in'],
    ['STAP-A: nothing of a picture', stapA(0x78, SPS, SEI), unknown, false, 'none, before'],
    ['STAP-A: nothing at all', bytes(0x78), unknown, false, 'none, unknown'],
    ['STAP-A: a size past its end', bytes(0x78, 0xff, 0xff, 0x65), unknown, false, 'none, in, malformed'],
    ['STAP-A: a byte too many', bytes(...stapA(0x78, IDR), 0), beforePicture, false, 'none, in, malformed'],
    ['STAP-A: an FU-A in it', stapA(0x78, bytes(0x7c, 0x85, 0x88)), unknown, false, 'none, in, malformed'],
    ['FU-A: the start of a slice', bytes(0x5c, 0x81, 0x9a, 0x24), beforePicture, false, '0, in, open'],
    ['FU-A: the start of an IDR slice', bytes(0x7c, 0x85, 0x88, 0x84), unknown, false, '0 IDR, in, open'],
    ['FU-A: the start of a later slice', bytes(0x5c, 0x81, 0x49, 0x24), inPicture, false, 'none, in, open'],
    ['FU-A: the start of SEI', bytes(0x1c, 0x86, 5, 1), unknown, false, 'none, before, open'],
    ['FU-A: the middle', bytes(0x5c, 0x01, 0x9a, 0x24), inPicture, open, 'none, in, open'],
    ['FU-A: the end', bytes(0x5c, 0x41, 0x9a, 0x24), inPicture, open, 'none, in'],
    ['FU-A: a middle that looks like a start', bytes(0x5c, 0x01, 0x88, 0x84), beforePicture, open, 'none, in, open'],
    ['FU-A: a middle without a start', bytes(0x5c, 0x01, 0x9a), beforePicture, false, 'none, in, malformed'],
    ['FU-A: an empty one in the middle', bytes(0x5c, 0x01), inPicture, open, 'none, in, open'],
    ['FU-A: an empty one of parameter sets', bytes(0x7c, 0x07), beforePicture, open, 'none, before, open'],
    ['FU-A: an empty one at the end', bytes(0x5c, 0x41), inPicture, open, 'none, in'],
    ['FU-A: start and end in one', bytes(0x5c, 0xc1, 0x9a), beforePicture, false, 'none, in, malformed'],
    ['FU-A: nothing but headers at the start', bytes(0x5c, 0x81), beforePicture, false, 'none, in, malformed'],
    ['FU-A: one byte', bytes(0x5c), beforePicture, false, 'none, in, malformed'],
    ['type 0', bytes(0x60, 0x88), beforePicture, false, 'none, in, malformed'],
    ['STAP-B, of packetization-mode 2', bytes(0x79, 0, 0, 2, 0x65), unknown, false, 'none, in, malformed'],
    ['type 31', bytes(0x7f), unknown, false, 'none, in, malformed'],
  ])('that is %s', (_, payload, before, isFragmentOpen, expected) => {
    expect(see(payload, before, isFragmentOpen)).toBe(expected);
  });
});

describe('behind a gap', () => {
  it('the first macroblock tells nothing any more once slices were out of order', () => {
    const finder = new PictureStartFinder();
    expect(see(P, unknown, false, finder)).toBe('0, in');
    see(LATER, beforePicture, false, finder);
    expect(see(P, unknown, false, finder)).toBe('none, in');
    expect(see(P, beforePicture, false, finder)).toBe('0, in');
  });

  it('nor once a prefix NAL unit had a packet of its own', () => {
    const finder = new PictureStartFinder();
    see(stapA(0x78, PREFIX, IDR), beforePicture, false, finder);
    expect(see(P, unknown, false, finder)).toBe('0, in');
    see(PREFIX, beforePicture, false, finder);
    expect(see(P, unknown, false, finder)).toBe('none, in');
  });
});
