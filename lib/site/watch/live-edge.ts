/** The end of a playlist, read at one moment. */
export interface EdgeReading {
  readonly nowMs: number;
  /** End of the playlist's last part or segment, on the media timeline. */
  readonly edgeSeconds: number;
  /** Time since the playlist last grew. */
  readonly ageSeconds: number;
  /** Expected interval between updates: the part target, or the target duration of a playlist without parts. */
  readonly updateSeconds: number;
}

/** Long enough to contain several punctual updates, short enough to follow a drifting clock. */
const WINDOW_MS = 5000;
/** A playlist that is late by this many updates has stopped growing. */
const LATE_UPDATES = 3;

/**
 * Estimates the live edge between playlist updates. A late update makes the edge look older than it is, and no update
 * makes it look newer. Therefore the newest edge of the last few seconds counts, advanced by the clock.
 */
export class LiveEdge {
  /** Edge minus clock, in seconds. Every punctual update gives the same value. */
  #offsets: readonly { readonly atMs: number; readonly seconds: number }[] = [];
  #isGrowing = false;

  /** False while the playlist does not grow, because the encoder, the publisher or the network is down. */
  get isGrowing(): boolean {
    return this.#isGrowing;
  }

  /** Adds a reading. Call this a few times a second. */
  read({ nowMs, edgeSeconds, ageSeconds, updateSeconds }: EdgeReading): void {
    const hasBeenGrowing = this.#isGrowing;
    this.#isGrowing = ageSeconds < updateSeconds * LATE_UPDATES;
    const seconds = edgeSeconds + Math.min(ageSeconds, updateSeconds) - nowMs / 1000;
    // After a standstill the stream continues from where it stopped, so older measurements no longer apply.
    const recent =
      hasBeenGrowing && this.#isGrowing ? this.#offsets.filter(({ atMs }) => nowMs - atMs < WINDOW_MS) : [];
    this.#offsets = [...recent, { atMs: nowMs, seconds }];
  }

  /** Returns the media time of the live edge, or null before the first reading. */
  secondsAt(nowMs: number): number | null {
    if (this.#offsets.length === 0) return null;
    return Math.max(...this.#offsets.map(({ seconds }) => seconds)) + nowMs / 1000;
  }
}
