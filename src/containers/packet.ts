import type { FramingOptions } from '../frame/arguments.js';
import type { SampleEdit } from './edits.js';

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

/** One sample of an H.264 track: an access unit, or both fields of a frame. */
export interface FilePacket {
  /** The id of its track. */
  readonly trackId: number;
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

/** Reads the tracks of one file. */
export interface ContainerReader {
  /** The tracks, in the order of the file. */
  readonly tracks: readonly FileTrack[];
  /** Whether the file ends before its container says. Final after all packets are read. */
  readonly truncated: boolean;
  /**
   * Reads the packets of H.264 tracks in one pass. The packets of one track come in decoding order.
   *
   * @param ids of the tracks
   */
  packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket>;
}

/** A packet and its change. */
export interface TransformedPacket<P extends FilePacket = FilePacket> {
  /** The packet. */
  readonly packet: P;
  /** Its change, if there is one. */
  readonly edit: SampleEdit | undefined;
}

/** Changes packets. Returns them in the order of the packets, perhaps some packets later. */
export interface PacketTransform {
  /** Takes the next packet and returns the packets that are decided. */
  push<P extends FilePacket>(packet: P): TransformedPacket<P>[];
  /** Ends the track and returns the packets that are left. */
  flush<P extends FilePacket>(): TransformedPacket<P>[];
}

/** Chooses the change of each H.264 track. Called once for each track. Undefined: the track stays as it is. */
export type TransformOf = (trackId: number) => PacketTransform | undefined;
