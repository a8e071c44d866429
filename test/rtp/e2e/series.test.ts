/**
 * The packets of other packetizers, with messages: a valid series, from which werift's depacketizer makes the access
 * units that it makes without us.
 */
import { describe, expect, it } from 'vitest';
import { RtpPacket } from 'werift';
import { AccessUnitSplitter, DEFAULT_SEI_UUID, stripSei } from '../../../src/index.js';
import { describeWith } from '../../support/skip.js';
import { conformanceStreams, conformanceTool, fixtureClips } from '../../support/streams.js';
import { weriftFrames } from '../../support/werift.js';
import { type PacketSource, ffmpegSources, gstreamerSources, ourSources, packetize, readMarker } from './sources.js';
import { receivedTexts, tag } from './tagging.js';

/** Which packets of a series carry which timestamp, runs of equal ones counted once, and where the marker bits stand. */
function accessUnits(packets: readonly Buffer[]): { timestamp: number; markers: number; endsWithMarker: boolean }[] {
  const units: { timestamp: number; markers: number; endsWithMarker: boolean }[] = [];
  for (const packet of packets) {
    const timestamp = packet.readUInt32BE(4);
    if (units.at(-1)?.timestamp !== timestamp) units.push({ timestamp, markers: 0, endsWithMarker: false });
    const unit = units.at(-1)!;
    unit.endsWithMarker = readMarker(packet);
    if (unit.endsWithMarker) unit.markers++;
  }
  return units;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const framesOf = (packets: readonly Buffer[]) => weriftFrames(packets.map((packet) => RtpPacket.deSerialize(packet)));

/** Sends packets through an injector and expects that the result is as good as they are; answers what was published. */
function expectGoodSeries(before: readonly Buffer[], source: PacketSource): string[] {
  const copies = before.map(hex);
  const { packets: after, published } = tag(before, source);
  expect(before.map(hex)).toEqual(copies);

  const first = before[0].readUInt16BE(2);
  expect(after.map((packet) => packet.readUInt16BE(2))).toEqual(after.map((_, i) => (first + i) & 0xffff));
  expect(new Set(after.map((packet) => packet.readUInt32BE(8)))).toEqual(new Set([before[0].readUInt32BE(8)]));
  expect(accessUnits(after)).toEqual(accessUnits(before));
  expect(Math.max(...after.map((packet) => packet.length))).toBeLessThanOrEqual(source.maxPacketSize);

  const [was, is] = [framesOf(before), framesOf(after)];
  expect(is.map(({ data }) => hex(stripSei(data, { format: 'annexb', uuids: [DEFAULT_SEI_UUID] })))).toEqual(
    was.map(({ data }) => hex(data)),
  );
  // A SEI message in a single NAL unit packet is an IDR picture to werift, and it does not look into a STAP-A.
  if (source.packetizationMode === 1) {
    expect(is.filter(({ isKeyframe }, i) => isKeyframe && !was[i].isKeyframe)).toEqual([]);
  }
  expect(receivedTexts(after)).toEqual(published);
  return published;
}

for (const source of [...ourSources, ...gstreamerSources, ...ffmpegSources]) {
  describeWith(source.tools, source.name, () => {
    it.concurrent.each(fixtureClips)('$name', async (clip) => {
      expect(expectGoodSeries(await source.packets(clip), source).length).toBeGreaterThan(1);
    });
  });
}

describeWith(conformanceTool, 'conformance streams', () => {
  describe.each(ourSources)('$name', (source) => {
    it.each(conformanceStreams)('$name', (stream) => {
      const splitter = new AccessUnitSplitter();
      const units = [...splitter.push(stream.read()), ...splitter.flush()];
      const { maxPacketSize, aggregates: aggregate } = source;
      const published = expectGoodSeries(packetize(units, { maxPacketSize, aggregate }), source);
      if (units.length > 10) expect(published.length).toBeGreaterThan(1);
    });
  });
});
