/** Longer than any interleaving or jitter. Viewers of a rendition without new parts stall after about this time. */
const GONE_AFTER_MS = 3000;
/** Every change of tracks interrupts viewers, so audio must be continuous for this long before it counts as back. */
const BACK_AFTER_MS = 1000;
const MAX_GAP_MS = 500;

/** Detects that a source's audio has stopped while its video goes on. Times are on the publisher's timeline. */
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

  /** If announced audio never comes, its absence counts from the first video frame. */
  onVideo(timelineMs: number): void {
    this.#lastAudioMs ??= timelineMs;
    if (timelineMs - this.#lastAudioMs > GONE_AFTER_MS) this.#hasVanished = true;
  }
}
