/** The files of the tests: every container with what makes it hard. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TONE, VIDEO, X264 } from '../support/media.js';

/** A file to be made by FFmpeg. */
export interface MediaCase {
  /** The name of the file; its extension says the container. */
  readonly name: string;
  /** Arguments of FFmpeg in front of the output. */
  readonly args: readonly string[];
  /** Whether its times begin anywhere, as those of MPEG-TS do. */
  readonly hasFreeClock?: boolean;
  /** By how many milliseconds FFmpeg shows the pictures later than the file says. */
  readonly ffmpegShiftMs?: number;
  /**
   * Whether a size that has become longer stays so when it shrinks again: then the file without its messages is not the
   * same bytes, but says the same.
   */
  readonly keepsLongSizes?: boolean;
}

const AV = [...VIDEO, ...TONE, ...X264];
const COPY = ['-i', 'base.mp4', '-map', '0', '-c', 'copy'];
const TEXT = ['-i', 'base.mp4', '-i', 'text.srt', '-i', 'chapters.txt', '-map', '0', '-map', '1', '-map_metadata', '2'];

/** The first file, of which others are made. */
export const BASE: MediaCase = {
  name: 'base.mp4',
  args: [...VIDEO, ...TONE, ...TONE, '-map', '0', '-map', '1', '-map', '2', ...X264, '-c:a', 'aac'].concat([
    ...['-metadata:s:a:0', 'language=deu', '-metadata:s:a:1', 'language=fra', '-metadata', 'title=A title'],
    ...['-disposition:a:1', 'default'],
  ]),
};

/** The files, by what is special about them. */
export const CASES: readonly MediaCase[] = [
  { name: 'faststart.mp4', args: [...COPY, '-movflags', '+faststart'] },
  { name: 'negative-start.mp4', args: ['-ss', '0.52', ...COPY] },
  {
    name: 'late-start.mp4',
    args: ['-itsoffset', '0.7', '-i', 'base.mp4', '-i', 'base.mp4', '-map', '0:v', '-map', '1:a', '-c', 'copy'],
  },
  { name: 'opus.mp4', args: [...AV, '-c:a', 'libopus', '-strict', '-2'] },
  { name: 'mp3.mp4', args: [...AV, '-c:a', 'libmp3lame'] },
  {
    name: 'variable-rate.mp4',
    args: [...AV, '-c:a', 'aac', '-vf', "select='not(mod(n,3)*gt(n,9))'", '-fps_mode', 'vfr'],
  },
  { name: 'two-videos.mp4', args: [...VIDEO, ...VIDEO, '-map', '0', '-map', '1', ...X264] },
  { name: 'text-and-chapters.mp4', args: [...TEXT, '-c', 'copy', '-c:s', 'mov_text'] },
  { name: 'rotated.mp4', args: ['-display_rotation', '90', ...COPY].slice(2).concat('-metadata:s:v', 'rotate=90') },
  { name: 'interlaced.mp4', args: [...VIDEO, ...X264, '-vf', 'fps=50,interlace', '-flags', '+ildct+ilme'] },
  {
    name: 'ntsc.mov',
    args: ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=30000/1001:d=1', ...X264, '-timecode', '01:00:00:00'],
  },
  { name: 'pcm.mov', args: [...AV, '-c:a', 'pcm_s16le'] },
  { name: 'fragmented.mp4', args: [...COPY, '-movflags', '+frag_keyframe+empty_moov+default_base_moof'] },
  { name: 'fragmented-absolute.mp4', args: [...COPY, '-movflags', '+frag_keyframe'] },
  { name: 'separate-fragments.mp4', args: [...COPY, '-movflags', '+frag_keyframe+empty_moov+separate_moof'] },
  {
    keepsLongSizes: true,
    name: 'fragment-each-frame.mp4',
    args: [...COPY, '-movflags', '+frag_every_frame+empty_moov+delay_moov'],
  },
  { name: 'dash.mp4', args: [...COPY, '-movflags', '+dash+global_sidx+frag_keyframe'] },
  { name: 'cmaf.mp4', args: [...COPY, '-movflags', '+cmaf+frag_keyframe+negative_cts_offsets'], ffmpegShiftMs: 80 },
  { name: 'base.mkv', args: COPY },
  { name: 'opus.mkv', args: [...AV, '-c:a', 'libopus'] },
  { name: 'mp3.mkv', args: [...AV, '-c:a', 'libmp3lame'] },
  { name: 'variable-rate.mkv', args: ['-i', 'variable-rate.mp4', '-c', 'copy'] },
  { name: 'small-clusters.mkv', args: [...COPY, '-cluster_time_limit', '100'] },
  { name: 'cues-first.mkv', args: [...COPY, '-reserve_index_space', '2000'] },
  { name: 'live.mkv', args: [...COPY, '-live', '1'] },
  { name: 'no-checksums.mkv', args: [...COPY, '-write_crc32', '0'] },
  {
    name: 'text-and-chapters.mkv',
    args: [...TEXT, '-c', 'copy', '-c:s', 'srt', '-attach', 'text.srt', '-metadata:s:t', 'mimetype=text/plain'],
  },
  { name: 'base.ts', args: COPY, hasFreeClock: true },
  { name: 'ac3.ts', args: [...AV, '-c:a', 'ac3'], hasFreeClock: true },
  { name: 'mp3.ts', args: [...AV, '-c:a', 'libmp3lame'], hasFreeClock: true },
  { name: 'constant-rate.ts', args: [...COPY, '-muxrate', '3M'], hasFreeClock: true },
  { name: 'wrap.ts', args: [...COPY, '-output_ts_offset', '95442.5'], hasFreeClock: true },
  { name: 'two-videos.ts', args: ['-i', 'two-videos.mp4', '-map', '0', '-c', 'copy'], hasFreeClock: true },
  { name: 'blu-ray.m2ts', args: COPY, hasFreeClock: true },
  { name: 'small-pes.ts', args: [...COPY, '-pes_payload_size', '200'], hasFreeClock: true },
];

/** Writes what FFmpeg reads besides. */
export async function writeTexts(folder: string): Promise<void> {
  await writeFile(join(folder, 'text.srt'), '1\n00:00:00,200 --> 00:00:01,000\nHello\n\n');
  const chapter = '[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=800\ntitle=One\n';
  await writeFile(join(folder, 'chapters.txt'), `;FFMETADATA1\ntitle=A title\n${chapter}`);
}
