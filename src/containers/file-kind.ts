/** What a file is, told from its first bytes. */
import { detectH264Format } from '../frame/detect.js';

/** The bytes at the beginning of a file that show what it is. */
export const HEAD_LENGTH = 64 * 1024;

/** The containers that can be read, and a bare byte stream. */
export type Container = 'annexb' | 'mp4' | 'matroska' | 'mpegts';

/** What the first bytes of a file say. */
export interface FileKind {
  /** What it is, for people, such as `an MP4 file`. */
  readonly what: string;
  /** Which container, where it is one that can be read. */
  readonly container?: Container;
  /** Whether it is a container of media, of any kind, or names some. */
  readonly isMedia: boolean;
}

interface Signature extends FileKind {
  readonly matches: (head: Uint8Array) => boolean;
}

/** Boxes that a file begins with: those of ISO/IEC 14496-12, and of QuickTime, which needs no ftyp. */
const MP4_BOXES = new Set(
  'ftyp styp moov moof sidx ssix mdat free skip wide junk pnot pict PICT uuid emsg prft pdin meta udta'.split(' '),
);

function asciiAt(head: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...head.subarray(at, at + length));
}

/** Matches a text in ASCII at an offset. */
function ascii(text: string, at = 0): Signature['matches'] {
  return (head) => asciiAt(head, at, text.length) === text;
}

/** Matches bytes at the beginning. */
function bytes(...expected: number[]): Signature['matches'] {
  return (head) => head.length >= expected.length && expected.every((byte, i) => head[i] === byte);
}

const SYNC_BYTE = 0x47;

/** How the packets of a transport stream lie. */
export interface TransportLayout {
  /** Bytes of a packet, with what stands in front of its sync byte and behind it. */
  readonly size: number;
  /** Bytes in front of its sync byte. */
  readonly prefix: number;
  /** Offset of the first whole packet: bytes in front of it are foreign, or the end of a packet. */
  readonly start: number;
}

/** So many sync bytes in their places show a transport stream. */
const SYNC_COUNT = 5;

/**
 * Tells how the packets of an MPEG-2 transport stream lie: a sync byte every 188 bytes, behind a time stamp of 4 bytes in
 * Blu-ray's variant, or in front of 16 bytes of error correction (ISO/IEC 13818-1 2.4.3.2). Foreign bytes may stand in
 * front of the first packet.
 *
 * @param head the first bytes of the stream
 * @returns undefined if the bytes are not a transport stream
 */
export function transportLayout(head: Uint8Array): TransportLayout | undefined {
  for (let start = 0; start === 0 || start + 188 * SYNC_COUNT <= head.length; start++) {
    for (const [size, prefix] of [
      [188, 0],
      [192, 4],
      [204, 0],
    ]) {
      // A short stream has fewer packets; behind foreign bytes they have to be there.
      const isThere = (n: number) => {
        const at = start + n * size + prefix;
        return at >= head.length ? start === 0 : head[at] === SYNC_BYTE;
      };
      if (isThere(0) && head.length > start + size + prefix && [1, 2, 3, 4].every(isThere))
        return { size, prefix, start };
    }
  }
  return undefined;
}

/**
 * Two header bytes of HEVC behind a start code: a parameter set, delimiter, SEI or slice with nuh_layer_id 0 (H.265
 * 7.3.1.2).
 */
function isHevc(head: Uint8Array): boolean {
  let at = 0;
  while (at < head.length && head[at] === 0) at++;
  if (at < 2 || head[at] !== 1 || at + 2 >= head.length) return false;
  const type = head[at + 1] >> 1;
  return (
    (head[at + 1] & 0x81) === 0 && head[at + 2] > 0 && head[at + 2] < 8 && ((type >= 32 && type <= 40) || type <= 21)
  );
}

function media(what: string, matches: Signature['matches'], container?: Container): Signature {
  return { what, matches, isMedia: true, ...(container !== undefined && { container }) };
}

function other(what: string, matches: Signature['matches']): Signature {
  return { what, matches, isMedia: false };
}

/** A box whose size begins like a start code (1, or 256 to 511) is no byte stream: its type tells (14496-12 4.2). */
const MP4 = media('an MP4 file', (head) => MP4_BOXES.has(asciiAt(head, 4, 4)), 'mp4');

const SIGNATURES: readonly Signature[] = [
  MP4,
  media('a Matroska or WebM file', bytes(0x1a, 0x45, 0xdf, 0xa3), 'matroska'),
  media('an FLV file', ascii('FLV')),
  media('an AVI file', ascii('AVI ', 8)),
  other('a WAVE file, which is audio alone', ascii('WAVE', 8)),
  media('an Ogg file', ascii('OggS')),
  media('an IVF file', ascii('DKIF')),
  other('an MP3 file, which is audio alone', ascii('ID3')),
  other('a PNG image', bytes(0x89, 0x50, 0x4e, 0x47)),
  other('a JPEG image', bytes(0xff, 0xd8, 0xff)),
  other('a GIF image', ascii('GIF8')),
  other('a ZIP archive', bytes(0x50, 0x4b, 0x03, 0x04)),
  other('a gzip archive', bytes(0x1f, 0x8b)),
  other('a PDF document', ascii('%PDF')),
  media('an HLS playlist', ascii('#EXTM3U')),
  media('an MPEG program stream', bytes(0, 0, 1, 0xba)),
  media('an MPEG transport stream', (head) => transportLayout(head) !== undefined, 'mpegts'),
  other('MPEG-1 or MPEG-2 video', bytes(0, 0, 1, 0xb3)),
  other('HEVC (H.265) video', isHevc),
];

/**
 * Tells what a byte stream of H.264, or a file, is in.
 *
 * @param head its first bytes; 64 KiB are enough
 * @returns undefined if it is in nothing that can be read
 */
export function containerOf(head: Uint8Array): Container | undefined {
  if (MP4.matches(head)) return 'mp4';
  if (detectH264Format(head).format === 'annexb') return 'annexb';
  return fileKindOf(head)?.container;
}

/**
 * Tells what a file is that is not a byte stream of H.264.
 *
 * @param head its first bytes; some hundred are enough
 * @returns undefined where no signature matches
 */
export function fileKindOf(head: Uint8Array): FileKind | undefined {
  return SIGNATURES.find(({ matches }) => matches(head));
}
