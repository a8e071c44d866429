/** Packetizer and depacketizer against those of GStreamer, FFmpeg and werift. */
import { RtpPacket } from 'werift';
import { describe, expect, it } from 'vitest';
import { splitNalUnits } from '../../../src/index.js';
import { RtpDepacketizer } from '../../../src/rtp/index.js';
import { gstreamerByteStream, gstreamerTool } from '../../support/gstreamer.js';
import { describeWith } from '../../support/skip.js';
import { type Clip, fixtureClips } from '../../support/streams.js';
import { weriftFrames } from '../../support/werift.js';
import { accessUnitsOf, ffmpegSources, gstreamerSources, ourSources } from './sources.js';

const hex = (nalUnits: readonly Uint8Array[]) => nalUnits.map((nalUnit) => Buffer.from(nalUnit).toString('hex'));

/** The NAL units of each access unit of a clip, as its encoder put them out. */
const nalUnitsOf = (clip: Clip) => accessUnitsOf(clip).map((unit) => hex(splitNalUnits(unit)));

describe.each(ourSources)('$name', (source) => {
  it.each(fixtureClips)('$name, and werift depacketizes', async (clip) => {
    const packets = await source.packets(clip);
    const frames = weriftFrames(packets.map((packet) => RtpPacket.deSerialize(packet)));
    expect(frames.map(({ data }) => hex(splitNalUnits(data)))).toEqual(nalUnitsOf(clip));
  });

  describeWith(gstreamerTool, 'to GStreamer', () => {
    it.each(fixtureClips)('$name', async (clip) => {
      const received = splitNalUnits(await gstreamerByteStream(await source.packets(clip)));
      const isDelimiter = (nalUnit: string) => nalUnit.startsWith('09');
      // GStreamer's parser puts an access unit delimiter in front of each access unit.
      expect(hex(received).filter((nalUnit) => !isDelimiter(nalUnit))).toEqual(
        nalUnitsOf(clip)
          .flat()
          .filter((nalUnit) => !isDelimiter(nalUnit)),
      );
    });
  });
});

for (const source of [...gstreamerSources, ...ffmpegSources]) {
  describeWith(source.tools, source.name, () => {
    it.concurrent.each(fixtureClips)('$name, depacketized', async (clip) => {
      const packets = await source.packets(clip);
      const depacketizer = new RtpDepacketizer();
      const units = [...packets.flatMap((packet) => depacketizer.push(packet)), ...depacketizer.flush()];
      expect(units.every(({ isDamaged }) => !isDamaged)).toBe(true);
      const theirs = weriftFrames(packets.map((packet) => RtpPacket.deSerialize(packet)));
      expect(units.map(({ nalUnits }) => hex(nalUnits))).toEqual(theirs.map(({ data }) => hex(splitNalUnits(data))));
      expect(units.map(({ nalUnits }) => hex(nalUnits))).toEqual(nalUnitsOf(clip));
    });
  });
}
