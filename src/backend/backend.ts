/**
 * The one interface behind which the hot path is done, by the addon or in TypeScript: few, coarse calls, a frame each.
 * Arguments are numbers and byte arrays that have been checked, results are numbers, and every output goes into memory
 * that the caller has allocated. The two implementations answer the same, byte for byte.
 */
export interface Backend {
  /** Which implementation this is. */
  readonly name: 'native' | 'typescript';
  /** What searches the bytes: the instruction set of the addon's kernel, or `typescript`. */
  readonly kernel: string;

  /** The bare start-code scan; see `scanStartCodes` in codec/byte-stream. */
  scanStartCodes(data: Uint8Array, offsets: Uint32Array): number;

  /** How many bytes `escape` writes; see codec/emulation-prevention. */
  escapedLength(rbsp: Uint8Array): number;

  /**
   * Inserts emulation prevention from the start of `target` on; answers the length, `escapedLength(rbsp)`, which fits.
   * Here as in `unescape`, what `target` holds behind the result is not defined.
   */
  escape(rbsp: Uint8Array, target: Uint8Array): number;

  /**
   * Removes emulation prevention; answers the length, at most `bytes.length`, which fits. See
   * codec/emulation-prevention.
   */
  unescape(bytes: Uint8Array, target: Uint8Array): number;

  /** Detects a framing; answers a packed detection, see codec/format-detection. */
  detect(data: Uint8Array, hint: number): number;

  /**
   * Finds the insertion point; answers `offset * LOCATION_SCALE + framing` or a negative `SpliceResult`, see
   * codec/splice.
   */
  locate(frame: Uint8Array, nalUnits: readonly Uint8Array[], hint: number, maxPacketSize: number): number;

  /** Locates and splices; answers the bytes written to `target` or a negative `SpliceResult`, see codec/splice. */
  inject(
    frame: Uint8Array,
    nalUnits: readonly Uint8Array[],
    target: Uint8Array,
    hint: number,
    maxPacketSize: number,
  ): number;

  /** Finds the SEI messages of a frame; answers their number or `SCRATCH_TOO_SMALL`, see codec/sei-extraction. */
  extractSeiRecords(
    frame: Uint8Array,
    framing: number,
    isFirstVclEnd: boolean,
    records: Uint32Array,
    scratch: Uint8Array,
  ): number;
}
