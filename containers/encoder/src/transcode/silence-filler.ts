import { AUDIO_TAG, type FlvTag } from '#encoder/media/flv-tag.ts';
import { type SilentFrame, silentFrame } from '#encoder/media/silent-frame.ts';
import type { TimedTag } from './tag-cache.ts';
import { TrackLag } from './track-lag.ts';

/** Some publishers send their first audio seconds after the video that it belongs to. */
const FIRST_AUDIO_WAIT_MS = 2000;

/** Fills a source's missing audio with silence, as far as its video has come. Times are on the publisher's timeline. */
export class SilenceFiller {
  readonly lag = new TrackLag();
  #silence: SilentFrame | null = null;
  /** Where the audio ends that has come or was filled; the first video frame if there is none. */
  #untilMs: number | null = null;
  #hasAudio = false;
  /** Where the last silence ended. */
  #filledUntilMs = Number.NEGATIVE_INFINITY;
  #newestVideoMs = Number.NEGATIVE_INFINITY;

  /** Whether missing audio is filled. */
  get canFill(): boolean {
    return this.#silence !== null;
  }

  onHeader(tag: FlvTag): void {
    this.#silence = silentFrame(tag);
  }

  /** Returns whether an audio frame is wanted: one that comes after its time was filled is not. */
  onAudio({ tag, timelineMs }: TimedTag): boolean {
    this.#silence ??= silentFrame(tag);
    const isLate = timelineMs < this.#filledUntilMs;
    const isFirst = !this.#hasAudio;
    this.#hasAudio = true;
    if (isLate) this.lag.observeLate(this.#newestVideoMs - timelineMs);
    else if (isFirst) this.lag.observe(this.#newestVideoMs - timelineMs);
    else if (!this.#isFilling) this.lag.observe(this.#newestVideoMs - (this.#untilMs ?? timelineMs));
    if (isLate) return false;
    this.#untilMs = Math.max(this.#untilMs ?? timelineMs, timelineMs + (this.#silence?.durationMs ?? 0));
    return true;
  }

  /** The silence that is to come before a video frame; none as long as audio is not missing. */
  onVideo(timelineMs: number): TimedTag[] {
    this.#newestVideoMs = Math.max(this.#newestVideoMs, timelineMs);
    this.#untilMs ??= timelineMs;
    const missingAfterMs = this.#hasAudio ? this.lag.missingAfterMs : FIRST_AUDIO_WAIT_MS;
    if (this.#silence === null || (!this.#isFilling && timelineMs - this.#untilMs <= missingAfterMs)) return [];
    return this.#fill(this.#silence, this.#untilMs, timelineMs - this.lag.fillBehindMs);
  }

  /** Whether silence is the last that was heard. */
  get #isFilling(): boolean {
    return this.#untilMs === this.#filledUntilMs;
  }

  #fill({ payload, durationMs }: SilentFrame, fromMs: number, toMs: number): TimedTag[] {
    const count = Math.max(0, Math.floor((toMs - fromMs) / durationMs));
    if (count === 0) return [];
    this.#untilMs = this.#filledUntilMs = fromMs + count * durationMs;
    return Array.from({ length: count }, (_, index) => {
      const timelineMs = Math.round(fromMs + index * durationMs);
      return { tag: { type: AUDIO_TAG, timestampMs: timelineMs, payload }, timelineMs };
    });
  }
}
