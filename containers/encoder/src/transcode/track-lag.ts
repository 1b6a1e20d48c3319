/** A track that is this far behind the other one is missing. Viewers of the lowest latency would soon stall. */
const MISSING_AFTER_MS = 700;
/** On top of what is usual for the source. */
const UNUSUAL_MS = 500;
/** Longer than any interleaving. */
const MAX_MISSING_AFTER_MS = 3000;
/** What was usual counts for half after about 15 s of audio. */
const FORGETTING = 0.999;
/** So many frames in a row that are later than any interleaving have another clock. They are about a second. */
const ADRIFT_FRAMES = 30;
/** How far behind the usual place of a track its fill ends, so that the track itself can go on with its next frame. */
const FILL_MARGIN_MS = 100;

/** Learns how far a track usually is behind the other one before its next frame comes. */
export class TrackLag {
  #usualMs = 0;
  #lateFrames = 0;

  /** Whether the track goes on, but its clock did not while it was missing. */
  get isAdrift(): boolean {
    return this.#lateFrames >= ADRIFT_FRAMES;
  }

  /** From which distance on the track is missing. */
  get missingAfterMs(): number {
    return Math.min(MAX_MISSING_AFTER_MS, Math.max(MISSING_AFTER_MS, this.#usualMs + UNUSUAL_MS));
  }

  /** How far behind the other track a missing track is filled up to. */
  get fillBehindMs(): number {
    return this.#usualMs + FILL_MARGIN_MS;
  }

  /** A frame has come, and the track was this far behind until then. */
  observe(behindMs: number): void {
    this.#lateFrames = 0;
    this.#usualMs = Math.max(this.#usualMs * FORGETTING, Math.min(MAX_MISSING_AFTER_MS, behindMs));
  }

  /** A frame has come whose place was filled, this far behind the other track. */
  observeLate(behindMs: number): void {
    const lateFrames = behindMs > MAX_MISSING_AFTER_MS ? this.#lateFrames + 1 : 0;
    this.observe(behindMs);
    this.#lateFrames = lateFrames;
  }

  /** The track is where it belongs from now on. */
  onRejoined(): void {
    this.#usualMs = 0;
    this.#lateFrames = 0;
  }
}
