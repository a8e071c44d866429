import { AccessUnitSplitter } from '../../src/codec/access-unit-splitter.js';
import type { Library, TestedBackend } from '../support/backends.js';

/** Splits a byte stream into access units. */
export function accessUnitsOf(annexB: Uint8Array): Uint8Array[] {
  const splitter = new AccessUnitSplitter();
  return [...splitter.push(annexB), ...splitter.flush()];
}

/**
 * The payload that the access unit with this index gets: unlike every other, and with bytes that have to be escaped.
 */
export function payloadOf(index: number): Uint8Array {
  return Uint8Array.from([...new TextEncoder().encode(`access unit ${index} `), 0, 0, 1, 0, 0, 0, index & 0xff, 0, 0]);
}

/** Puts the payload of each access unit into it. */
export function injectInto(library: Library, accessUnits: readonly Uint8Array[], uuid?: string): Uint8Array[] {
  return accessUnits.map((accessUnit, index) =>
    library.injectSei(accessUnit, [library.createSeiNalUnit(payloadOf(index), { uuid })], { format: 'annexb' }),
  );
}

/** What `act` answers while a backend is at work. */
export function withBackend<T>(tested: TestedBackend, act: (library: Library) => T): T {
  const restore = tested.use();
  try {
    return act(tested.library);
  } finally {
    restore();
  }
}

/**
 * Whether two lists of byte arrays hold the same bytes; a plain comparison of large ones would take seconds to fail.
 */
export function areEqual(one: readonly Uint8Array[], other: readonly Uint8Array[]): boolean {
  return one.length === other.length && one.every((each, at) => Buffer.compare(each, other[at]) === 0);
}
