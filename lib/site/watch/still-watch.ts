/** A picture that stands for so long gets a sign that the page is waiting. Shorter pauses are not worth one. */
export const STILL_AFTER_MS = 300;

/** The playhead at one moment. */
export interface PlayheadSample {
  readonly nowMs: number;
  readonly currentTime: number;
  /** False while paused, and after the end. */
  readonly isMeantToMove: boolean;
}

/** Notices that a picture which should move stands still. */
export class StillWatch {
  #currentTime: number | null = null;
  #movedAtMs = 0;

  /** Returns whether the playhead has stood for long enough. Call this a few times in `STILL_AFTER_MS`. */
  isStill({ nowMs, currentTime, isMeantToMove }: PlayheadSample): boolean {
    if (currentTime !== this.#currentTime || !isMeantToMove) {
      this.#currentTime = currentTime;
      this.#movedAtMs = nowMs;
    }
    return nowMs - this.#movedAtMs >= STILL_AFTER_MS;
  }
}
