import { spawnSync } from 'node:child_process';
import { runPiped } from './piped-process.js';
import type { Tool } from './skip.js';

const TIMEOUT_MS = 120_000;

function missingCommand(command: string): string | undefined {
  const { error, status } = spawnSync(command, ['-version'], { stdio: 'ignore', timeout: TIMEOUT_MS });
  if (error !== undefined) return error.message;
  return status === 0 ? undefined : `${command} -version ended with status ${status}`;
}

function commandTool(command: string): Tool {
  let asked: { reason: string | undefined } | undefined;
  return { name: command, missing: () => (asked ??= { reason: missingCommand(command) }).reason };
}

/** The `ffmpeg` command. */
export const ffmpegTool: Tool = commandTool('ffmpeg');
/** The `ffprobe` command. */
export const ffprobeTool: Tool = commandTool('ffprobe');

/** Whether the commands `ffmpeg` and `ffprobe` run on this machine, and if not, why. */
export function isFfmpegAvailable(): { readonly available: boolean; readonly reason?: string } {
  const reason = ffmpegTool.missing() ?? ffprobeTool.missing();
  return reason === undefined ? { available: true } : { available: false, reason };
}

/**
 * Decodes a whole byte stream with the `ffmpeg` command.
 *
 * @param annexB a whole byte stream (annex B)
 * @returns the MD5 of each frame in output order, comparable with those of `decodeFrameChecksums`
 * @throws Error with what ffmpeg wrote, where it fails
 */
export async function ffmpegFrameChecksums(annexB: Uint8Array): Promise<string[]> {
  const args = ['-v', 'error', '-f', 'h264', '-i', 'pipe:0', '-fps_mode', 'passthrough', '-autoscale', '0'];
  const { stdout } = await runPiped('ffmpeg', [...args, '-f', 'framemd5', 'pipe:1'], annexB);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/**
 * Cuts a byte stream into access units with the `ffprobe` command, that is with FFmpeg's H.264 parser and its limits.
 *
 * @param annexB a whole byte stream (annex B)
 * @returns the size of each access unit in bytes, start codes included, in stream order
 */
export async function ffprobeAccessUnitSizes(annexB: Uint8Array): Promise<number[]> {
  const args = ['-v', 'quiet', '-f', 'h264', '-show_entries', 'packet=size', '-of', 'default=nw=1:nk=1', 'pipe:0'];
  const { stdout } = await runPiped('ffprobe', args, annexB);
  return stdout.toString().split('\n').filter(Boolean).map(Number);
}

/**
 * A NAL unit as FFmpeg's trace_headers bitstream filter reads it: a reader of its own, apart from parser and decoder.
 */
export interface TracedNalUnit {
  /** Index of FFmpeg's packet that holds the NAL unit. */
  readonly packet: number;
  /**
   * Every syntax element in stream order under its name in the standard, such as `frame_num` or
   * `delta_pic_order_cnt[0]`.
   */
  readonly elements: readonly (readonly [name: string, value: number])[];
}

/**
 * The syntax elements of every parameter set, slice header, SEI message and other NAL unit that FFmpeg's trace_headers
 * knows; slice data partitions are none of them.
 *
 * @param annexB a whole byte stream (annex B)
 */
export async function traceHeaders(annexB: Uint8Array): Promise<TracedNalUnit[]> {
  const args = ['-v', 'verbose', '-nostats', '-f', 'h264', '-i', 'pipe:0', '-c', 'copy', '-bsf:v', 'trace_headers'];
  const { stderr } = await runPiped('ffmpeg', [...args, '-f', 'null', '-'], annexB);
  const units: { packet: number; elements: [string, number][] }[] = [];
  let packet = -1;
  for (const line of stderr.split('\n')) {
    const text = /^\[trace_headers @ [^\]]*\] (.*)$/.exec(line)?.[1];
    if (text === undefined) continue;
    if (text.startsWith('Packet:')) packet++;
    const element = /^\d+ +(\S+) +[01]+ = (-?\d+)$/.exec(text);
    // Before the first packet FFmpeg traces its own copy of the parameter sets.
    if (element === null || packet < 0) continue;
    const [, name = '', value = ''] = element;
    if (name === 'forbidden_zero_bit') units.push({ packet, elements: [] });
    units.at(-1)?.elements.push([name, Number(value)]);
  }
  return units;
}

/** A user_data_unregistered message as FFmpeg reads it. */
export interface TracedUserData {
  /** Index of FFmpeg's packet that holds the message. */
  readonly packet: number;
  /** The sixteen bytes of uuid_iso_iec_11578. */
  readonly uuid: Uint8Array;
  /** The bytes behind them. */
  readonly userData: Uint8Array;
}

/**
 * Every user_data_unregistered message of a byte stream (D.1.7), read by FFmpeg's trace_headers and so whatever the
 * decoder makes of the pictures.
 *
 * @param annexB a whole byte stream (annex B)
 */
export async function ffmpegUserData(annexB: Uint8Array): Promise<TracedUserData[]> {
  const messages: { packet: number; uuid: number[]; userData: number[] }[] = [];
  for (const unit of await traceHeaders(annexB)) {
    let current: (typeof messages)[number] | undefined;
    for (const [name, value] of unit.elements) {
      if (name === 'last_payload_type_byte') current = undefined;
      if (name === 'uuid_iso_iec_11578[0]') {
        current = { packet: unit.packet, uuid: [], userData: [] };
        messages.push(current);
      }
      if (name.startsWith('uuid_iso_iec_11578[')) current?.uuid.push(value);
      // FFmpeg renamed the bytes of user data in the course of its versions.
      if (/^(user_data_payload_byte|data)\[/.test(name)) current?.userData.push(value);
    }
  }
  return messages.map(({ packet, uuid, userData }) => ({
    packet,
    uuid: Uint8Array.from(uuid),
    userData: Uint8Array.from(userData),
  }));
}
