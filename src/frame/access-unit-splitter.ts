import { backend } from '../backend/current.js';
import { AccessUnitSplitter as CodecAccessUnitSplitter } from '../codec/access-unit-splitter.js';
import { checkOptions, optionNames } from '../options.js';
import { readableBytes } from './arguments.js';

/** Options of {@link AccessUnitSplitter}. */
export interface AccessUnitSplitterOptions {
  /** The bytes that an access unit may have before it is cut, at least 1; {@link MAX_ACCESS_UNIT_SIZE} where absent. */
  readonly maxAccessUnitSize?: number | undefined;
  /**
   * Whether an access unit may be a view of the splitter's own memory: then it is there until the next call, and the
   * splitter copies and allocates less. By default what comes out belongs to the caller.
   */
  readonly reuseMemory?: boolean | undefined;
}

const OPTIONS = /* @__PURE__ */ optionNames<AccessUnitSplitterOptions>()('AccessUnitSplitter', {
  maxAccessUnitSize: true,
  reuseMemory: true,
});

/**
 * Splits an Annex B byte stream that arrives in chunks into its access units, with the scan of the backend at work.
 *
 * What comes out, joined, is what went in, byte for byte, however it is chunked. An access unit comes out as soon as it
 * is certain that the next one has begun. It is a view of the chunk where it lies within one, else a copy: whoever
 * reuses the memory of a chunk has to be done with what {@link AccessUnitSplitter.push} answered. Memory is bounded by
 * `maxAccessUnitSize`; no bytes make it throw. (H.264 7.4.1.2.3, 7.4.1.2.4, B.1.1)
 */
export class AccessUnitSplitter extends CodecAccessUnitSplitter {
  /**
   * @param options the bound on one access unit, and whose memory it is
   * @throws `TypeError` or `RangeError` for an option of the wrong type or value
   */
  constructor(options: AccessUnitSplitterOptions = {}) {
    checkOptions(options, OPTIONS);
    super({ ...options, scan: (data, offsets) => backend().scanStartCodes(data, offsets) });
  }

  /**
   * Takes the next bytes of the stream, of any length.
   *
   * @param chunk borrowed; the views among the result go on reading it (memory that threads share is copied first)
   * @returns the access units that are complete now, in decoding order, each with its start codes
   * @throws `TypeError` where `chunk` is no Uint8Array; {@link SeiError} `ERR_SEI_DETACHED_BUFFER`
   */
  override push(chunk: Uint8Array): Uint8Array[] {
    return super.push(readableBytes('chunk', chunk));
  }
}
