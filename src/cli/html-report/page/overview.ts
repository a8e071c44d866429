import { drawBars, peakOf } from './bars.js';
import { Redraw, prepareCanvas } from './canvas.js';
import { drawMarks } from './marks.js';
import { readPalette } from './palette.js';
import type { ReportData } from './report-data.js';
import type { Viewport } from './viewport.js';

/** The lane of the marks. */
const LANE_HEIGHT = 12;

/** All frames in a narrow strip, with a window around those that the timeline shows; the window can be dragged. */
export class Overview {
  /** For each frame 1 where the filter lets it through. */
  isMatch: Uint8Array;
  readonly #canvas: HTMLCanvasElement;
  readonly #data: ReportData;
  readonly #viewport: Viewport;
  readonly #redraw = new Redraw(() => {
    this.draw();
  });

  /**
   * @param canvas where it is drawn
   * @param data what is drawn
   * @param viewport what the timeline shows
   * @param onMove called when that was changed here
   */
  constructor(canvas: HTMLCanvasElement, data: ReportData, viewport: Viewport, onMove: () => void) {
    this.#canvas = canvas;
    this.#data = data;
    this.#viewport = viewport;
    this.isMatch = new Uint8Array(data.frames.length).fill(1);
    const goTo = ({ offsetX }: PointerEvent) => {
      const frame = (offsetX / canvas.clientWidth) * data.frames.length;
      viewport.panBy(frame - viewport.count / 2 - viewport.start);
      onMove();
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      goTo(event);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) goTo(event);
    });
  }

  /** Draws anew, soon. */
  update(): void {
    this.#redraw.ask();
  }

  /** Draws now. */
  draw(): void {
    const { context, width, height } = prepareCanvas(this.#canvas);
    const palette = readPalette();
    const count = this.#data.frames.length;
    const area = { x: 0, y: LANE_HEIGHT, width, height: height - LANE_HEIGHT };
    const settings = { start: 0, count, peak: peakOf(this.#data, 0, count), scale: Math.sqrt };
    drawBars(context, area, this.#data, this.isMatch, palette, settings);
    drawMarks(context, { ...area, y: 0, height: LANE_HEIGHT }, this.#data, this.isMatch, palette, 0, count, () => 0);
    if (this.#viewport.showsAll) return;
    const left = (this.#viewport.start / count) * width;
    const right = ((this.#viewport.start + this.#viewport.count) / count) * width;
    context.globalAlpha = 0.72;
    context.fillStyle = palette.card;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = palette.accent;
    context.lineWidth = 2;
    context.strokeRect(left, 1, Math.max(2, right - left), height - 2);
  }
}
