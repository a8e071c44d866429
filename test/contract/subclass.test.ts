/** What a subclass of Uint8Array makes of its properties and views is its own matter: its bytes are read. */
import { expect, it } from 'vitest';
import { describeEachBackend } from '../support/backends.js';
import { annexB, concat, nal, numbers, seiNal } from './frames.js';

/** Its views are empty memory: `subarray` and `slice` give a constructor more arguments than this one takes. */
class Sized extends Uint8Array {
  // eslint-disable-next-line @typescript-eslint/no-useless-constructor -- it drops the arguments after the first
  constructor(length: number) {
    super(length);
  }
}

/** It says something else than the language does. */
class Liar extends Uint8Array {
  override get length(): number {
    return 7;
  }
  override get byteOffset(): number {
    return 3;
  }
  override get [Symbol.toStringTag](): never {
    return 'Uint8ClampedArray' as never;
  }
}

const subclasses: [string, new (length: number) => Uint8Array][] = [
  ['whose constructor takes a length only', Sized],
  ['that lies about itself', Liar],
];

describeEachBackend('a frame in a subclass', (library) => {
  const unit = seiNal(30);
  const frame = annexB(nal.sps, nal.pps, unit, nal.idr);
  const actions: [string, (data: Uint8Array) => unknown][] = [
    ['injectSei', (data) => numbers(library.injectSei(data, [unit]))],
    ['injectSeiParts', (data) => numbers(concat(...library.injectSeiParts(data, [unit])))],
    ['injectSeiInto', (data) => library.injectSeiInto(data, [unit], new Uint8Array(frame.length + 100))],
    ['extractSei', (data) => library.extractSei(data).map(({ payload }) => numbers(payload))],
    ['stripSei', (data) => numbers(library.stripSei(data))],
    ['splitNalUnits', (data) => library.splitNalUnits(data).map(numbers)],
    ['toLengthPrefixed', (data) => numbers(library.toLengthPrefixed(data))],
    ['detectH264Format', (data) => library.detectH264Format(data)],
    ['createSeiNalUnit', (data) => numbers(library.createSeiNalUnit(data))],
    ['escapeRbsp', (data) => numbers(library.escapeRbsp(data))],
    [
      'AccessUnitSplitter',
      (data) => {
        const splitter = new library.AccessUnitSplitter();
        return [...splitter.push(data), ...splitter.flush()].map(numbers);
      },
    ],
    ['SeiSubscriber', (data) => new library.SeiSubscriber().processFrame(data).map(({ payload }) => numbers(payload))],
    [
      'publishBytes, split',
      (data) => {
        const publisher = new library.SeiPublisher({ oversize: 'split', maxUserDataSize: 80 });
        publisher.publishBytes(data, { id: 'one' });
        const injector = new library.SeiInjector({ publisher });
        return numbers(injector.inject(Uint8Array.from(annexB(nal.idr))));
      },
    ],
  ];
  for (const [what, Subclass] of subclasses) {
    for (const [name, act] of actions) {
      it(`${what} is read by ${name} as any other`, () => {
        const data = new Subclass(frame.length);
        Uint8Array.prototype.set.call(new Uint8Array(data.buffer), frame);
        expect(act(data)).toEqual(act(Uint8Array.from(frame)));
      });
    }
  }

  it('is refused if it only pretends to be one', () => {
    const impostors = [
      Object.setPrototypeOf(new Float64Array(9), Uint8Array.prototype) as unknown,
      Object.defineProperty(new Int8Array(9), Symbol.toStringTag, { value: 'Uint8Array' }),
      new Proxy(new Uint8Array(9), {}),
    ] as Uint8Array[];
    for (const impostor of impostors) {
      expect(() => library.extractSei(impostor)).toThrow(/^frame must be a Uint8Array/);
      expect(() => library.injectSei(impostor, [unit])).toThrow(/^frame must be a Uint8Array/);
    }
  });
});
