/**
 * Splits a byte stream that arrives in chunks into its access units (H.264 Annex B, 7.4.1.2.3).
 *
 * The work has two halves. {@link AccessUnitSplitter} looks after the bytes: it finds the NAL units with the bare
 * start-code scan, keeps what is not complete yet, and cuts. `PictureTracker` looks after the syntax: it is told of
 * each NAL unit in turn and says whether an access unit begins there. Of a slice it reads the first few bytes, of a
 * parameter set what slice headers depend on, of all else the header.
 */
import { invalidType, outOfRange } from '../errors.js';
import { scanStartCodes, trimTrailingZeros } from './start-code-scan.js';
import { allocate, copyBytes, isUint8Array, plainBytes } from './bytes.js';
import { isVcl, nalUnitType } from './nal-unit.js';
import { PictureTracker, Place, isParameterSet } from './picture-tracker.js';
import { MAX_SLICE_HEADER_LENGTH, hasSliceHeader } from './slice-header.js';

/**
 * The bytes that an access unit may have before an {@link AccessUnitSplitter} cuts it, unless told otherwise: 16 MiB.
 */
export const MAX_ACCESS_UNIT_SIZE = 16 * 1024 * 1024;

/**
 * The bytes of a parameter set that are read at most: 64 KiB. The longest thing to step over, the slice groups of type
 * 6 for the largest picture of level 6.2, are 139,264 times 3 bits, 52,224 bytes.
 */
export const MAX_PARAMETER_SET_LENGTH = 64 * 1024;

/** A prefix NAL unit, which has a few bytes, counts as one only if the next NAL unit begins within so many: 1 KiB. */
export const MAX_PREFIX_NAL_UNIT_LENGTH = 1024;

/** Bytes scanned by one call, so that the offsets of the densest start codes still have bounded memory. */
const SCAN_BLOCK = 64 * 1024;

/** One start code in three bytes is the most there can be. */
const MAX_OFFSETS = Math.ceil(SCAN_BLOCK / 3) + 1;

/** Room for the start codes of a block at first; only a stream of tiny NAL units needs {@link MAX_OFFSETS}. */
const INITIAL_OFFSETS = 256;

/** Capacity in bytes of the memory for what is incomplete, at first. */
const INITIAL_CAPACITY = 8192;

const START_CODE_PREFIX_LENGTH = 3;

/** No index: nothing of the kind is there. */
const NONE = -1;

const NO_BYTES = new Uint8Array(0);

/**
 * Writes the index of the byte behind each start code prefix `00 00 01` of `data` into `offsets`, ascending, as far as
 * there is room, and answers how many there are.
 */
export type StartCodeScan = (data: Uint8Array, offsets: Uint32Array) => number;

/** Options of {@link AccessUnitSplitter}. */
export interface AccessUnitSplitterOptions {
  /** The bare start-code scan; by default the one in TypeScript. */
  readonly scan?: StartCodeScan;
  /** The bytes that an access unit may have before it is cut, at least 1; {@link MAX_ACCESS_UNIT_SIZE} by default. */
  readonly maxAccessUnitSize?: number | undefined;
  /**
   * Whether an access unit may be a view of the splitter's own memory: then it is there until the next call, and the
   * splitter copies and allocates less. By default what comes out belongs to the caller.
   */
  readonly reuseMemory?: boolean | undefined;
}

