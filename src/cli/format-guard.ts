/** Says what an input is, and stops what is no H.264 byte stream before anything is done to it. */
import { type FileKind, HEAD_LENGTH, containerOf, fileKindOf } from '../containers/file-kind.js';
import { type FormatDetection, detectH264Format } from '../frame/detect.js';
import { CliError } from './failure.js';

/**
 * So many bytes are looked at again with each chunk; an input that has not shown what it is then is looked at once
 * more, at the end.
 */
const DRIP_LENGTH = 64;

/** From this confidence on the bytes are taken for what they look like. */
export const MIN_CONFIDENCE = 0.75;

/** What the beginning of an input tells. */
export interface Identification {
  /** What the library says; of a container that it is no H.264. */
  readonly detection: FormatDetection;
  /** What it is, for people, such as `an MP4 file`. */
  readonly what: string;
  /** What to do about it; absent for a byte stream. */
  readonly advice?: string;
}

const UNKNOWN: FormatDetection = { isH264: false, format: 'unknown', confidence: 0 };

function containerAdvice(name: string): string {
  const input = name === 'stdin' ? '-' : name;
  return `take the H.264 out of it first: ffmpeg -i ${input} -map 0:v:0 -c copy -bsf:v h264_mp4toannexb -f h264 video.h264`;
}

function adviceOn({ container, isMedia }: FileKind, name: string): string {
  if (container !== undefined) return 'inject, extract, inspect and strip read it as it is';
  return isMedia ? containerAdvice(name) : 'this command reads H.264 only';
}

/**
 * The offset behind the last whole NAL unit of a chain of four-byte lengths; 0 where fewer than two fit, which proves
 * nothing.
 */
function endOfChain(head: Uint8Array): number {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  let end = 0;
  let count = 0;
  while (end + 4 < head.length) {
    const next = end + 4 + view.getUint32(end);
    if (next > head.length) break;
    end = next;
    count++;
  }
  return count < 2 ? 0 : end;
}

function describe(detection: FormatDetection): Identification {
  if (detection.format === 'annexb') return { detection, what: 'a H.264 byte stream (Annex B)' };
  if (detection.format === 'avcc') {
    return {
      detection,
      what: `length-prefixed H.264 (AVCC, lengths of ${detection.lengthSize ?? 4} bytes)`,
      advice: 'give each NAL unit a start code first, as toAnnexB() of this package does for each sample',
    };
  }
  return {
    detection,
    what: 'no H.264 byte stream (Annex B)',
    advice:
      'it does not begin with a start code and a NAL unit of H.264; with --force it is taken for one all the same',
  };
}

/**
 * Tells what an input is.
 *
 * @param head its beginning
 * @param isWhole whether that is all of it
 * @param name how messages call the input
 */
export function identify(head: Uint8Array, isWhole: boolean, name: string): Identification {
  if (isWhole && head.length === 0) return { detection: UNKNOWN, what: 'empty', advice: 'there is nothing to read' };
  const detection = detectH264Format(head);
  if (containerOf(head) === 'annexb') return describe(detection);
  const kind = fileKindOf(head);
  if (kind !== undefined) {
    return { detection: UNKNOWN, what: kind.what, advice: adviceOn(kind, name) };
  }
  if (isWhole || detection.confidence >= MIN_CONFIDENCE) return describe(detection);
  const chainEnd = endOfChain(head);
  const cut = chainEnd === 0 ? UNKNOWN : detectH264Format(head.subarray(0, chainEnd));
  return describe(cut.format === 'avcc' ? cut : detection);
}

/**
 * Passes the chunks of a byte stream on as soon as it has shown that it is one.
 *
 * @param source the chunks of the input
 * @param name how messages call the input
 * @throws {@link CliError} that says what the input is instead and what to do
 */
export async function* requireByteStream(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let isByteStream = false;
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const check = (isWhole: boolean) => {
    const head = Buffer.concat(held, Math.min(heldLength, HEAD_LENGTH));
    const { detection, what, advice } = identify(head, isWhole, name);
    isByteStream = detection.format === 'annexb';
    if (isByteStream || (!isWhole && head.length < HEAD_LENGTH)) return;
    throw new CliError(`${name} is ${what}; ${advice ?? ''}`);
  };
  for await (const chunk of source) {
    if (isByteStream) {
      yield chunk;
      continue;
    }
    const wasDrip = heldLength < DRIP_LENGTH;
    held.push(chunk);
    heldLength += chunk.length;
    if (wasDrip || heldLength >= HEAD_LENGTH) check(false);
    if (isByteStream) {
      yield* held;
      held = [];
    } else {
      // Where the chunk lies, the next one may come.
      held[held.length - 1] = Buffer.from(chunk);
    }
  }
  if (isByteStream) return;
  check(true);
  yield* held;
}
