import type { Timeline } from './timeline.js';
import type { Viewport } from './viewport.js';

/** A pointer that has moved so many CSS pixels drags; else it points. */
const DRAG_DISTANCE = 5;

/** What the user does to the timeline. */
export interface TimelineActions {
  /** Chooses a frame, or one of its messages. */
  readonly select: (frame: number, isMark: boolean) => void;
  /** Points at a place, in CSS pixels, without choosing. */
  readonly hover: (frame: number | undefined, x: number, y: number) => void;
  /** Has moved or zoomed. */
  readonly move: () => void;
}

/** Takes pointers and wheels: a click chooses, dragging moves, pinching and the wheel with Ctrl or Cmd zoom. */
export function listenToPointers(
  canvas: HTMLCanvasElement,
  timeline: Timeline,
  viewport: Viewport,
  actions: TimelineActions,
): void {
  const pointers = new Map<number, { x: number }>();
  let start: { readonly x: number; readonly y: number } | undefined;
  let isDragging = false;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { distance: Math.max(1, Math.abs(a.x - b.x)), middle: (a.x + b.x) / 2 };
  };
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.offsetX });
    isDragging = pointers.size > 1;
    start = { x: event.offsetX, y: event.offsetY };
  });
  canvas.addEventListener('pointermove', (event) => {
    const pointer = pointers.get(event.pointerId);
    if (pointer === undefined) {
      const frame = timeline.frameAt(event.offsetX, event.offsetY)?.frame;
      actions.hover(frame, event.offsetX, event.offsetY);
      return;
    }
    const before = pointers.size === 2 ? spread() : undefined;
    const movement = event.offsetX - pointer.x;
    if (start !== undefined && Math.abs(event.offsetX - start.x) >= DRAG_DISTANCE) isDragging = true;
    if (!isDragging) return;
    pointer.x = event.offsetX;
    if (before === undefined) {
      viewport.panBy(-movement * timeline.framesPerPixel);
    } else {
      const after = spread();
      viewport.zoom(before.distance / after.distance, timeline.positionAt(after.middle));
    }
    actions.hover(undefined, 0, 0);
    actions.move();
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!pointers.delete(event.pointerId) || isDragging) return;
    const target = timeline.frameAt(event.offsetX, event.offsetY);
    if (target !== undefined) actions.select(target.frame, target.isMark);
  });
  canvas.addEventListener('pointercancel', (event) => {
    pointers.delete(event.pointerId);
  });
  canvas.addEventListener('pointerleave', () => {
    actions.hover(undefined, 0, 0);
  });
  const onWheel = (event: WheelEvent) => {
    const isZoom = event.ctrlKey || event.metaKey;
    const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (isZoom)
      viewport.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 120), timeline.positionAt(event.offsetX));
    else if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey)
      viewport.panBy(sideways * timeline.framesPerPixel);
    else return;
    event.preventDefault();
    actions.move();
  };
  canvas.addEventListener('wheel', onWheel, { passive: false });
  canvas.addEventListener('dblclick', (event) => {
    viewport.zoom(0.25, timeline.positionAt(event.offsetX));
    actions.move();
  });
}
