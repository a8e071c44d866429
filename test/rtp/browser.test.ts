/** The RTP part in a context with nothing in it but the language: no Buffer, no process, no require. */
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/rtp/index.js';
import { bundleForVm } from '../support/browser-bundle.js';
import { fixtureClip } from '../support/streams.js';
import { splitNalUnits } from '../../src/index.js';

const { code, warnings, inputs } = bundleForVm("export * from './src/rtp/index.js';");

describe('the RTP part in a browser', () => {
  const context = createContext({});
  runInContext(code, context);
  const run = (script: string) => runInContext(script, context) as unknown;

  it('brings along the codec, and nothing of the rooms above it', () => {
    expect(warnings).toEqual([]);
    const others = inputs.filter(
      (path) =>
        !/^src\/(rtp|codec)\/|^src\/backend\/(current|typescript)|^src\/(errors|options|disposal)\.ts$/.test(path),
    );
    expect(others).toEqual([]);
  });

  it('makes the same packets as here, and reads them', () => {
    const options = { payloadType: 96, ssrc: 1, sequenceNumber: 65_530, maxPacketSize: 300 };
    const nalUnits = splitNalUnits(fixtureClip('cabac.h264').read().subarray(0, 4000));
    const packets = new library.RtpPacketizer(options).packetize(nalUnits, 5);
    Object.assign(context, { options, nalUnits: nalUnits.map((nalUnit) => [...nalUnit]) });
    const made = run(`
      const input = nalUnits.map((nalUnit) => Uint8Array.from(nalUnit));
      const packets = new library.RtpPacketizer(options).packetize(input, 5);
      packets.map((packet) => packet.join())`);
    expect(made).toEqual(packets.map((packet) => packet.join()));
    const read = run(`
      const depacketizer = new library.RtpDepacketizer();
      packets.flatMap((packet) => depacketizer.push(packet)).map(({ nalUnits }) => nalUnits.map(String))`);
    expect(read).toEqual([nalUnits.map((nalUnit) => nalUnit.join())]);
  });
});
