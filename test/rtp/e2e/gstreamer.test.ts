/** GStreamer as the receiver: rtph264depay and h264parse make of tagged packets what the camera had sent. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SEI_UUID, stripSei } from '../../../src/index.js';
import { decodeFrameChecksums } from '../../support/decoder.js';
import { ffmpegTool } from '../../support/ffmpeg-cli.js';
import { gstreamerByteStream, gstreamerTool } from '../../support/gstreamer.js';
import { nodeAvTool } from '../../support/node-av.js';
import { describeWith } from '../../support/skip.js';
import { fixtureClips } from '../../support/streams.js';
import { gstreamerSources, ourSources } from './sources.js';
import { expectPublished, tag } from './tagging.js';

describeWith([gstreamerTool, nodeAvTool, ffmpegTool], 'GStreamer receives', () => {
  describe.each([...ourSources, ...gstreamerSources])('$name', (source) => {
    it.each(fixtureClips)('$name', async (clip) => {
      const before = await source.packets(clip);
      const { packets: after, published } = tag(before, source);
      const [was, is] = [await gstreamerByteStream(before), await gstreamerByteStream(after)];
      const stripped = stripSei(is, { format: 'annexb', uuids: [DEFAULT_SEI_UUID] });
      expect(Buffer.compare(stripped, was)).toBe(0);
      expect(await decodeFrameChecksums(is)).toEqual(await decodeFrameChecksums(clip.read()));
      if (source.maxPacketSize === 1200) await expectPublished(is, published);
    });
  });
});
