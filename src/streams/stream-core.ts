/** What a stream does with its bytes, without the stream: the Node and the web stream are shells around it. */
export interface StreamCore<Output, Stats> {
  /**
   * Takes the next bytes.
   *
   * @returns what can go out now; it is asked for before anything else is called
   */
  push(chunk: Uint8Array): Iterable<Output>;
  /** Says that the stream ends here; answers what there is left. */
  flush(): Iterable<Output>;
  /** Lets go of what the stream holds: it has ended, or is given up. */
  close(): void;
  /** Counts so far; a new object each time. */
  readonly stats: Stats;
}
