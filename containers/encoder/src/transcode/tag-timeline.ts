import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** A step forward by more than this is a break, not a gap to fill. */
const MAX_STEP_FORWARD_MS = 3000;
/** A track's own tags come in order, give or take; more than this backwards is a new start. */
const MAX_STEP_BACK_MS = 1000;
/** Sound and picture of one moment come within this time; what lies further apart has clocks of its own. */
const MAX_APART_MS = 10_000;

/** Where a frame lies, and whether the timestamps broke off before it. */
export interface TimelineStep {
  readonly timelineMs: number;
  readonly hasJumped: boolean;
}

interface Track {
  readonly lastTimestampMs: number;
  readonly timelineMs: number;
  /** The jumps that its place takes account of: where the other track has seen more, this one will follow. */
  readonly jumps: number;
}

/**
 * Turns RTMP's 32-bit timestamps, which wrap after 49.7 days, into one timeline in milliseconds and takes jumps out of it.
 * Each track is compared with itself: some encoders send sound seconds after the picture that it belongs to.
 */
export class TagTimeline {
  readonly #tracks = new Map<FlvTag['type'], Track>();
  #jumps = 0;

  /** A jump takes no time: the timeline goes on right after what came before it, and the other track follows without one. */
  advance({ type, timestampMs }: Pick<FlvTag, 'type' | 'timestampMs'>): TimelineStep {
    const track = this.#tracks.get(type);
    const other = this.#tracks.get(type === AUDIO_TAG ? VIDEO_TAG : AUDIO_TAG);
    const place = goOn(track, other, timestampMs) ?? follow(track, other, timestampMs);
    if (place === null) this.#jumps += 1;
    const { timelineMs, jumps } = place ?? { timelineMs: endMs(track, other), jumps: this.#jumps };
    this.#tracks.set(type, { lastTimestampMs: timestampMs, timelineMs, jumps });
    return { timelineMs, hasJumped: place === null };
  }
}

type Place = Pick<Track, 'timelineMs' | 'jumps'>;

/** The place of a frame that continues its track; null where it does not. */
function goOn(track: Track | undefined, other: Track | undefined, timestampMs: number): Place | null {
  if (track === undefined) return null;
  const stepMs = distanceMs(track.lastTimestampMs, timestampMs);
  const timelineMs = track.timelineMs + stepMs;
  // From the end of either track: one that pauses while the other goes on has not broken off.
  const forwardMs = timelineMs - endMs(track, other);
  if (stepMs < -MAX_STEP_BACK_MS || forwardMs > MAX_STEP_FORWARD_MS) return null;
  return { timelineMs, jumps: track.jumps };
}

/** The place of a frame beside the other track, where that has jumped already or this one begins; null where it must jump. */
function follow(track: Track | undefined, other: Track | undefined, timestampMs: number): Place | null {
  if (other === undefined) return track === undefined ? { timelineMs: 0, jumps: 0 } : null;
  const { timelineMs, jumps, lastTimestampMs } = other;
  if (track !== undefined && track.jumps >= jumps) return null;
  const apartMs = distanceMs(lastTimestampMs, timestampMs);
  if (Math.abs(apartMs) <= MAX_APART_MS) return { timelineMs: timelineMs + apartMs, jumps };
  return track === undefined ? { timelineMs, jumps } : null;
}

function endMs(track: Track | undefined, other: Track | undefined): number {
  return Math.max(track?.timelineMs ?? 0, other?.timelineMs ?? 0);
}

/** From one timestamp to another, over the wrap of 32 bits. */
function distanceMs(fromMs: number, toMs: number): number {
  return (toMs - fromMs) | 0;
}
