/** A rectangle of a canvas, in CSS pixels. */
export interface Area {
  /** Its left side. */
  readonly x: number;
  /** Its upper side. */
  readonly y: number;
  /** Its width. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
}

/** The size of a canvas and what draws on it, in CSS pixels. */
export interface Surface {
  /** Draws. */
  readonly context: CanvasRenderingContext2D;
  /** CSS pixels from left to right. */
  readonly width: number;
  /** CSS pixels from top to bottom. */
  readonly height: number;
}

/** Makes a canvas as large as it is shown, in the pixels of the screen, and empties it. */
export function prepareCanvas(canvas: HTMLCanvasElement): Surface {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser draws no canvas');
  context.scale(canvas.width / Math.max(1, width), canvas.height / Math.max(1, height));
  return { context, width, height };
}

/** Calls `draw` before the next frame of the screen, however often it is asked to until then. */
export class Redraw {
  #isAsked = false;
  readonly #draw: () => void;

  /** @param draw draws everything */
  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Asks for a call. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }
}
