import { drawBars, peakOf } from './bars.js';
import { type Area, Redraw, type Surface, prepareCanvas } from './canvas.js';
import { drawMarks } from './marks.js';
import { type Palette, readPalette } from './palette.js';
import { pictureName } from './pictures.js';
import type { ReportData } from './report-data.js';
import { tickStep } from './ticks.js';
import { counted, formatBytes, formatCount, formatTime } from './units.js';
import type { Viewport } from './viewport.js';

/** The lane of the marks, over the bars. */
const LANE_HEIGHT = 26;

/** The numbers of the frames and their times, below the bars. */
const AXIS_HEIGHT = 38;

const AXIS_FONT = '11px system-ui, sans-serif';

/** A frame in words: `frame 12, P, 1.2 kB, 0:00.480, 2 messages`. */
export function describeFrame({ frames, messageCounts }: ReportData, index: number): string {
  const [, size, picture, milliseconds] = frames[index];
  const messages = messageCounts[index];
  return [
    `frame ${index}`,
    pictureName(picture).long,
    formatBytes(size),
    ...(milliseconds === null ? [] : [formatTime(milliseconds)]),
    ...(messages === 0 ? [] : [counted(messages, 'message')]),
  ].join(', ');
}

/** The frames as bars: drawn, and asked which of them is where. */
export class Timeline {
  /** For each frame 1 where the filter lets it through. */
  isMatch: Uint8Array;
  /** Whether bars are as high as the square root of the size. */
  isRoot = false;
  readonly #canvas: HTMLCanvasElement;
  readonly #data: ReportData;
  readonly #viewport: Viewport;
  readonly #redraw = new Redraw(() => {
    this.draw();
  });
  #selected = 0;

  /** @param canvas where it is drawn @param data what is drawn @param viewport which part of it */
  constructor(canvas: HTMLCanvasElement, data: ReportData, viewport: Viewport) {
    this.#canvas = canvas;
    this.#data = data;
    this.#viewport = viewport;
    this.isMatch = new Uint8Array(data.frames.length).fill(1);
    canvas.setAttribute('aria-valuemin', '0');
    canvas.setAttribute('aria-valuemax', String(data.frames.length - 1));
  }

  /** Marks a frame. */
  set selected(frame: number) {
    this.#selected = frame;
    this.#canvas.setAttribute('aria-valuenow', String(frame));
    this.#canvas.setAttribute('aria-valuetext', describeFrame(this.#data, frame));
    this.update();
  }

  /** Draws anew, soon. */
  update(): void {
    this.#redraw.ask();
  }

  /** The number of the frame at a place of the canvas, with a fraction; it may lie outside of the stream. */
  positionAt(x: number): number {
    const { start, count } = this.#viewport;
    const { x: left, width } = this.#plot();
    return start + ((x - left) / width) * count;
  }

  /** How many frames lie in a CSS pixel. */
  get framesPerPixel(): number {
    return this.#viewport.count / this.#plot().width;
  }

  /**
   * The frame that is meant by a place of the canvas: among those that lie there the largest that the filter lets
   * through; in the lane of the marks the next that has messages.
   *
   * @returns undefined where there is none
   */
  frameAt(x: number, y: number): { readonly frame: number; readonly isMark: boolean } | undefined {
    const { sizes, messageCounts } = this.#data;
    const position = this.positionAt(x);
    const nearest = (reach: number, rank: (frame: number) => number): number | undefined => {
      let best: number | undefined;
      const end = Math.min(sizes.length - 1, Math.floor(position + reach));
      for (let i = Math.max(0, Math.floor(position - reach)); i <= end; i++) {
        if (rank(i) > 0 && (best === undefined || rank(i) > rank(best))) best = i;
      }
      return best;
    };
    if (y < LANE_HEIGHT) {
      const distance = (frame: number) => 1 / (1 + Math.abs(frame + 0.5 - position));
      const reach = Math.max(0.5, 6 * this.framesPerPixel);
      const hasMark = (frame: number) => messageCounts[frame] > 0 && this.isMatch[frame] === 1;
      const marked = nearest(reach, (frame) => (hasMark(frame) ? distance(frame) : 0));
      if (marked !== undefined) return { frame: marked, isMark: true };
    }
    const reach = this.framesPerPixel > 1 ? this.framesPerPixel / 2 : 0;
    const frame = nearest(
      reach,
      (each) => sizes[each] + 1 + (this.isMatch[each] === 1 ? Number.MAX_SAFE_INTEGER / 2 : 0),
    );
    return frame === undefined ? undefined : { frame, isMark: false };
  }

  /** Draws now. */
  draw(): void {
    const surface = prepareCanvas(this.#canvas);
    const { context } = surface;
    const palette = readPalette();
    const plot = this.#plot();
    const { start, count } = this.#viewport;
    const peak = peakOf(this.#data, start, count) * 1.04;
    const scale = this.isRoot ? Math.sqrt : (part: number) => part;
    this.#drawSizes(surface, plot, palette, peak, scale);
    this.#drawSelection(context, plot, palette);
    context.save();
    context.beginPath();
    context.rect(plot.x, 0, plot.width, plot.y + plot.height);
    context.clip();
    drawBars(context, plot, this.#data, this.isMatch, palette, { start, count, peak, scale });
    const lane = { ...plot, y: 0, height: LANE_HEIGHT };
    const topOf = (frame: number) => plot.y + plot.height * (1 - scale(this.#data.sizes[frame] / peak));
    drawMarks(context, lane, this.#data, this.isMatch, palette, start, count, topOf);
    context.restore();
    this.#drawFrames(context, plot, palette);
  }

  #plot(): Area {
    const { clientWidth, clientHeight } = this.#canvas;
    const left = clientWidth < 560 ? 48 : 64;
    return {
      x: left,
      y: LANE_HEIGHT,
      width: Math.max(1, clientWidth - left - 16),
      height: Math.max(1, clientHeight - LANE_HEIGHT - AXIS_HEIGHT),
    };
  }

  #drawSizes(
    { context, width }: Surface,
    plot: Area,
    palette: Palette,
    peak: number,
    scale: (part: number) => number,
  ): void {
    context.font = AXIS_FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    const step = tickStep(peak, plot.height / 40);
    let lastY = Infinity;
    for (let size = 0; size <= peak; size += step) {
      const y = Math.round(plot.y + plot.height * (1 - scale(size / peak))) + 0.5;
      if (lastY - y < 16) continue;
      lastY = y;
      context.fillStyle = palette.line;
      context.fillRect(plot.x, y - 0.5, width - plot.x - 16, 1);
      context.fillStyle = palette.muted;
      context.fillText(size === 0 ? '0' : formatBytes(size), plot.x - 8, y);
    }
    context.fillStyle = palette.sei;
    context.fillText('SEI', plot.x - 8, LANE_HEIGHT / 2);
  }

  #drawSelection(context: CanvasRenderingContext2D, plot: Area, palette: Palette): void {
    const step = plot.width / this.#viewport.count;
    const x = plot.x + (this.#selected - this.#viewport.start) * step;
    if (x + step < plot.x || x > plot.x + plot.width) return;
    const width = Math.max(step >= 12 ? step : step + 1, 3);
    const left = x - (width - step) / 2 - (step >= 12 ? 1 : 0);
    context.fillStyle = palette.selected;
    context.fillRect(left, 0, width, plot.y + plot.height);
    context.fillStyle = palette.accent;
    context.fillRect(left, plot.y + plot.height, width, 3);
    context.beginPath();
    const middle = left + width / 2;
    context.moveTo(middle, plot.y + plot.height + 2);
    context.lineTo(middle - 5, plot.y + plot.height + 9);
    context.lineTo(middle + 5, plot.y + plot.height + 9);
    context.fill();
  }

  #drawFrames(context: CanvasRenderingContext2D, plot: Area, palette: Palette): void {
    const { start, count } = this.#viewport;
    const { frames } = this.#data;
    const step = Math.max(1, tickStep(count, plot.width / 90));
    const offset = Math.min(plot.width / count, 24) / 2;
    context.font = AXIS_FONT;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const first = Math.ceil(start / step) * step;
    const isWhole = (frame: number) => frame >= frames.length || (frames[frame][3] ?? 0) % 1000 === 0;
    const decimals = isWhole(first) && isWhole(first + step) ? /\.000$/ : /$^/;
    for (let frame = first; frame < Math.min(frames.length, start + count); frame += step) {
      const x = plot.x + ((frame - start) * plot.width) / count + offset;
      // The last number may have no room on both sides.
      context.textAlign = x > plot.x + plot.width - 20 ? 'right' : 'center';
      const y = plot.y + plot.height + 10;
      context.fillStyle = palette.ink;
      context.fillText(formatCount(frame), x, y);
      const milliseconds = frames[frame][3];
      if (milliseconds === null) continue;
      context.fillStyle = palette.muted;
      context.fillText(formatTime(milliseconds).replace(decimals, ''), x, y + 13);
    }
  }
}
