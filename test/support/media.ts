/** Media files that FFmpeg makes, and what FFmpeg says of media files. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMITS = { timeout: 120_000, maxBuffer: 256 * 1024 * 1024, killSignal: 'SIGKILL' } as const;

/** Runs the `ffmpeg` command. */
export async function ffmpeg(args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { ...LIMITS, cwd });
  return stdout;
}

/** Inputs of FFmpeg: small pictures with much movement, and tones. */
export const VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=s=160x120:r=25:d=1.6'];
export const TONE = ['-f', 'lavfi', '-i', 'sine=r=48000:d=1.6'];
/** An encoder that makes B pictures, some of them references, and a key frame every ten. */
export const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1', '-bf', '3', '-g', '10'].concat([
  '-x264-params',
  'b-pyramid=normal:b-adapt=0:scenecut=0',
]);

/** What FFmpeg reads of a file, as text that can be compared. */
export interface MediaReport {
  /** Streams and format with their times, tags, dispositions and matrices. */
  readonly streams: string[];
  /** Times, durations and flags of every packet; of those that are no H.264 also what is in them. */
  readonly packets: string[];
  /** The decoded pictures. */
  readonly pictures: string[];
}

interface Probe {
  readonly streams: Record<string, unknown>[];
  readonly packets: Record<string, unknown>[];
  readonly format: Record<string, unknown>;
  readonly chapters: unknown[];
}

/** Statistics that follow the size of the video. */
const FOLLOWS_SIZE =
  /^(bit_rate|max_bit_rate|size|filename|extradata_hash|extradata_size|BPS|NUMBER_OF_BYTES|probe_score)/;

function stable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(stable);
  const entries = Object.entries(value).filter(([key]) => !FOLLOWS_SIZE.test(key));
  return Object.fromEntries(entries.map(([key, each]) => [key, stable(each)]));
}

/** Reads a file with `ffprobe` and decodes its pictures with `ffmpeg`. */
export async function mediaReport(path: string): Promise<MediaReport> {
  const shown = ['-show_streams', '-show_format', '-show_packets', '-show_chapters', '-show_data_hash', 'md5'];
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...shown, path], LIMITS);
  const { streams, packets, format, chapters } = JSON.parse(stdout) as Probe;
  const isH264 = (index: unknown) => streams.find((stream) => stream['index'] === index)?.['codec_name'] === 'h264';
  const decode = ['-v', 'error', '-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const { stdout: pictures } = await run('ffmpeg', decode, LIMITS);
  return {
    streams: [...streams, format, ...chapters].map((each) => JSON.stringify(stable(each))),
    packets: packets.map((packet) => {
      const hidden = isH264(packet['stream_index']) ? ['pos', 'size', 'data_hash'] : ['pos'];
      return JSON.stringify(Object.fromEntries(Object.entries(packet).filter(([key]) => !hidden.includes(key))));
    }),
    pictures: pictures.split('\n').filter((line) => !line.startsWith('#software')),
  };
}

/** A message as FFmpeg's decoder finds it on a picture. */
export interface ShownMessage {
  /** pts_time of the picture, in seconds. */
  readonly time: number;
  /** The user data. */
  readonly text: string;
}

/**
 * The user_data_unregistered messages of a UUID, with the picture on which FFmpeg's decoder has each.
 *
 * @param uuid in canonical form
 */
export async function shownMessages(path: string, uuid: string, stream = '0:v:0'): Promise<ShownMessage[]> {
  const args = [
    '-v',
    'info',
    '-nostats',
    '-nostdin',
    '-i',
    path,
    '-map',
    stream,
    '-fps_mode',
    'passthrough',
    '-copyts',
  ];
  const { stderr } = await run('ffmpeg', [...args, '-vf', 'showinfo', '-f', 'null', '-'], LIMITS);
  const messages: { time: number; text: string }[] = [];
  let time = NaN;
  let isOurs = false;
  let hex = '';
  const end = () => {
    if (isOurs && hex !== '') messages.push({ time, text: Buffer.from(hex, 'hex').toString() });
    isOurs = false;
    hex = '';
  };
  for (const line of stderr.split('\n')) {
    const picture = /Parsed_showinfo.*\bpts_time:\s*(-?[\d.]+)/.exec(line);
    if (picture !== null) {
      end();
      time = Number(picture[1]);
    }
    if (line.includes('side data -')) end();
    if (line.includes(`UUID=${uuid}`)) isOurs = true;
    const data = /User Data=([0-9a-f]*)/.exec(line)?.[1];
    if (data !== undefined && isOurs) hex = data;
  }
  end();
  return messages;
}
