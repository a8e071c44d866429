/** The ffmpeg command as the receiver: all clips by RTSP, which loses nothing, and a few packets over UDP. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, splitNalUnits, stripSei } from '../../../src/index.js';
import { decodeFrameChecksums } from '../../support/decoder.js';
import { ffmpegTool } from '../../support/ffmpeg-cli.js';
import { ffmpegByteStream } from '../../support/ffmpeg-rtp.js';
import { ffmpegByteStreamOverUdp, socketListTool } from '../../support/ffmpeg-udp.js';
import { nodeAvTool } from '../../support/node-av.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClips } from '../../support/streams.js';
import { ffmpegSources, ourSources, readMarker } from './sources.js';
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

describeWith([ffmpegTool, nodeAvTool, socketListTool], 'FFmpeg receives over UDP, told by a SDP file', () => {
  const sources = ourSources.filter(({ aggregates, maxPacketSize }) => aggregates && maxPacketSize === 1200);
  it.each(sources)('$name', async (source) => {
    const [clip] = fixtureClips;
    const first = (await source.packets(clip)).slice(0, 36);
    const { packets, published } = tag(first.slice(0, first.findLastIndex(readMarker) + 1), source);
    const received = await ffmpegByteStreamOverUdp(packets, fmtpOf(clip.read()));
    const pictures = await decodeFrameChecksums(received);
    expect(pictures.length).toBeGreaterThan(5);
    expect(pictures).toEqual((await decodeFrameChecksums(clip.read())).slice(0, pictures.length));
    await expectPublished(received, published);
  });
});

const nalUnits = (stream: Uint8Array) => splitNalUnits(stream).map((nalUnit) => Buffer.from(nalUnit).toString('hex'));
