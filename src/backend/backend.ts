/**
 * The one interface to the work on bytes, which the addon or TypeScript does: few, coarse calls, at most two a frame.
 * Arguments are numbers and byte arrays that have been checked, results are numbers, and the caller allocates the
 * memory for every output. Both implementations return the same, byte for byte.
 */
export interface Backend {
  /** Which implementation this is. */
  readonly name: 'native' | 'typescript';
  /** What searches the bytes: the instruction set of the addon's kernel, or `typescript`. */
  readonly kernel: string;

  /** The bare start-code scan; see codec/start-code-scan. */
  scanStartCodes(data: Uint8Array, offsets: Uint32Array): number;

  /** The number of bytes that `escape` writes; see codec/emulation-prevention. */
  escapedLength(rbsp: Uint8Array): number;

  /**
   * Inserts emulation prevention from the start of `target` on; returns the length, `escapedLength(rbsp)`, which fits.
   * Here as in `unescape`, what `target` holds after the result is undefined.
   */
  escape(rbsp: Uint8Array, target: Uint8Array): number;

  /**
   * Removes emulation prevention; returns the length, at most `bytes.length`, which fits. See
   * codec/emulation-prevention.
   */
  unescape(bytes: Uint8Array, target: Uint8Array): number;

  /** Detects a framing; returns a packed detection, see codec/format-detection. */
  detect(data: Uint8Array, hint: number): number;

  /** Finds where SEI goes; returns a packed location, see codec/locate. */
  locate(frame: Uint8Array, hint: number): number;

  /** Copies a frame with SEI inserted at its location; returns a length or a `SpliceResult`, see codec/splice. */
  splice(frame: Uint8Array, nalUnits: readonly Uint8Array[], target: Uint8Array, location: number): number;

  /** `locate` and `splice` in one call; see `inject` in codec/splice. */
  inject(
    frame: Uint8Array,
    nalUnits: readonly Uint8Array[],
    target: Uint8Array,
    hint: number,
    maxPacketSize: number,
  ): number;

  /** Finds the SEI messages of a frame; returns a packed count or `SCRATCH_TOO_SMALL`, see codec/sei-extraction. */
  extractSeiRecords(
    frame: Uint8Array,
    hint: number,
    isFirstVclEnd: boolean,
    records: Uint32Array,
    scratch: Uint8Array,
  ): number;

  /** Copies a frame without some of its SEI messages; returns a length or a `SpliceResult`, see codec/sei-removal. */
  removeSei(
    frame: Uint8Array,
    framing: number,
    records: Uint32Array,
    isRemoved: Uint8Array,
    target: Uint8Array,
  ): number;

  /** Finds the bounds of the NAL units of a frame; returns a packed count, see codec/nal-unit-bounds. */
  splitNalUnits(data: Uint8Array, hint: number, bounds: Uint32Array): number;

  /** Copies NAL units into another framing; returns a length or a `SpliceResult`, see codec/nal-unit-bounds. */
  joinNalUnits(data: Uint8Array, bounds: Uint32Array, framing: number, target: Uint8Array): number;
}
