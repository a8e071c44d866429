/**
 * A network between the camera and the server that loses, doubles and delays packets: what GStreamer makes of the
 * tagged packets is what it makes of the others, and the messages.
 */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, splitNalUnits, stripSei } from '../../../src/index.js';
import { gstreamerByteStream, gstreamerTool } from '../../support/gstreamer.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClips } from '../../support/streams.js';
import { disturb } from '../network.js';
import { gstreamerSources, readMarker } from './sources.js';
import { receivedTexts, tag } from './tagging.js';

const NETWORK = { loss: 0.05, reordering: 0.05, maxDelay: 6, duplicates: 0.03 };

/** What comes of packets, in the order in which it comes. All of the first access unit does: without it there is none. */
function impair(packets: readonly Buffer[], seed: number): Buffer[] {
  const second = packets.findIndex(readMarker) + 1;
  return [...packets.slice(0, second), ...disturb(packets.slice(second), { ...NETWORK, seed })];
}

/** What a jitter buffer makes of packets: in the order of their numbers, each once; no two have one number. */
function inOrder(packets: readonly Buffer[]): Buffer[] {
  const first = packets[0].readUInt16BE(2);
  const distance = (packet: Buffer) => (packet.readUInt16BE(2) - first) & 0xffff;
  const byNumber = new Map<number, Buffer>();
  for (const packet of packets) {
    const other = byNumber.get(distance(packet));
    if (other !== undefined) expect(Buffer.compare(packet, other)).toBe(0);
    byNumber.set(distance(packet), packet);
  }
  return [...byNumber.entries()].sort(([a], [b]) => a - b).map(([, packet]) => packet);
}

/** The NAL units of a byte stream without our SEI and without the delimiters, which GStreamer adds as it sees fit. */
function slicesAndMore(stream: Uint8Array): string[] {
  const stripped = stripSei(stream, { format: 'annexb', uuids: [DEFAULT_SEI_UUID] });
  const nalUnits = splitNalUnits(stripped, 'annexb').filter(([header]) => (header & 0x1f) !== 9);
  return nalUnits.map((nalUnit) => Buffer.from(nalUnit).toString('hex'));
}

describeWith(gstreamerTool, 'impaired', () => {
  describe.each(gstreamerSources)('$name', (source) => {
    it.concurrent.each(fixtureClips)('$name', async (clip) => {
      const packets = await source.packets(clip);
      for (const seed of [1, 2, 3]) {
        const before = impair(packets, seed);
        const { packets: after, published } = tag(before, source);
        const [was, is] = await Promise.all([
          gstreamerByteStream(inOrder(before)),
          gstreamerByteStream(inOrder(after)),
        ]);
        expect(slicesAndMore(is)).toEqual(slicesAndMore(was));
        // A picture that comes late has its message late.
        expect(receivedTexts(after).sort()).toEqual([...published].sort());
      }
    });
  });
});
