/** Longer than any interleaving or jitter; viewers of a rendition without new parts stall after about as long. */
const GONE_AFTER_MS = 3000;
/** Every change begins a new presentation for viewers, so sound that comes in crumbs is not back. */
const BACK_AFTER_MS = 1000;
const MAX_GAP_MS = 500;

/** Tells whether a source's audio has vanished while its video goes on. Times lie on the publisher's timeline. */
export class AudioWatch {
  #lastAudioMs: number | null = null;
  #audioSinceMs = 0;
  #hasVanished = false;

  get vanished(): boolean {
    return this.#hasVanished;
  }

  onAudio(timelineMs: number): void {
    if (this.#lastAudioMs === null || timelineMs - this.#lastAudioMs > MAX_GAP_MS) this.#audioSinceMs = timelineMs;
    this.#lastAudioMs = timelineMs;
    if (timelineMs - this.#audioSinceMs >= BACK_AFTER_MS) this.#hasVanished = false;
  }

  /** Audio that was announced and never came counts from the first picture on. */
  onVideo(timelineMs: number): void {
    this.#lastAudioMs ??= timelineMs;
    if (timelineMs - this.#lastAudioMs > GONE_AFTER_MS) this.#hasVanished = true;
  }
}
