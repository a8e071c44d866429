import { Picture } from '../model.js';

/** What the page calls a kind of picture. */
export interface PictureName {
  /** A value of `Picture`. */
  readonly picture: number;
  /** One or three letters. */
  readonly short: string;
  /** In words. */
  readonly long: string;
  /** The custom property with its color. */
  readonly color: string;
}

/** The kinds of pictures, the largest of a stream first. */
export const PICTURE_NAMES: readonly PictureName[] = [
  { picture: Picture.idr, short: 'IDR', long: 'IDR, a key frame', color: '--idr' },
  { picture: Picture.i, short: 'I', long: 'I', color: '--i' },
  { picture: Picture.p, short: 'P', long: 'P', color: '--p' },
  { picture: Picture.b, short: 'B', long: 'B', color: '--b' },
  { picture: Picture.none, short: '–', long: 'no picture', color: '--none' },
];

/** What a kind of picture is called. */
export function pictureName(picture: number): PictureName {
  return PICTURE_NAMES[Picture.idr - picture];
}
