/** The ffmpeg command as the receiver, by RTSP over the loopback interface. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, splitNalUnits, stripSei } from '../../../src/index.js';
import { decodeFrameChecksums } from '../../support/decoder.js';
import { ffmpegTool } from '../../support/ffmpeg-cli.js';
import { ffmpegByteStream } from '../../support/ffmpeg-rtp.js';
import { nodeAvTool } from '../../support/node-av.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClips } from '../../support/streams.js';
import { ffmpegSources, ourSources } from './sources.js';
import { expectPublished, tag } from './tagging.js';

/** What the session description says of a stream (RFC 6184 8.1). */
function fmtpOf(stream: Uint8Array): string {
  const nalUnits = splitNalUnits(stream);
  const parameterSets = [7, 8].map((type) => {
    const nalUnit = nalUnits.find(([header]) => (header & 0x1f) === type)!;
    return Buffer.from(nalUnit).toString('base64');
  });
  return `packetization-mode=1;sprop-parameter-sets=${parameterSets.join(',')}`;
}

describeWith([ffmpegTool, nodeAvTool], 'FFmpeg receives', () => {
  const sources = [...ourSources.filter(({ aggregates }) => aggregates), ...ffmpegSources.slice(1)];
  describe.each(sources)('$name', (source) => {
    it.concurrent.each(fixtureClips)('$name', async (clip) => {
      const { packets, published } = tag(await source.packets(clip), source);
      const received = await ffmpegByteStream(packets, fmtpOf(clip.read()));
      expect(await decodeFrameChecksums(received)).toEqual(await decodeFrameChecksums(clip.read()));
      await expectPublished(received, published);
      const stripped = stripSei(received, { format: 'annexb', uuids: [DEFAULT_SEI_UUID] });
      expect(nalUnits(stripped)).toEqual(nalUnits(clip.read()));
    });
  });
});

const nalUnits = (stream: Uint8Array) => splitNalUnits(stream).map((nalUnit) => Buffer.from(nalUnit).toString('hex'));
