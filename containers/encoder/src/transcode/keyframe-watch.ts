/** So long, a publish may go on without a picture that can be decoded. Only a new connection is sure to begin with a keyframe. */
const MAX_WAIT_MS = 10_000;

/** Tells when a publish has been useless for too long, because no keyframe comes. */
export class KeyframeWatch {
  #sinceMs: number | null = null;

  /** A tag came at `nowMs`. `isWaiting`: nothing can be done with it until a keyframe comes. */
  isOverdue(isWaiting: boolean, nowMs: number): boolean {
    if (!isWaiting) this.#sinceMs = null;
    else this.#sinceMs ??= nowMs;
    return this.#sinceMs !== null && nowMs - this.#sinceMs >= MAX_WAIT_MS;
  }
}
