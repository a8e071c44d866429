import { DIM, MIN_BAR_WIDTH } from './bars.js';
import type { Area } from './canvas.js';
import type { Palette } from './palette.js';
import type { ReportData } from './report-data.js';

/** Bars as wide as this have a mark with a line down to them. */
const MIN_STEM_WIDTH = 7;

/** Bars as wide as this have the number of their messages in their mark. */
const MIN_NUMBER_WIDTH = 16;

/**
 * Draws a mark over each frame that has messages.
 *
 * @param area the lane of the marks
 * @param start the first frame
 * @param count how many frames fit
 * @param topOf where the bar of a frame begins, at which its line ends
 */
export function drawMarks(
  context: CanvasRenderingContext2D,
  area: Area,
  data: ReportData,
  isMatch: Uint8Array,
  palette: Palette,
  start: number,
  count: number,
  topOf: (frame: number) => number,
): void {
  const { messageCounts } = data;
  const step = area.width / count;
  const middle = area.y + area.height / 2;
  const first = Math.max(0, Math.floor(start));
  const end = Math.min(messageCounts.length, Math.ceil(start + count));
  context.fillStyle = context.strokeStyle = palette.sei;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.font = '600 10px system-ui, sans-serif';
  if (step < MIN_BAR_WIDTH) {
    drawDensity(context, area, messageCounts, isMatch, start, count);
  } else {
    const gap = step >= 12 ? 2 : step >= 3 ? 1 : 0;
    for (let i = first; i < end; i++) {
      if (messageCounts[i] === 0) continue;
      const x = area.x + (i - start) * step + (step - gap) / 2;
      context.globalAlpha = isMatch[i] === 1 ? 1 : DIM;
      if (step < MIN_STEM_WIDTH) {
        context.fillRect(x - Math.max(1, step / 2 - 0.5), middle - 4, Math.max(2, step - 1), 8);
        continue;
      }
      const hasNumber = messageCounts[i] > 1 && step >= MIN_NUMBER_WIDTH;
      const radius = hasNumber ? 7.5 : Math.min(4.5, step / 2.2);
      context.fillRect(x - 0.5, middle + radius, 1, Math.max(0, topOf(i) - middle - radius - 1));
      context.beginPath();
      context.arc(x, middle, radius, 0, 2 * Math.PI);
      context.fill();
      if (!hasNumber) continue;
      context.fillStyle = palette.card;
      context.fillText(messageCounts[i] > 99 ? '99' : String(messageCounts[i]), x, middle + 0.5);
      context.fillStyle = palette.sei;
    }
  }
  context.globalAlpha = 1;
}

/** Where a mark is for many frames, it is the stronger, the more of them have messages. */
function drawDensity(
  context: CanvasRenderingContext2D,
  area: Area,
  messageCounts: Uint32Array,
  isMatch: Uint8Array,
  start: number,
  count: number,
): void {
  const columns = Math.ceil(area.width / 2);
  let frame = Math.max(0, Math.floor(start));
  for (let column = 0; column < columns; column++) {
    const end = Math.min(messageCounts.length, Math.floor(start + (2 * (column + 1) * count) / area.width));
    const all = end - frame;
    let matching = 0;
    let others = 0;
    for (; frame < end; frame++) {
      if (messageCounts[frame] === 0) continue;
      if (isMatch[frame] === 1) matching++;
      else others++;
    }
    if (matching + others === 0) continue;
    context.globalAlpha = matching === 0 ? DIM : 0.45 + 0.55 * Math.sqrt(matching / all);
    context.fillRect(area.x + 2 * column, area.y + area.height / 2 - 5, 2, 10);
  }
}