/**
 * Splits a byte stream that arrives in chunks into its access units.
 *
 * - What comes out, joined, is what went in, byte for byte, whatever the bytes are. An access unit keeps its start
 *   codes: the zero_byte in front of a start code prefix goes with the NAL unit behind it, any other zeros with the one
 *   before, and what is in front of the first start code with the first access unit.
 * - Where the stream is split depends on its bytes alone, not on the chunks.
 * - An access unit comes out as soon as it is certain that the next one has begun: that takes the header of a NAL unit,
 *   or, for a slice, the first bytes of its slice header.
 * - An access unit is a view of the chunk where it lies within one, and else a copy (with `reuseMemory` a view of the
 *   splitter's own memory, which the next call overwrites). So whoever reuses the memory of a chunk has to be done with
 *   what {@link AccessUnitSplitter.push} answered; the splitter itself keeps no chunk.
 * - No bytes make it throw. A parameter set that cannot be read is passed over; a slice that cannot be read stays with
 *   the access unit that is there; while a parameter set is missing, first_mb_in_slice decides.
 * - Time is linear in the bytes. What is held between two calls is bounded by `maxAccessUnitSize` and 65,536: a larger access unit is cut into pieces of `maxAccessUnitSize`, which {@link
 *   AccessUnitSplitter.forcedCuts} counts. A stream without a single slice is one such access unit.
 *
 * A field is an access unit of its own. Slices of redundant coded pictures and of auxiliary or enhancement layers stay
 * with their primary coded picture (H.264 7.4.1.2.3, 7.4.1.2.4, B.1.1).
 */
export class AccessUnitSplitter {
  readonly #scan: StartCodeScan;
  readonly #maxAccessUnitSize: number;
  readonly #reusesMemory: boolean;
  #tracker = new PictureTracker();
  #offsets = new Uint32Array(INITIAL_OFFSETS);
  #forcedCuts = 0;

  // An index counts from the first byte of #held, and goes on into #chunk, which lies behind it.
  #held: Uint8Array = NO_BYTES;
  #heldLength = 0;
  #chunk: Uint8Array = NO_BYTES;
  /** Takes the place of #held while the last access units are views of that. */
  #spare: Uint8Array = NO_BYTES;
  #isHeldLent = false;
  /** The last three bytes, as one number: a start code prefix may reach into the next chunk. */
  #lastBytes = 0xff_ffff;

  #accessUnits: Uint8Array[] = [];
  /** Where the access unit begins that is not complete. */
  #start = 0;
  /** The last NAL unit, while it is a slice or a parameter set that is not read yet. */
  #unread = NONE;
  #unreadType = 0;
  /** Where an access unit begins if the slice at #unread is the first of a picture. */
  #candidate = NONE;
  /** The prefix NAL unit behind which nothing has come yet, and where an access unit begins if that decides so. */
  #prefix = NONE;
  #prefixCandidate = NONE;

  /**
   * @param options see {@link AccessUnitSplitterOptions}
   * @throws TypeError or RangeError for an option of the wrong type or value
   */
  constructor(options: AccessUnitSplitterOptions = {}) {
    const { scan = scanStartCodes, maxAccessUnitSize = MAX_ACCESS_UNIT_SIZE, reuseMemory = false } = options;
    if (typeof scan !== 'function') throw invalidType('scan', 'a function', scan);
    if (typeof maxAccessUnitSize !== 'number') throw invalidType('maxAccessUnitSize', 'a number', maxAccessUnitSize);
    if (!Number.isSafeInteger(maxAccessUnitSize) || maxAccessUnitSize < 1) {
      throw outOfRange('maxAccessUnitSize', 'an integer above 0', maxAccessUnitSize);
    }
    if (typeof reuseMemory !== 'boolean') throw invalidType('reuseMemory', 'a boolean', reuseMemory);
    this.#scan = scan;
    this.#maxAccessUnitSize = maxAccessUnitSize;
    this.#reusesMemory = reuseMemory;
  }

  /** How often an access unit was cut because it was larger than `maxAccessUnitSize`. */
  get forcedCuts(): number {
    return this.#forcedCuts;
  }

  /**
   * What has come of the access unit that is not complete, as far as it is certain to belong there: for whoever cannot
   * wait for the next one. A view of the splitter's own memory, which the next call overwrites.
   */
  get incomplete(): Uint8Array {
    return this.#held.subarray(0, Math.max(0, this.#certainEnd()));
  }

