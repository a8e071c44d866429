/** What a patch of an encoder and one of a decoder say alike. */
import { describe, expect, it } from 'vitest';
import {
  type SeiDiagnostic,
  SeiPublisher,
  SeiSubscriber,
  patchH264Decoder,
  patchH264Encoder,
} from '../../src/index.js';

class Codec {
  encode(): Uint8Array {
    return Uint8Array.of(0, 0, 1, 0x65, 0x88);
  }
  decode(packet: Uint8Array): number {
    return packet.length;
  }
}

describe('a patch that finds no method', () => {
  it.each([
    ['of that name', Codec.prototype, 'encodeFrame'],
    ['on the class, since it is on its prototype', Codec, 'encode'],
  ])('says so: %s', (_, target, method) => {
    const heard: SeiDiagnostic[] = [];
    const onDiagnostic = (diagnostic: SeiDiagnostic) => heard.push(diagnostic);
    const encoder = patchH264Encoder(target, { methods: method, publisher: new SeiPublisher(), onDiagnostic });
    const decoder = patchH264Decoder(target, { methods: [method], subscriber: new SeiSubscriber(), onDiagnostic });
    expect([encoder.applied, decoder.applied]).toEqual([false, false]);
    const event = 'patch-not-applied';
    expect(heard).toEqual([
      { source: 'injector', event, details: { methods: [method] } },
      { source: 'subscriber', event, details: { methods: [method] } },
    ]);
  });

  it('says nothing where there is one', () => {
    const heard: SeiDiagnostic[] = [];
    const onDiagnostic = (diagnostic: SeiDiagnostic) => heard.push(diagnostic);
    const publisher = new SeiPublisher();
    const encoder = patchH264Encoder(Codec.prototype, { methods: ['encode', 'flush'], publisher, onDiagnostic });
    const decoder = patchH264Decoder(Codec.prototype, { methods: 'decode', onDiagnostic });
    expect([encoder.methods, decoder.methods, heard]).toEqual([['encode'], ['decode'], []]);
    encoder.close();
    decoder.close();
  });
});
