/** Packets that do not let their bytes be replaced as they are. */
import { afterEach, describe, expect, it } from 'vitest';
import { extractSei } from '../../../src/index.js';
import { patchH264Encoder } from '../../../src/patch/encoder-patch.js';
import { SeiPublisher } from '../../../src/publish/publisher.js';
import { annexB, nal } from '../../contract/frames.js';
import { MARK, data, encoded, errors, handles, unpatchAll } from './support.js';

afterEach(unpatchAll);

describe('a packet whose data are read-only', () => {
  const cases: [string, () => { readonly data: Uint8Array }][] = [
    ['as a property', () => Object.defineProperty({ data: data(1) }, 'data', { writable: false })],
    [
      'by a getter',
      () => ({
        get data() {
          return data(1);
        },
      }),
    ],
    [
      'by a setter that throws',
      () => ({
        get data() {
          return data(1);
        },
        set data(_) {
          throw new Error('host');
        },
      }),
    ],
    [
      'by a setter that does nothing',
      () => ({
        get data() {
          return data(1);
        },
        set data(_) {},
      }),
    ],
  ];
  it.each(cases)('%s is given a property that hides them', (_, create) => {
    const packet = create();
    expect(encoded(packet)).toBe(packet);
    expect(packet.data).toEqual(data(1, MARK));
  });

  it('by a getter of its class keeps its private state', () => {
    class Packet {
      readonly #data = data(1);
      readonly #pts = 7;
      get data() {
        return this.#data;
      }
      get pts() {
        return this.#pts;
      }
    }
    const packet = encoded(new Packet()) as Packet;
    expect(packet.data).toEqual(data(1, MARK));
    expect(packet.pts).toBe(7);
  });

  it('since it is frozen is followed by a copy', () => {
    class Packet {
      readonly data = data(1);
      readonly pts = 7;
      describe() {
        return `${this.pts}: ${this.data.join()}`;
      }
    }
    const packet = Object.freeze(new Packet());
    const answer = encoded(packet) as Packet;
    expect(answer).not.toBe(packet);
    expect(answer.describe()).toBe(`7: 1,${MARK}`);
    expect(packet.describe()).toBe('7: 1');
    expect(errors).toEqual([]);
  });
});

describe('a frozen packet whose data are out of reach', () => {
  class Packet {
    readonly #data = annexB(nal.p);
    constructor() {
      Object.freeze(this);
    }
    get data() {
      return this.#data;
    }
    size() {
      return this.#data.length;
    }
  }

  it('passes as it is, and the message waits for the next one', () => {
    const real = new SeiPublisher();
    const output: object[] = [new Packet(), Object.freeze([new Packet()]), { data: annexB(nal.p) }];
    const encoder = { encode: () => output.shift() };
    handles.push(
      patchH264Encoder(encoder, {
        methods: 'encode',
        publisher: real,
        onDiagnostic: ({ event, details }) => errors.push([event, details]),
      }),
    );
    real.publishText('waits', { repeatCount: 1 });
    const [first, second, third] = output;
    expect(encoder.encode()).toBe(first);
    expect((first as Packet).size()).toBe(annexB(nal.p).length);
    expect(encoder.encode()).toBe(second);
    expect(errors).toEqual([
      ['packet-read-only', {}],
      ['packet-read-only', {}],
    ]);
    expect(real.getQueueSize()).toBe(1);
    encoder.encode();
    expect(extractSei((third as { data: Uint8Array }).data)).toHaveLength(1);
    expect(real.getQueueSize()).toBe(0);
  });

  it('has a setter of its class: that is used, and where it fails the packet passes as it is', () => {
    class Settable {
      #data = data(1);
      constructor(readonly fails: boolean) {
        Object.freeze(this);
      }
      get data() {
        return this.#data;
      }
      set data(bytes) {
        if (this.fails) throw new Error('host');
        this.#data = bytes;
      }
    }
    const settable = new Settable(false);
    expect(encoded(settable)).toBe(settable);
    expect(settable.data).toEqual(data(1, MARK));
    const failing = new Settable(true);
    expect(encoded(failing)).toBe(failing);
    expect(failing.data).toEqual(data(1));
    expect(errors).toEqual([]);
  });
});
