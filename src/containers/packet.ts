import type { FramingOptions } from '../frame/arguments.js';
import { SeiError } from '../errors.js';
import type { SampleEdit, TrackEdits } from './edits.js';
import type { Container } from './file-kind.js';

/** A track of a file. */
export interface FileTrack {
  /** track_ID (MP4), TrackNumber (Matroska), PID (MPEG-TS); 1 in a byte stream. */
  readonly id: number;
  /** What it holds, for people, such as `VP9 video`. */
  readonly name: string;
  /** Whether it is H.264, which alone can be read and changed. */
  readonly isH264: boolean;
}

/** How people call codecs that containers name so; of MPEG-TS these are stream types (ISO/IEC 13818-1 Table 2-34). */
const NAMES: Readonly<Record<string, string>> = {
  'H.265 (HEVC) video': 'hvc1 hev1 dvh1 dvhe V_MPEGH/ISO/HEVC 0x24',
  'VP8 video': 'vp08 V_VP8',
  'VP9 video': 'vp09 V_VP9',
  'AV1 video': 'av01 V_AV1',
  'MPEG-1 video': 'V_MPEG1 0x1',
  'MPEG-2 video': 'V_MPEG2 0x2',
  'MPEG audio': '.mp3 A_MPEG/L3 0x3 0x4',
  'AAC audio': 'A_AAC 0xf 0x11',
};

/** How people call a track: by its codec, or if that has no name here, by what its container calls it and its kind. */
export function trackName(codec: string | undefined, kind: string): string {
  const name = Object.keys(NAMES).find((each) => codec !== undefined && NAMES[each].split(' ').includes(codec));
  return name ?? `${codec?.trim() || 'unknown'} ${kind}`;
}

/**
 * The H.264 track with an id.
 *
 * @param id Default: the first one.
 * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if there is no such track; the message says what there is
 */
export function h264Track(tracks: readonly FileTrack[], id?: number): FileTrack {
  const found = tracks.find((track) => track.isH264 && (id === undefined || track.id === id));
  if (found !== undefined) return found;
  const list = tracks.map((track) => `track ${track.id} is ${track.name}`).join(', ') || 'no track in it can be read';
  const what = `the file has no H.264 video${id === undefined ? '' : ` in a track ${id}`}`;
  throw new SeiError('ERR_SEI_UNREADABLE_FILE', `${what}: ${list}`);
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

/** A file that is open for reading: the same for all containers. */
export interface MediaFile {
  /** In which container its tracks are; `annexb` for a bare byte stream. */
  readonly container: Container;
  /** Its tracks, in the order of the file. */
  readonly tracks: readonly FileTrack[];
  /** Whether the file ends before its container says. Final after all packets are read. */
  readonly truncated: boolean;
  /**
   * Reads the packets of H.264 tracks in one pass. The packets of one track come in decoding order.
   *
   * @param ids of the tracks
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the file is damaged, ERR_SEI_UNSUPPORTED_FILE
   */
  packets(ids: ReadonlySet<number>): AsyncGenerator<FilePacket>;
  /**
   * The bytes of the same file with changed H.264; none before it is clear that it can be written.
   *
   * @throws {SeiError} ERR_SEI_UNREADABLE_FILE if the file is damaged or cut short, ERR_SEI_UNSUPPORTED_FILE if
   *   something in it would be wrong afterwards
   */
  rewrite(transformOf: TransformOf): AsyncGenerator<Uint8Array>;
}

/** A packet and its change. */
export interface TransformedPacket<P extends FilePacket = FilePacket> {
  /** The packet. */
  readonly packet: P;
  /** Its change, if there is one. */
  readonly edit: SampleEdit | undefined;
}

/** Changes packets; returns them in their order, perhaps some packets later. */
export interface PacketTransform {
  /** Takes the next packet and returns the packets that are decided. */
  push<P extends FilePacket>(packet: P): TransformedPacket<P>[];
  /** Ends the track and returns the packets that are left. */
  flush<P extends FilePacket>(): TransformedPacket<P>[];
}

/** Chooses the change of each H.264 track. Called once for each track. Undefined: the track stays as it is. */
export type TransformOf = (trackId: number) => PacketTransform | undefined;

/** The changes of all tracks, which are read in one pass; by the ids of those in which something changes. */
export async function editsOf(file: MediaFile, transformOf: TransformOf): Promise<Map<number, TrackEdits>> {
  const edits = new Map<number, Map<number, SampleEdit>>();
  const transforms = new Map<number, PacketTransform>();
  for (const { id, isH264 } of file.tracks) {
    const transform = isH264 && !transforms.has(id) ? transformOf(id) : undefined;
    if (transform !== undefined) transforms.set(id, transform);
  }
  const take = (transformed: readonly TransformedPacket[]) => {
    for (const { packet, edit } of transformed) {
      if (edit === undefined) continue;
      const ofTrack = edits.get(packet.trackId);
      if (ofTrack === undefined) edits.set(packet.trackId, new Map([[packet.index, edit]]));
      else ofTrack.set(packet.index, edit);
    }
  };
  for await (const packet of file.packets(new Set(transforms.keys())))
    take(transforms.get(packet.trackId)?.push(packet) ?? []);
  for (const transform of transforms.values()) take(transform.flush());
  return edits;
}
