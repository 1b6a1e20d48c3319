/** A larger step forward is a jump of the timestamps and no time. */
const MAX_STEP_MS = 3000;
/** A larger step back is one, too. A smaller one is a tag that comes out of order. */
const MAX_STEP_BACK_MS = 1000;

interface MediaTrack {
  newestMs: number;
  elapsedMs: number;
}

/** How much media time a publisher's timestamps say has passed. Each type of tags is compared with itself. */
export class MediaTime {
  readonly #tracks = new Map<number, MediaTrack>();
  #elapsedMs = 0;

  /** Of the track that has the most. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Takes a tag's timestamp, which wraps at 32 bits. Returns by how much time has advanced, in milliseconds. */
  advance(type: number, timestampMs: number): number {
    const track = this.#tracks.get(type);
    if (track === undefined) {
      this.#tracks.set(type, { newestMs: timestampMs, elapsedMs: 0 });
      return 0;
    }
    const stepMs = (timestampMs - track.newestMs) | 0;
    if (stepMs <= 0 && stepMs >= -MAX_STEP_BACK_MS) return 0;
    track.newestMs = timestampMs;
    if (stepMs < 0 || stepMs > MAX_STEP_MS) return 0;
    track.elapsedMs += stepMs;
    const advancedMs = Math.max(0, track.elapsedMs - this.#elapsedMs);
    this.#elapsedMs += advancedMs;
    return advancedMs;
  }
}
