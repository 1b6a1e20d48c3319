/**
 * A hidden page goes on asking for so long, in milliseconds, so that a viewer who comes back to the tab finds a stream
 * that has begun. A tab that was forgotten asks nobody.
 */
const ATTENTION_MS = 10 * 60_000;

/** The parts of `document` that tell whether somebody may look at it. */
export type WatchedDocument = Pick<Document, 'visibilityState' | 'addEventListener'>;

/** Whether somebody may still be interested in the page. */
export class PageAttention {
  readonly #document: WatchedDocument;
  readonly #now: () => number;
  #hiddenAtMs: number | null = null;
  readonly #waiting: (() => void)[] = [];

  /** `now`: milliseconds, by a clock that never steps. */
  constructor(document: WatchedDocument, now: () => number) {
    this.#document = document;
    this.#now = now;
    document.addEventListener('visibilitychange', () => this.#onChange());
    this.#onChange();
  }

  /** Resolves at once or, if the page has been hidden for ten minutes, when it is shown again. */
  async whenWatched(): Promise<void> {
    if (this.#hiddenAtMs === null || this.#now() - this.#hiddenAtMs < ATTENTION_MS) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #onChange(): void {
    this.#hiddenAtMs = this.#document.visibilityState === 'hidden' ? this.#now() : null;
    if (this.#hiddenAtMs === null) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
