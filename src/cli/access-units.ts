import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { AccessUnitSplitter } from '../frame/access-unit-splitter.js';
import type { BoundCounts } from './bounds.js';
import { READ_SIZE } from './chunk-memory.js';

/** One access unit of a byte stream. */
export interface AccessUnit {
  /** Its number in decoding order, from 0. */
  readonly index: number;
  /** The offset of its first byte in the stream. */
  readonly offset: number;
  /** Its bytes with their start codes; they are there until the next batch is asked for. */
  readonly data: Uint8Array;
  /**
   * Whether it is a later piece of an access unit above {@link MAX_ACCESS_UNIT_SIZE}: nothing is to be inserted there.
   */
  readonly isContinuation: boolean;
  /** Whether it is a piece of such an access unit that goes on behind it. */
  readonly isCut: boolean;
}

/** A batch with more access units makes the splitter get fewer bytes at once from then on. */
const MAX_BATCH = 2048;

/** The bytes that the splitter gets at once, at first; more while access units are large, less while they are tiny. */
const FIRST_STEP = 64 * 1024;

const MIN_STEP = 4096;

/**
 * Splits a byte stream into its access units, in constant memory: hostile ones are a few bytes long.
 *
 * @param source its chunks, of any length
 * @param counts told of each access unit that is cut
 * @returns for each chunk, or each part of it, the access units that it completes, so that there is one wait for a
 *   chunk and not for an access unit (H.264 7.4.1.2.3, B.1.1)
 */
export async function* accessUnitBatches(
  source: AsyncIterable<Uint8Array>,
  counts: Pick<BoundCounts, 'cut'> = { cut: 0 },
): AsyncGenerator<AccessUnit[]> {
  const splitter = new AccessUnitSplitter({ reuseMemory: true });
  let index = -1;
  let offset = 0;
  let isContinuation = false;
  let forcedCuts = 0;
  const number = (batch: readonly Uint8Array[]): AccessUnit[] => {
    // An access unit of just that size is not cut. Should one come in a batch with one that is, both count as cut.
    const hasCut = splitter.forcedCuts > forcedCuts;
    forcedCuts = splitter.forcedCuts;
    return batch.map((data) => {
      if (!isContinuation) index++;
      const isCut = hasCut && data.length === MAX_ACCESS_UNIT_SIZE;
      if (isCut && !isContinuation) counts.cut++;
      const accessUnit = { index, offset, data, isContinuation, isCut };
      offset += data.length;
      isContinuation = isCut;
      return accessUnit;
    });
  };
  let step = FIRST_STEP;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const end = Math.min(at + step, chunk.length);
      const batch = splitter.push(chunk.subarray(at, end));
      if (batch.length > MAX_BATCH) step = Math.max(MIN_STEP, step >> 2);
      else if (batch.length < MAX_BATCH / 8) step = Math.min(2 * step, READ_SIZE);
      at = end;
      if (batch.length > 0) yield number(batch);
    }
  }
  yield number(splitter.flush());
}
