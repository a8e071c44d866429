import { MAX_ACCESS_UNIT_SIZE } from '../codec/access-unit-splitter.js';
import { AccessUnitSplitter } from '../frame/access-unit-splitter.js';

/** One access unit of a byte stream. */
export interface AccessUnit {
  /** Its number in decoding order, from 0. */
  readonly index: number;
  /** The offset of its first byte in the stream. */
  readonly offset: number;
  /** Its bytes with their start codes; perhaps a view of a chunk. */
  readonly data: Uint8Array;
  /**
   * Whether it is a later piece of an access unit above {@link MAX_ACCESS_UNIT_SIZE}: nothing is to be inserted there.
   */
  readonly isContinuation: boolean;
}

/**
 * Splits a byte stream into its access units, in constant memory.
 *
 * @param source its chunks, of any length
 * @returns for each chunk the access units that it completes, so that there is one wait for a chunk and not for an
 *   access unit (H.264 7.4.1.2.3, B.1.1)
 */
export async function* accessUnitBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<AccessUnit[]> {
  const splitter = new AccessUnitSplitter({ reuseMemory: true });
  let index = -1;
  let offset = 0;
  let isContinuation = false;
  const number = (data: Uint8Array): AccessUnit => {
    if (!isContinuation) index++;
    const accessUnit = { index, offset, data, isContinuation };
    offset += data.length;
    isContinuation = data.length === MAX_ACCESS_UNIT_SIZE;
    return accessUnit;
  };
  for await (const chunk of source) {
    const accessUnits = splitter.push(chunk);
    if (accessUnits.length > 0) yield accessUnits.map(number);
  }
  yield splitter.flush().map(number);
}
