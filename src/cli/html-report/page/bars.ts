import type { Area } from './canvas.js';
import type { Palette } from './palette.js';
import type { ReportData } from './report-data.js';

/** Narrower bars are drawn as columns of a pixel, each for many frames. */
export const MIN_BAR_WIDTH = 1.5;

/** How visible a frame is that the filter does not let through. */
export const DIM = 0.2;

/** A stretch of frames and how it is drawn. */
export interface BarSettings {
  /** The first frame; may be a fraction. */
  readonly start: number;
  /** How many frames fit into the area. */
  readonly count: number;
  /** The size of a frame that is as high as the area. */
  readonly peak: number;
  /** The height of a part of `peak`, both from 0 to 1. */
  readonly scale: (part: number) => number;
}

const KINDS = 5;

/** The size of the largest frame of a stretch, 1 at least. */
export function peakOf({ sizes }: ReportData, start: number, count: number): number {
  const end = Math.min(sizes.length, Math.ceil(start + count));
  let peak = 1;
  for (let i = Math.max(0, Math.floor(start)); i < end; i++) if (sizes[i] > peak) peak = sizes[i];
  return peak;
}

/** Draws the frames of a stretch as bars: as high as they are large, and in the color of their picture. */
export function drawBars(
  context: CanvasRenderingContext2D,
  area: Area,
  data: ReportData,
  isMatch: Uint8Array,
  palette: Palette,
  settings: BarSettings,
): void {
  if (area.width / settings.count >= MIN_BAR_WIDTH) drawEach(context, area, data, isMatch, palette, settings);
  else drawColumns(context, area, data, isMatch, palette, settings);
  context.globalAlpha = 1;
}

function drawEach(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Area,
  { sizes, pictures }: ReportData,
  isMatch: Uint8Array,
  palette: Palette,
  { start, count, peak, scale }: BarSettings,
): void {
  const step = width / count;
  const gap = step >= 12 ? 2 : step >= 3 ? 1 : 0;
  const radius = step >= 10 ? 2 : 0;
  const end = Math.min(sizes.length, Math.ceil(start + count));
  for (let i = Math.max(0, Math.floor(start)); i < end; i++) {
    const barHeight = Math.max(1, scale(sizes[i] / peak) * height);
    context.globalAlpha = isMatch[i] === 1 ? 1 : DIM;
    context.fillStyle = palette.pictures[pictures[i]];
    context.beginPath();
    context.roundRect(x + (i - start) * step, y + height - barHeight, step - gap, barHeight, [radius, radius, 0, 0]);
    context.fill();
  }
}

/**
 * A column is for many frames: it has the height of the largest of each kind, the higher ones behind the lower ones, so
 * that the pattern of the stream is to be seen at any zoom.
 */
function drawColumns(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Area,
  { sizes, pictures }: ReportData,
  isMatch: Uint8Array,
  palette: Palette,
  { start, count, peak, scale }: BarSettings,
): void {
  // The largest of each kind, first of the frames that are dim and then of the others.
  const largest = new Float64Array(2 * KINDS);
  const order = Array.from({ length: KINDS }, (_, picture) => picture);
  const columns = Math.ceil(width);
  let frame = Math.max(0, Math.floor(start));
  for (let column = 0; column < columns; column++) {
    const end = Math.min(sizes.length, Math.floor(start + ((column + 1) * count) / width));
    if (end <= frame) continue;
    largest.fill(0);
    for (; frame < end; frame++) {
      const at = isMatch[frame] * KINDS + pictures[frame];
      if (sizes[frame] > largest[at]) largest[at] = sizes[frame];
    }
    for (let base = 0; base <= KINDS; base += KINDS) {
      context.globalAlpha = base === 0 ? DIM : 1;
      order.sort((a, b) => largest[base + b] - largest[base + a]);
      for (const picture of order) {
        const size = largest[base + picture];
        if (size === 0) break;
        const barHeight = Math.max(1, scale(size / peak) * height);
        context.fillStyle = palette.pictures[picture];
        context.fillRect(x + column, y + height - barHeight, 1, barHeight);
      }
    }
  }
}
