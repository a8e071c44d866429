import { describe, expect, it } from 'vitest';
import { detectH264Format } from '../../src/index.js';
import { Framing } from '../../src/codec/framing.js';
import { locatedFraming } from '../../src/codec/results.js';
import { FRAMES_TO_LOCK, FRAMES_TO_MOVE, FormatLock } from '../../src/publish/format-lock.js';
import { annexB, avcc, nal, seiNal } from '../contract/frames.js';
import { messagesIn, notVideo, pictures, publishName, setup } from '../support/messages.js';

const sample4 = avcc(4, nal.sps, nal.pps, nal.idr);
const sample2 = avcc(2, nal.sps, nal.pps, nal.idr);
const framings = (lock: FormatLock, frames: readonly Uint8Array[]) =>
  frames.map((frame) => locatedFraming(lock.locate(frame)));

describe('FormatLock', () => {
  it('takes each frame for what it is until two agree', () => {
    const lock = new FormatLock(Framing.detect);
    expect(framings(lock, [pictures.p, sample4, pictures.p, sample4])).toEqual([
      Framing.annexb,
      Framing.avcc4,
      Framing.annexb,
      Framing.avcc4,
    ]);
    expect(FRAMES_TO_LOCK).toBe(2);
    expect(framings(lock, [sample4, pictures.p])).toEqual([Framing.avcc4, 0]);
  });

  it('lets an odd frame pass, and moves after three that agree', () => {
    const lock = new FormatLock(Framing.detect);
    framings(lock, [pictures.p, pictures.p]);
    expect(FRAMES_TO_MOVE).toBe(3);
    expect(framings(lock, [sample4, sample4, pictures.p, sample4, sample4])).toEqual([0, 0, Framing.annexb, 0, 0]);
    expect(framings(lock, [sample4, sample4, pictures.p])).toEqual([Framing.avcc4, Framing.avcc4, 0]);
  });

  it('does not count frames that disagree with each other, nor what is no video', () => {
    const lock = new FormatLock(Framing.detect);
    framings(lock, [pictures.p, pictures.p]);
    expect(framings(lock, [sample4, sample4, sample2, sample4, sample4])).toEqual([0, 0, 0, 0, 0]);
    expect(framings(lock, [notVideo, sample4, sample4, notVideo, sample4, sample4])).toEqual([0, 0, 0, 0, 0, 0]);
    expect(framings(lock, [sample4])).toEqual([Framing.avcc4]);
  });

  it('begins with what the caller says, and moves from there', () => {
    const lock = new FormatLock(Framing.annexb);
    expect(framings(lock, [sample4, sample4, pictures.p, sample4, sample4, sample4])).toEqual([
      0,
      0,
      Framing.annexb,
      0,
      0,
      Framing.avcc4,
    ]);
  });

  it('keeps a length size that only the caller knows', () => {
    const short = avcc(1, nal.p);
    expect(detectH264Format(short).confidence).toBeLessThan(75);
    const lock = new FormatLock(Framing.avcc1);
    expect(framings(lock, [short, short, pictures.p, short])).toEqual([Framing.avcc1, Framing.avcc1, 0, Framing.avcc1]);
    expect(framings(new FormatLock(Framing.detect), [short, short, short])).toEqual([0, 0, 0]);
  });

  it('is not confused by a sample whose length looks like a start code', () => {
    // 256 to 511 bytes behind a length of four bytes begin with 00 00 01.
    const unit = new Uint8Array(300).fill(0x55);
    unit.set(nal.p);
    const lock = new FormatLock(Framing.detect);
    const ambiguous = avcc(4, unit);
    expect(framings(lock, [sample4, ambiguous, ambiguous, sample4])).toEqual(Array(4).fill(Framing.avcc4));
  });
});

describe('an injector', () => {
  it('lets frames of another format pass and keeps the message for the next that fits', () => {
    const { publisher, injector } = setup();
    publishName(publisher, 'a', { repeatCount: 4 });
    const frames = [pictures.p, pictures.p, sample4, sample4, pictures.p, sample4, sample4, sample4, sample4];
    const found = frames.map((frame) => {
      const result = injector.inject(frame);
      if (result === frame) return 0;
      return messagesIn(result).length;
    });
    expect(found).toEqual([1, 1, 0, 0, 1, 0, 0, 1, 0]);
    expect(injector.stats.unknownFrames).toBe(4);
  });

  it('goes by its hint from the first frame on', () => {
    const { publisher, injector } = setup({}, { format: 'avcc', lengthSize: 4 });
    publishName(publisher, 'a');
    expect(injector.inject(pictures.p)).toBe(pictures.p);
    expect(messagesIn(injector.inject(sample4), { format: 'avcc' })).toEqual(['a']);
  });

  it('reads frames that carry SEI already as others', () => {
    const { publisher, injector } = setup({ repeatCount: 2 });
    publishName(publisher, 'a');
    const carrying = annexB(nal.sps, nal.pps, seiNal(3, 1), nal.idr);
    expect([carrying, carrying].map((frame) => messagesIn(injector.inject(frame)).length)).toEqual([2, 2]);
  });
});
