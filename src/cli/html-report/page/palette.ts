import { PICTURE_NAMES } from './pictures.js';

/** The colors of the style sheet, for canvases. */
export interface Palette {
  /** By `Picture`. */
  readonly pictures: readonly string[];
  /** Of messages. */
  readonly sei: string;
  /** Of text. */
  readonly ink: string;
  /** Of text beside it. */
  readonly muted: string;
  /** Of lines. */
  readonly line: string;
  /** Of the selected frame. */
  readonly accent: string;
  /** Behind the selected frame. */
  readonly selected: string;
  /** Behind everything. */
  readonly card: string;
}

/** Reads the colors that are in force. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const pictures: string[] = [];
  for (const { picture, color: name } of PICTURE_NAMES) pictures[picture] = color(name);
  return {
    pictures,
    sei: color('--sei'),
    ink: color('--ink'),
    muted: color('--muted'),
    line: color('--line'),
    accent: color('--accent'),
    selected: color('--selected'),
    card: color('--card'),
  };
}
