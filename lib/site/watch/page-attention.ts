/**
 * A page that nobody sees or hears goes on asking for so long, in milliseconds, so that a viewer who comes back to the tab
 * finds a stream that has begun. A tab that was forgotten asks nobody.
 */
const ATTENTION_MS = 10 * 60_000;

/** The parts of `document` that tell whether somebody may look at it. */
export type WatchedDocument = Pick<Document, 'visibilityState' | 'pictureInPictureElement' | 'addEventListener'>;

/** The parts of a video that tell whether somebody may hear it. */
export type HeardVideo = Pick<HTMLVideoElement, 'paused' | 'ended' | 'addEventListener'>;

/** What attention follows from. */
export interface AttentionSources {
  readonly document: WatchedDocument;
  readonly video: HeardVideo;
  /** Milliseconds, by a clock that never steps. */
  readonly now: () => number;
}

/** Whether somebody may still be interested in the page. */
export class PageAttention {
  readonly #sources: AttentionSources;
  #watchedAtMs = Number.NEGATIVE_INFINITY;
  readonly #waiting: (() => void)[] = [];

  constructor(sources: AttentionSources) {
    this.#sources = sources;
    sources.document.addEventListener('visibilitychange', () => this.#onChange());
    sources.video.addEventListener('play', () => this.#onChange());
    this.#onChange();
  }

  /** Resolves at once or, if the page has been out of sight and silent for ten minutes, when it no longer is. */
  async whenWatched(): Promise<void> {
    const { now } = this.#sources;
    if (this.#isWatched()) this.#watchedAtMs = now();
    if (now() - this.#watchedAtMs < ATTENTION_MS) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #isWatched(): boolean {
    const { document, video } = this.#sources;
    const isInSight = document.visibilityState === 'visible' || document.pictureInPictureElement !== null;
    return isInSight || (!video.paused && !video.ended);
  }

  #onChange(): void {
    // A page that is hidden now was watched until now.
    this.#watchedAtMs = this.#sources.now();
    if (this.#isWatched()) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
