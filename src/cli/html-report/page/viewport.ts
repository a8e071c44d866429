/** Fewer frames than these are not drawn wider. */
const MIN_FRAMES = 16;

/** Which frames the timeline shows. Both numbers may be fractions. */
export class Viewport {
  /** The first frame. */
  start = 0;
  /** How many frames fit. */
  count: number;
  readonly #frames: number;

  /** @param frames how many there are */
  constructor(frames: number) {
    this.#frames = frames;
    this.count = this.#fitCount;
  }

  /** Whether it shows all frames. */
  get showsAll(): boolean {
    return this.count >= this.#fitCount;
  }

  /** Whether it shows no fewer frames than it may. */
  get isClosest(): boolean {
    return this.count <= MIN_FRAMES;
  }

  /** Shows all frames. */
  fit(): void {
    this.count = this.#fitCount;
    this.start = 0;
  }

  /**
   * Shows more frames or fewer.
   *
   * @param factor 2 for twice as many
   * @param at the frame that stays where it is
   */
  zoom(factor: number, at: number): void {
    const count = Math.min(this.#fitCount, Math.max(MIN_FRAMES, this.count * factor));
    this.start = at - ((at - this.start) * count) / this.count;
    this.count = count;
    this.panBy(0);
  }

  /** Goes on by so many frames, or back. */
  panBy(frames: number): void {
    this.start = Math.max(0, Math.min(this.start + frames, this.#fitCount - this.count));
  }

  /** Goes to a frame, if it is not to be seen. */
  reveal(frame: number): void {
    const margin = Math.min(2, this.count / 8);
    if (frame < this.start + margin) this.panBy(frame - margin - this.start);
    else if (frame + 1 > this.start + this.count - margin) this.panBy(frame + 1 + margin - this.start - this.count);
  }

  get #fitCount(): number {
    return Math.max(this.#frames, MIN_FRAMES);
  }
}
