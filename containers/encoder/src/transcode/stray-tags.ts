import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** Further forward or back, the timestamps jump, or the tag is astray. */
const MAX_STEP_FORWARD_MS = 3000;
const MAX_STEP_BACK_MS = 1000;

/** A tag and when it arrived, in milliseconds since 1970. */
export interface ReceivedTag {
  readonly tag: FlvTag;
  readonly receivedAtMs: number;
}

/**
 * Drops single tags whose timestamps have nothing to do with those around them, such as a tag that is stamped 0. A tag that may be
 * one waits for the next tag of its track. If that one does not go on where the track was, the timestamps have jumped.
 */
export class StrayTags {
  readonly #newestMs = new Map<FlvTag['type'], number>();
  readonly #suspects = new Map<FlvTag['type'], ReceivedTag>();

  /** Takes the next audio or video frame. Returns those that are to be used now, in order. */
  pass(received: ReceivedTag): readonly ReceivedTag[] {
    const { type, timestampMs } = received.tag;
    const suspect = this.#suspects.get(type);
    const goesOn = this.#goesOn(received.tag);
    if (suspect === undefined && !goesOn) {
      this.#suspects.set(type, received);
      return [];
    }
    this.#suspects.delete(type);
    this.#newestMs.set(type, timestampMs);
    return suspect === undefined || goesOn ? [received] : [suspect, received];
  }

  #goesOn({ type, timestampMs }: FlvTag): boolean {
    const newestMs = this.#newestMs.get(type);
    if (newestMs === undefined) return true;
    const stepMs = (timestampMs - newestMs) | 0;
    if (stepMs < -MAX_STEP_BACK_MS) return false;
    if (stepMs <= MAX_STEP_FORWARD_MS) return true;
    // A track may pause while the other one goes on.
    const otherMs = this.#newestMs.get(type === AUDIO_TAG ? VIDEO_TAG : AUDIO_TAG);
    return otherMs !== undefined && Math.abs((timestampMs - otherMs) | 0) <= MAX_STEP_FORWARD_MS;
  }
}
