/** What is to be changed in a file: bytes that go, and bytes that come in their place. */
import { SeiError } from '../errors.js';

/** A change of a stretch of bytes. */
export interface Edit {
  /** Offset of the first byte that goes; where none goes, of the byte in front of which new ones come. */
  readonly at: number;
  /** How many bytes go. */
  readonly remove: number;
  /** What comes, in pieces. */
  readonly insert: readonly Uint8Array[];
}

/** A change of one sample; its offset is one in the sample. */
export interface SampleEdit extends Edit {
  /** The size that the sample had. */
  readonly sampleSize: number;
}

/** The changes of a track, by the number of the sample in decoding order. */
export type TrackEdits = ReadonlyMap<number, SampleEdit>;

/** How many more bytes there are behind a change. */
export function growthOf({ remove, insert }: Edit): number {
  let growth = -remove;
  for (const { length } of insert) growth += length;
  return growth;
}

/**
 * The change that makes a sample of the pieces that come out of an injection.
 *
 * @param data the sample
 * @param parts as {@link injectSeiParts} answers them
 * @returns undefined where there is none
 */
export function editOfParts(data: Uint8Array, parts: readonly Uint8Array[]): SampleEdit | undefined {
  if (parts.length < 2) return undefined;
  const at = data.length - parts[parts.length - 1].length;
  const insert = parts.slice(at > 0 ? 1 : 0, -1);
  return { at, remove: 0, insert, sampleSize: data.length };
}

/** The change that makes one sample of another: what lies between their common beginning and their common end. */
export function editOfChange(before: Uint8Array, after: Uint8Array): SampleEdit | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const insert = after.slice(start, after.length - end);
  const remove = before.length - end - start;
  if (remove === 0 && insert.length === 0) return undefined;
  return { at: start, remove, insert: insert.length > 0 ? [insert] : [], sampleSize: before.length };
}

/** A {@link SeiError} that says what of a file cannot be kept. */
export function unsupported(what: string): SeiError {
  return new SeiError('ERR_SEI_UNSUPPORTED_FILE', what);
}

/** A {@link SeiError} that says that samples are encrypted. */
export function encrypted(): SeiError {
  return unsupported('the file is encrypted; decrypt it first');
}

/** A {@link SeiError} that says that bytes belong to more than one sample. */
export function overlapping(): SeiError {
  return unsupported('samples of the file lie over each other; write it anew first: ffmpeg -i in -map 0 -c copy out');
}

/** A {@link SeiError} that says that a file is damaged. */
export function damaged(what: string): SeiError {
  return new SeiError('ERR_SEI_UNREADABLE_FILE', `the file is damaged or cut short: ${what}`);
}

/** The first index of a list of so many for which something holds that holds for all after it too; `count` if for none. */
export function firstIndex(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The changes of a whole file, in order, and where its bytes are afterwards. */
export class FileEdits {
  /** The changes, by their offsets. */
  readonly edits: readonly Edit[];
  /** Behind each edit, the growth of all up to there. */
  readonly #growth: Float64Array;

  /**
   * @param edits in any order
   * @throws {@link SeiError} `ERR_SEI_UNSUPPORTED_FILE` where two change the same bytes, as where samples overlap
   */
  constructor(edits: readonly Edit[]) {
    this.edits = [...edits].sort((a, b) => a.at - b.at);
    this.#growth = new Float64Array(edits.length);
    let growth = 0;
    let end = 0;
    for (const [i, edit] of this.edits.entries()) {
      if (edit.at < end || (i > 0 && edit.at === this.edits[i - 1].at)) {
        throw overlapping();
      }
      end = edit.at + edit.remove;
      growth += growthOf(edit);
      this.#growth[i] = growth;
    }
  }

  /** The number of the first edit at or after an offset. */
  firstAt(offset: number): number {
    return firstIndex(this.edits.length, (i) => this.edits[i].at >= offset);
  }

  /** Where the byte at an offset is afterwards; what comes in at the offset comes behind that. */
  moved(offset: number): number {
    const next = this.firstAt(offset);
    return next === 0 ? offset : offset + this.#growth[next - 1];
  }

  /** How much a stretch grows. */
  growthIn(start: number, end: number): number {
    return this.moved(end) - end - (this.moved(start) - start);
  }
}
