import type { FramingOptions } from '../frame/arguments.js';

/** A track of a file. */
export interface FileTrack {
  /** track_ID (MP4), TrackNumber (Matroska), PID (MPEG-TS); 1 in a byte stream. */
  readonly id: number;
  /** What it holds. */
  readonly type: 'video' | 'audio' | 'other';
  /** Its codec, such as `avc`, `aac` or what the container calls it; undefined where it does not say. */
  readonly codec: string | undefined;
  /** Whether it is H.264, which alone can be read and changed. */
  readonly isH264: boolean;
}

/** One sample of a H.264 track: an access unit, or both fields of a frame. */
export interface FilePacket {
  /** Its number in decoding order, from 0 on. */
  readonly index: number;
  /**
   * When it is shown, in milliseconds on the timeline of the file, behind all edit lists: what ffprobe calls pts_time.
   * Undefined where the file does not say, as in a byte stream.
   */
  readonly presentationTimeMs: number | undefined;
  /**
   * When it is decoded, in milliseconds, where the file says it: MPEG-TS. Of a byte stream the time by its frame rate,
   * from 0 on.
   */
  readonly decodeTimeMs?: number;
  /** How long it is shown, in milliseconds, where the file says it. */
  readonly durationMs?: number;
  /** Whether the file says that decoding can begin here; of a byte stream, whether it is an IDR picture. */
  readonly isKey: boolean;
  /** Its bytes, which are only to be read, and only until the next packet is asked for. */
  readonly data: Uint8Array;
  /** How its NAL units are framed: what `extractSei` and its like take as options. */
  readonly framing: FramingOptions;
}
