import { codedSlice, type ActiveParameterSets, type SliceFields } from '../slice-writer.js';

/** A byte stream made from syntax elements, whose access units are known because it was put together from them. */
export interface SyntheticStream {
  readonly name: string;
  /** What a splitter may get wrong about it. */
  readonly about: string;
  /** Each access unit as Annex B bytes; joined they are the stream. */
  readonly accessUnits: readonly Uint8Array[];
  /** The NAL units of each access unit, header first, escaped, without start codes and zeros. */
  readonly nalUnits: readonly (readonly Uint8Array[])[];
}

/** What stands around a NAL unit in the byte stream (annex B.1.1). */
export interface Framing {
  /** Zeros at the very start of the stream. */
  readonly leadingZeros?: number;
  /** Bytes of the start code: 4 with the zero_byte, 3 without. */
  startCode(nalUnit: number, accessUnit: number): 3 | 4;
  /** How many trailing_zero_8bits follow. */
  trailingZeros(nalUnit: number, accessUnit: number): number;
}

const plainFraming: Framing = { startCode: () => 4, trailingZeros: () => 0 };

/** A stream of these access units. */
export function synthesize(
  name: string,
  about: string,
  nalUnits: readonly (readonly Uint8Array[])[],
  framing: Framing = plainFraming,
): SyntheticStream {
  const accessUnits = nalUnits.map((units, accessUnit) => {
    const leading = accessUnit === 0 ? (framing.leadingZeros ?? 0) : 0;
    const framed = units.flatMap((unit, index) => [
      Buffer.alloc(framing.startCode(index, accessUnit) - 1),
      Uint8Array.of(1),
      unit,
      Buffer.alloc(framing.trailingZeros(index, accessUnit)),
    ]);
    return Uint8Array.from(Buffer.concat([Buffer.alloc(leading), ...framed]));
  });
  return { name, about, accessUnits, nalUnits };
}

let seed = 1;

/** Bytes for slice data, none of them zero, others at each call and the same ones in each run. */
export function sliceData(length: number): Uint8Array {
  return Uint8Array.from({ length }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return 1 + ((seed >>> 24) % 255);
  });
}

/** A coded slice with data of its own. */
export function slice(active: ActiveParameterSets, fields: Partial<SliceFields>): Uint8Array {
  return codedSlice(active, { sliceData: sliceData(12), ...fields });
}

/** The slices of one picture, one for each first_mb_in_slice. */
export function picture(
  active: ActiveParameterSets,
  fields: Partial<SliceFields>,
  firstMbs: readonly number[] = [0],
): Uint8Array[] {
  return firstMbs.map((firstMbInSlice) => slice(active, { ...fields, firstMbInSlice }));
}

/** The fields of an IDR slice. */
export const idr: Partial<SliceFields> = { nalUnitType: 5, nalRefIdc: 3, sliceType: 7 };
