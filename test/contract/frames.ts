/**
 * Frames for the contract, built from NAL units by hand: what comes out of the library is compared with what is built
 * here.
 */

/** Bytes, from numbers. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** The bytes of one piece after the other, in memory of their own. */
export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

/** `length` bytes that hold no zero, each unlike its neighbours. */
export function filler(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 1 + ((i * 7 + seed * 31) % 255));
}

/**
 * One NAL unit of each kind, without framing; parameter sets and slice headers are those of x264, cut short where
 * nothing reads on.
 */
export const nal = {
  aud: bytes(0x09, 0xf0),
  sps: bytes(0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x47, 0xfe, 0x88),
  pps: bytes(0x68, 0xce, 0x3c, 0x80),
  spsExtension: bytes(0x6d, 0xa0, 0x40, 0x80),
  subsetSps: bytes(0x6f, 0x53, 0xc0, 0x1e, 0xd9, 0xa4),
  bufferingPeriod: bytes(0x06, 0x00, 0x05, 0xc0, 0x11, 0x22, 0x33, 0x44, 0x80),
  picTiming: bytes(0x06, 0x01, 0x01, 0x12, 0x80),
  prefix: bytes(0x6e, 0x40, 0x80, 0x07, 0x12),
  idr: bytes(0x65, 0x88, 0x84, 0x21, 0xa0, 0x7f, 0x91),
  idrSecondSlice: bytes(0x65, 0x42, 0x22, 0x11, 0xa9, 0x7f, 0x55),
  p: bytes(0x41, 0x9a, 0x24, 0x6c, 0x41, 0xcf),
  disposable: bytes(0x01, 0x9e, 0x41, 0x74, 0x43, 0x9f),
  /** A P slice whose first_mb_in_slice is 360. */
  laterSlice: bytes(0x41, 0x00, 0xb4, 0x9a, 0xc0, 0x1a, 0xbc, 0x78),
  partitionA: bytes(0x42, 0x9a, 0x24, 0x6c, 0x41),
  partitionB: bytes(0x43, 0xb1, 0x22, 0x33),
  partitionC: bytes(0x44, 0xc1, 0x22, 0x33),
  endOfSequence: bytes(0x0a),
  endOfStream: bytes(0x0b),
  fillerData: bytes(0x0c, 0xff, 0xff, 0x80),
  auxiliarySlice: bytes(0x13, 0x9a, 0x24, 0x6c),
  sliceExtension: bytes(0x74, 0x40, 0x80, 0x07, 0x9a, 0x12),
} as const;

/** A start code of three bytes. */
export const START_CODE_3 = bytes(0, 0, 1);
/** A start code of four bytes. */
export const START_CODE_4 = bytes(0, 0, 0, 1);

/** NAL units behind start codes of four bytes. */
export function annexB(...nalUnits: readonly Uint8Array[]): Uint8Array {
  return concat(...nalUnits.flatMap((nalUnit) => [START_CODE_4, nalUnit]));
}

/** `value` as a big-endian number of `size` bytes. */
export function bigEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
}

/** NAL units behind lengths of `size` bytes. */
export function avcc(size: number, ...nalUnits: readonly Uint8Array[]): Uint8Array {
  return concat(...nalUnits.flatMap((nalUnit) => [bigEndian(nalUnit.length, size), nalUnit]));
}

/** A STAP-A packet with a header of `header`. */
export function stapA(header: number, ...nalUnits: readonly Uint8Array[]): Uint8Array {
  return concat(bytes(header), avcc(2, ...nalUnits));
}

/** The UUID of {@link seiNal} in the public form. */
export const OUR_UUID = 'b16d7d56-892e-419c-8d82-e069cd3aa5c1';
/** The UUID of {@link seiNal} on the wire. */
export const OUR_UUID_BYTES = bytes(
  ...[0xb1, 0x6d, 0x7d, 0x56, 0x89, 0x2e, 0x41, 0x9c, 0x8d, 0x82, 0xe0, 0x69, 0xcd, 0x3a, 0xa5, 0xc1],
);
/** A UUID that is not ours, in the public form. */
export const OTHER_UUID = 'dc45e9bd-e6d9-48b7-962c-d820d923eeef';
/** The UUID of the Amazon IVS Web Broadcast SDK. */
export const IVS = '9e504ea5-ee5a-4f02-949f-b033a3768da2';
/** {@link OTHER_UUID} on the wire. */
export const OTHER_UUID_BYTES = bytes(
  ...[0xdc, 0x45, 0xe9, 0xbd, 0xe6, 0xd9, 0x48, 0xb7, 0x96, 0x2c, 0xd8, 0x20, 0xd9, 0x23, 0xee, 0xef],
);

/** A payloadType or payloadSize: ff_bytes and a last byte. */
export function codedNumber(value: number): Uint8Array {
  return concat(new Uint8Array(Math.floor(value / 255)).fill(0xff), bytes(value % 255));
}

/** One sei_message, not escaped. */
export function message(payloadType: number, payload: Uint8Array): Uint8Array {
  return concat(codedNumber(payloadType), codedNumber(payload.length), payload);
}

/** A user_data_unregistered message, not escaped. */
export function userData(uuid: Uint8Array, data: Uint8Array): Uint8Array {
  return message(5, concat(uuid, data));
}

/** A SEI NAL unit of messages that need no escape. */
export function sei(...messages: readonly Uint8Array[]): Uint8Array {
  return concat(bytes(0x06), ...messages, bytes(0x80));
}

/** A SEI NAL unit with one message of ours, of `length` bytes of user data without zeros. */
export function seiNal(length = 4, seed = 1): Uint8Array {
  return sei(userData(OUR_UUID_BYTES, filler(length, seed)));
}

/** The `code` of the error that `act` throws; undefined where it throws none. */
export function codeOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return undefined;
}

/** As an array of numbers, so that a `Buffer` and a plain Uint8Array of the same bytes are equal. */
export function numbers(data: Uint8Array): number[] {
  return Array.from(data);
}