  /** Whether a VCL NAL unit of the access unit that is not complete has come, and as much of it as had to be read. */
  get hasVcl(): boolean {
    return this.#tracker.hasVcl;
  }

  /**
   * Takes the next bytes of the stream, of any length.
   *
   * @param chunk borrowed; the views among the result go on reading it
   * @returns the access units that are complete now, in decoding order, each with its start codes
   * @throws TypeError where `chunk` is no Uint8Array (H.264 B.1.1)
   */
  push(chunk: Uint8Array): Uint8Array[] {
    if (!isUint8Array(chunk)) throw invalidType('chunk', 'a Uint8Array', chunk);
    this.#takeBack();
    this.#chunk = plainBytes(chunk);
    this.#findNalUnits();
    this.#decide();
    this.#cutUpTo(this.#certainEnd());
    this.#hold();
    return this.#takeAccessUnits();
  }

  /**
   * Says that the stream ends here. Afterwards the splitter is as new, its count of forced cuts aside.
   *
   * @returns what there is left, mostly one access unit
   */
  flush(): Uint8Array[] {
    const end = this.#heldLength;
    this.#finishNalUnit(end);
    if (this.#prefix !== NONE) this.#beginAccessUnit(this.#prefixCandidate);
    this.#prefix = NONE;
    this.#emitAccessUnit(end);
    this.#tracker = new PictureTracker();
    this.#held = NO_BYTES;
    this.#heldLength = 0;
    this.#spare = NO_BYTES;
    this.#isHeldLent = false;
    this.#start = 0;
    this.#lastBytes = 0xff_ffff;
    return this.#takeAccessUnits();
  }

  #findNalUnits(): void {
    const chunk = this.#chunk;
    const { length } = chunk;
    const base = this.#heldLength;
    // The scan sees the chunk alone, so that these are the NAL units whose start code prefix it cannot see.
    for (let at = 0; at < length && at < START_CODE_PREFIX_LENGTH; at++) {
      if (this.#lastBytes === 1) this.#takeNalUnit(base + at);
      this.#lastBytes = ((this.#lastBytes << 8) | chunk[at]) & 0xff_ffff;
    }
    if (length <= START_CODE_PREFIX_LENGTH) return;
    this.#lastBytes = (chunk[length - 3] << 16) | (chunk[length - 2] << 8) | chunk[length - 1];
    for (let from = 0; from < length; from += SCAN_BLOCK) {
      const blockStart = Math.max(0, from - START_CODE_PREFIX_LENGTH);
      const to = Math.min(from + SCAN_BLOCK, length);
      const block = blockStart === 0 && to === length ? chunk : chunk.subarray(blockStart, to);
      const count = this.#scanBlock(block);
      for (let i = 0; i < count; i++) {
        const at = blockStart + this.#offsets[i];
        // A prefix at the very end has no header behind it yet: it is found again in front of the next block or chunk.
        if (at < to) this.#takeNalUnit(base + at);
      }
    }
  }

  #scanBlock(block: Uint8Array): number {
    let count = this.#scan(block, this.#offsets);
    if (count > this.#offsets.length && this.#offsets.length < MAX_OFFSETS) {
      this.#offsets = new Uint32Array(MAX_OFFSETS);
      count = this.#scan(block, this.#offsets);
    }
    return Math.min(count, this.#offsets.length);
  }

  /** Takes the NAL unit whose header is at `at`. */
  #takeNalUnit(at: number): void {
    this.#finishNalUnit(at - START_CODE_PREFIX_LENGTH);
    const type = nalUnitType(this.#byteAt(at));
    const hasZeroByte = at - 4 >= this.#start && this.#byteAt(at - 4) === 0;
    let candidate = at - (hasZeroByte ? 4 : 3);
    if (this.#prefix !== NONE) {
      if (!isVcl(type) || at - this.#prefix > MAX_PREFIX_NAL_UNIT_LENGTH) this.#beginAccessUnit(this.#prefixCandidate);
      else candidate = this.#prefixCandidate;
      this.#prefix = NONE;
    }
    const place = this.#tracker.place(type);
    if (place === Place.next) {
      this.#beginAccessUnit(candidate);
    } else if (place === Place.bySliceHeader) {
      this.#candidate = candidate;
    } else if (place === Place.byFollower) {
      this.#prefix = at;
      this.#prefixCandidate = candidate;
    }
    if (hasSliceHeader(type) || isParameterSet(type)) {
      this.#unread = at;
      this.#unreadType = type;
      if (!isParameterSet(type)) this.#readSlice(this.#end, false);
    } else {
      this.#tracker.take(type);
    }
  }

  /** Reads what is left to read of the last NAL unit, which ends at `end`, or at the zeros in front of that. */
  #finishNalUnit(end: number): void {
    if (this.#unread === NONE) return;
    if (isParameterSet(this.#unreadType)) this.#readParameterSet(end);
    else this.#readSlice(end, true);
  }

  #readParameterSet(nalUnitEnd: number): void {
    const at = this.#unread;
    const end = Math.min(nalUnitEnd, at + MAX_PARAMETER_SET_LENGTH);
    const { data, start } = this.#window(at, end);
    this.#tracker.takeParameterSet(data, start, trimTrailingZeros(data, start + 1, start + end - at));
    this.#unread = NONE;
  }

  /**
   * Reads the slice header if enough of it is there. Zeros at the end are left out: they may be those of the next start
   * code.
   */
  #readSlice(knownEnd: number, isWhole: boolean): void {
    const at = this.#unread;
    const limit = at + 1 + MAX_SLICE_HEADER_LENGTH;
    const end = Math.min(knownEnd, limit);
    const { data, start } = this.#window(at, end);
    const dataEnd = trimTrailingZeros(data, start + 1, start + end - at);
    const isFirst = this.#tracker.takeSlice(data, start, dataEnd, isWhole || end === limit);
    if (isFirst === undefined) return;
    if (isFirst) this.#emitAccessUnit(this.#candidate);
    this.#unread = NONE;
    this.#candidate = NONE;
  }

  /** Decides what can be decided now that the chunk has no more NAL units. */
  #decide(): void {
    const end = this.#end;
    if (this.#unread !== NONE) {
      if (!isParameterSet(this.#unreadType)) this.#readSlice(end, false);
      else if (end - this.#unread >= MAX_PARAMETER_SET_LENGTH) this.#readParameterSet(end);
    }
    if (this.#prefix !== NONE && end - this.#prefix > MAX_PREFIX_NAL_UNIT_LENGTH) {
      this.#beginAccessUnit(this.#prefixCandidate);
      this.#prefix = NONE;
    }
  }

  /** The index in front of which nothing can become the beginning of an access unit, and nothing is left to read. */
  #certainEnd(): number {
    let end = this.#end - this.#startCodeAtEnd();
    if (this.#unread !== NONE) end = Math.min(end, this.#unread);
    if (this.#candidate !== NONE) end = Math.min(end, this.#candidate);
    if (this.#prefix !== NONE) end = Math.min(end, this.#prefixCandidate);
    return end;
  }

  /** How many of the last bytes may be a start code, or the beginning of one. */
  #startCodeAtEnd(): number {
    if (this.#lastBytes === 1) return this.#byteAt(this.#end - 4) === 0 ? 4 : START_CODE_PREFIX_LENGTH;
    let zeros = 0;
    while (zeros < START_CODE_PREFIX_LENGTH && ((this.#lastBytes >> (8 * zeros)) & 0xff) === 0) zeros++;
    return zeros;
  }

  #beginAccessUnit(at: number): void {
    this.#emitAccessUnit(at);
    this.#tracker.beginAccessUnit();
  }

  #emitAccessUnit(end: number): void {
    this.#cutUpTo(end);
    this.#emit(end);
  }

  /** Cuts as long as the access unit is too large for what is known to belong to it. */
  #cutUpTo(end: number): void {
    while (end - this.#start > this.#maxAccessUnitSize) {
      this.#emit(this.#start + this.#maxAccessUnitSize);
      this.#forcedCuts++;
    }
  }

  #emit(end: number): void {
    if (end <= this.#start) return;
    this.#accessUnits.push(this.#accessUnit(this.#start, end));
    this.#start = end;
  }

  #accessUnit(from: number, end: number): Uint8Array {
    const base = this.#heldLength;
    if (from >= base) return this.#chunk.subarray(from - base, end - base);
    if (this.#reusesMemory) {
      const view = this.#heldUpTo(end).subarray(from, end);
      this.#isHeldLent = true;
      return view;
    }
    // What is held is written again for the next access unit.
    const heldEnd = Math.min(base, end);
    const copy = allocate(end - from, this.#held);
    copyBytes(this.#chunk, 0, end - heldEnd, copy, copyBytes(this.#held, from, heldEnd, copy, 0));
    return copy;
  }

  /** The memory in which the bytes from `from` to `end` lie in a row, and where there. */
  #window(from: number, end: number): { readonly data: Uint8Array; readonly start: number } {
    const base = this.#heldLength;
    if (from >= base) return { data: this.#chunk, start: from - base };
    return { data: this.#heldUpTo(end), start: from };
  }

  /** The memory of what is held, with the bytes of the chunk up to `end` copied behind that. */
  #heldUpTo(end: number): Uint8Array {
    const base = this.#heldLength;
    if (end <= base) return this.#held;
    if (end > this.#held.length) {
      const memory = allocate(Math.max(end, 2 * this.#held.length), this.#held);
      copyBytes(this.#held, 0, base, memory, 0);
      this.#held = memory;
    }
    copyBytes(this.#chunk, 0, end - base, this.#held, base);
    return this.#held;
  }

  #byteAt(index: number): number {
    const base = this.#heldLength;
    return index < base ? this.#held[index] : this.#chunk[index - base];
  }

  get #end(): number {
    return this.#heldLength + this.#chunk.length;
  }

  /** Moves what is incomplete to the beginning of the memory of the splitter, so that the chunk is needed no more. */
  #hold(): void {
    const chunk = this.#chunk;
    const base = this.#heldLength;
    const start = this.#start;
    const kept = Math.max(base - start, 0);
    const chunkStart = Math.max(start - base, 0);
    const length = kept + chunk.length - chunkStart;
    let memory = this.#isHeldLent ? this.#spare : this.#held;
    if (length > memory.length) memory = allocate(Math.max(length, 2 * memory.length, INITIAL_CAPACITY), chunk);
    if (memory !== this.#held) copyBytes(this.#held, start, start + kept, memory, 0);
    else if (start > 0 && kept > 0) memory.copyWithin(0, start, base);
    copyBytes(chunk, chunkStart, chunk.length, memory, kept);
    if (this.#isHeldLent) this.#spare = this.#held;
    this.#isHeldLent = false;
    this.#held = memory;
    this.#heldLength = length;
    this.#chunk = NO_BYTES;
    this.#start = 0;
    if (this.#unread !== NONE) this.#unread -= start;
    if (this.#candidate !== NONE) this.#candidate -= start;
    if (this.#prefix !== NONE) {
      this.#prefix -= start;
      this.#prefixCandidate -= start;
    }
  }

  /** Goes back to the memory of the last access units, which nobody reads any more, where it is the larger one. */
  #takeBack(): void {
    const lent = this.#spare;
    if (lent.length <= this.#held.length) return;
    copyBytes(this.#held, 0, this.#heldLength, lent, 0);
    this.#spare = this.#held;
    this.#held = lent;
  }

  #takeAccessUnits(): Uint8Array[] {
    const accessUnits = this.#accessUnits;
    this.#accessUnits = [];
    return accessUnits;
  }
}
