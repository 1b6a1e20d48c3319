export interface RelayBacklogOptions {
  readonly maxBytes: number;
  /** How many beats a tag may wait. */
  readonly maxBeats: number;
}

/** Tells whether tags wait too long, or too many of them, because the other side does not read. */
export class RelayBacklog {
  readonly #options: RelayBacklogOptions;
  #writtenTags = 0;
  #sentTags = 0;
  /** How many tags had been written at each of the last beats. Oldest first. */
  readonly #writtenAtBeats: number[] = [];

  constructor(options: RelayBacklogOptions) {
    this.#options = options;
  }

  /** A tag was written. Returns what to call when the kernel has it. */
  onWritten(): () => void {
    this.#writtenTags++;
    return () => {
      this.#sentTags++;
    };
  }

  /** Whether so many unsent bytes are too many. */
  isFull(unsentBytes: number): boolean {
    return unsentBytes > this.#options.maxBytes;
  }

  /** Call it at each beat. True if a tag has waited too long. */
  isLate(): boolean {
    this.#writtenAtBeats.push(this.#writtenTags);
    if (this.#writtenAtBeats.length <= this.#options.maxBeats) return false;
    return this.#sentTags < (this.#writtenAtBeats.shift() ?? 0);
  }
}
