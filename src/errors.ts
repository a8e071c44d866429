/**
 * The reasons for which this library throws a {@link SeiError}. Each one is something that a caller can act on. A wrong
 * argument is a `TypeError` or `RangeError` with the codes of Node.js (`ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 * `ERR_OUT_OF_RANGE`), and an option that does not exist a `TypeError` with `ERR_SEI_UNKNOWN_OPTION`.
 *
 * - `ERR_SEI_MALFORMED`: bytes that an explicit parse function was given break the syntax; `offset` says where.
 * - `ERR_SEI_UNKNOWN_FORMAT`: the format of the bytes was not given and cannot be told from them.
 * - `ERR_SEI_FRAGMENTED`: an FU-A packet holds a piece of a NAL unit and cannot be split into NAL units.
 * - `ERR_SEI_INVALID_NAL_UNIT`: what was to be injected is no SEI NAL unit.
 * - `ERR_SEI_NAL_UNIT_TOO_LARGE`: the NAL unit does not fit the length field of the framing.
 * - `ERR_SEI_TOO_LARGE`: the user data exceed the documented limit.
 * - `ERR_SEI_INVALID_UUID`: the text is no UUID in canonical form.
 * - `ERR_SEI_TARGET_TOO_SMALL`: the caller's memory cannot hold the result.
 * - `ERR_SEI_OVERLAP`: the target overlaps the memory that is read.
 * - `ERR_SEI_DETACHED_BUFFER`: the memory behind a view was transferred away, or its resizable buffer has shrunk.
 * - `ERR_SEI_NOT_JSON`: the value cannot be written as JSON.
 * - `ERR_SEI_NOT_IDENTIFIED`: a message that is to be retained has no timestamp or id by which its copies are told, and
 *   its receivers take none beside it.
 * - `ERR_SEI_QUEUE_FULL`: the publisher's queue is full, and its policy is to reject.
 * - `ERR_SEI_UNREADABLE_FILE`: a file is no container of H.264 that can be read, or is damaged, or has no such track.
 * - `ERR_SEI_UNSUPPORTED_FILE`: a file can be read, but not be written with all that is in it.
 * - `ERR_SEI_BACKEND_UNAVAILABLE`: the backend or the kernel that an environment variable forces is not there.
 */
export type SeiErrorCode =
  | 'ERR_SEI_MALFORMED'
  | 'ERR_SEI_UNKNOWN_FORMAT'
  | 'ERR_SEI_FRAGMENTED'
  | 'ERR_SEI_INVALID_NAL_UNIT'
  | 'ERR_SEI_NAL_UNIT_TOO_LARGE'
  | 'ERR_SEI_TOO_LARGE'
  | 'ERR_SEI_INVALID_UUID'
  | 'ERR_SEI_TARGET_TOO_SMALL'
  | 'ERR_SEI_OVERLAP'
  | 'ERR_SEI_DETACHED_BUFFER'
  | 'ERR_SEI_NOT_JSON'
  | 'ERR_SEI_NOT_IDENTIFIED'
  | 'ERR_SEI_QUEUE_FULL'
  | 'ERR_SEI_UNREADABLE_FILE'
  | 'ERR_SEI_UNSUPPORTED_FILE'
  | 'ERR_SEI_BACKEND_UNAVAILABLE';

/** What every copy of this library knows its errors by. */
const BRAND = Symbol.for('h264-sei.SeiError');

/**
 * An error of this library. `error instanceof SeiError` holds for the errors of every copy of the library: a process or a
 * page can have several, as ES modules and CommonJS, or in bundles. Tell errors apart by their {@link SeiError.code}.
 *
 * @example
 *   try {
 *     injectSei(frame, [nalUnit]);
 *   } catch (error) {
 *     if (error instanceof SeiError && error.code === 'ERR_SEI_NAL_UNIT_TOO_LARGE') sendSmaller();
 *     else throw error;
 *   }
 */
export class SeiError extends Error {
  /** Whether a value is an error of any copy of this library. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A class that extends this one is told by its prototype, as every other class.
    if (this !== SeiError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
  }

  /** `SeiError`. */
  override readonly name = 'SeiError';
  /** What went wrong, for programs. */
  readonly code: SeiErrorCode;
  /** Where in the given bytes it went wrong, where there is such a place. */
  declare readonly offset?: number;

  /**
   * @param code what went wrong
   * @param message what went wrong and what to do, for people
   * @param details `offset` in the given bytes; `cause`, the error behind this one
   */
  constructor(code: SeiErrorCode, message: string, details: { offset?: number; cause?: unknown } = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    // Not enumerable: it is no property of an error for people.
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
    if (details.offset !== undefined) this.offset = details.offset;
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return `a ${typeof value}`;
}

/** A `TypeError` with Node's own code `ERR_INVALID_ARG_TYPE`, for an argument of the wrong type. */
export function invalidType(argument: string, expected: string, actual: unknown): TypeError {
  return Object.assign(new TypeError(`${argument} must be ${expected}, but is ${describe(actual)}`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

/** A `RangeError` with Node's own code `ERR_OUT_OF_RANGE`, for a value outside of what is allowed. */
export function outOfRange(argument: string, expected: string, actual: unknown): RangeError {
  return Object.assign(new RangeError(`${argument} must be ${expected}, but is ${describe(actual)}`), {
    code: 'ERR_OUT_OF_RANGE',
  });
}
