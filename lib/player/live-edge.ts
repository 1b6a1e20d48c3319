/** What a playlist says about its end, read at one moment. */
export interface EdgeReading {
  readonly nowMs: number;
  /** End of the playlist's last part or segment, on the media timeline. */
  readonly edgeSeconds: number;
  /** Since the playlist last grew. */
  readonly ageSeconds: number;
  /** How often it should grow: the part target, or the target duration where there are no parts. */
  readonly updateSeconds: number;
}

/** Long enough to hold several punctual updates, short enough to follow a clock that drifts. */
const WINDOW_MS = 5000;
/** A playlist that is this many updates late has stopped growing. */
const LATE_UPDATES = 3;

/**
 * Where the live edge is, between and in spite of a playlist's updates. An update that comes late makes the stream look closer
 * to live than it is, never further: so the furthest edge of the last seconds counts, carried on by the clock.
 */
export class LiveEdge {
  /** Edge less clock, seconds: the same for every punctual update. */
  #offsets: readonly { readonly atMs: number; readonly seconds: number }[] = [];
  #isGrowing = false;

  /** False while the playlist has stopped growing: its encoder or publisher is away, or the network is. */
  get isGrowing(): boolean {
    return this.#isGrowing;
  }

  /** Takes in a reading; call a few times a second. */
  read({ nowMs, edgeSeconds, ageSeconds, updateSeconds }: EdgeReading): void {
    const hasBeenGrowing = this.#isGrowing;
    this.#isGrowing = ageSeconds < updateSeconds * LATE_UPDATES;
    const seconds = edgeSeconds + Math.min(ageSeconds, updateSeconds) - nowMs / 1000;
    // After a standstill the stream goes on from where it stood, so what was measured before it says nothing any more.
    const recent =
      hasBeenGrowing && this.#isGrowing ? this.#offsets.filter(({ atMs }) => nowMs - atMs < WINDOW_MS) : [];
    this.#offsets = [...recent, { atMs: nowMs, seconds }];
  }

  /** Media time of the live edge, null before the first reading. */
  secondsAt(nowMs: number): number | null {
    if (this.#offsets.length === 0) return null;
    return Math.max(...this.#offsets.map(({ seconds }) => seconds)) + nowMs / 1000;
  }
}
