import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';

/** A larger step forward is a jump, not a gap to fill. */
const MAX_STEP_FORWARD_MS = 3000;
/** The tags of one track come roughly in order. A larger step back is a jump. */
const MAX_STEP_BACK_MS = 1000;
/** Audio and video of the same moment are at most this far apart. Beyond it, the tracks have different clocks. */
const MAX_APART_MS = 10_000;

/** From the last frame before the publisher left to the first one after its return: a frame of the lowest usual rate. */
const RETURN_STEP_MS = 40;

/** A frame's position, and whether the timestamps jumped before it. */
export interface TimelineStep {
  readonly timelineMs: number;
  readonly hasJumped: boolean;
}

interface Track {
  readonly lastTimestampMs: number;
  readonly timelineMs: number;
  /** How many jumps its position includes. If the other track has seen more, this one will follow. */
  readonly jumps: number;
}

/**
 * Converts RTMP's 32-bit timestamps, which wrap after 49.7 days, to a timeline in milliseconds without jumps. Compares
 * each track with itself, because some publishers send audio seconds after the video that it belongs to.
 */
export class TagTimeline {
  readonly #tracks = new Map<FlvTag['type'], Track>();
  #jumps = 0;
  /** The track whose next frame belongs where the other track is, whatever its timestamp. */
  #rejoining: FlvTag['type'] | null = null;
  /** Where the next frame is if there are no tracks. */
  #startMs = 0;

  /**
   * A jump takes no time: the timeline continues where it ended, and the other track follows without a jump of its own.
   */
  advance({ type, timestampMs }: Pick<FlvTag, 'type' | 'timestampMs'>): TimelineStep {
    const track = this.#tracks.get(type);
    const other = this.#tracks.get(type === AUDIO_TAG ? VIDEO_TAG : AUDIO_TAG);
    const place =
      this.#rejoin(type, other) ??
      goOn(track, other, timestampMs) ??
      follow(track, other, timestampMs) ??
      this.#start();
    if (place === null) this.#jumps += 1;
    const { timelineMs, jumps } = place ?? { timelineMs: endMs(track, other), jumps: this.#jumps };
    this.#tracks.set(type, { lastTimestampMs: timestampMs, timelineMs, jumps });
    return { timelineMs, hasJumped: place === null };
  }

  /** Whether a frame of this connection has come. */
  get hasFrames(): boolean {
    return this.#tracks.size > 0;
  }

  /**
   * The position of something that is no frame: next to the picture, or the sound. At the newest frame if its timestamp has nothing to
   * do with theirs, as when it is always 0.
   */
  positionOf(timestampMs: number): number {
    const track = this.#tracks.get(VIDEO_TAG) ?? this.#tracks.get(AUDIO_TAG);
    if (track === undefined) return this.#startMs;
    const stepMs = distanceMs(track.lastTimestampMs, timestampMs);
    return track.timelineMs + (Math.abs(stepMs) <= MAX_STEP_FORWARD_MS ? stepMs : 0);
  }

  /** Another connection follows, whose timestamps begin anew. Its media goes on where this one's ended. */
  onReturn(): void {
    if (this.#tracks.size === 0) return;
    this.#startMs = RETURN_STEP_MS + Math.max(...[...this.#tracks.values()].map(({ timelineMs }) => timelineMs));
    this.#tracks.clear();
  }

  /** The clock of a track is not that of the other one: its next frame belongs where the other track is. */
  rejoin(type: FlvTag['type']): void {
    this.#rejoining = type;
  }

  #rejoin(type: FlvTag['type'], other: Track | undefined): Place | null {
    if (this.#rejoining !== type || other === undefined) return null;
    this.#rejoining = null;
    return { timelineMs: other.timelineMs, jumps: other.jumps };
  }

  /** The position of the first frame of all; null if there was one. */
  #start(): Place | null {
    return this.#tracks.size === 0 ? { timelineMs: this.#startMs, jumps: this.#jumps } : null;
  }
}

type Place = Pick<Track, 'timelineMs' | 'jumps'>;

/** The position of a frame that continues its track; null if it does not. */
function goOn(track: Track | undefined, other: Track | undefined, timestampMs: number): Place | null {
  if (track === undefined) return null;
  const stepMs = distanceMs(track.lastTimestampMs, timestampMs);
  const timelineMs = track.timelineMs + stepMs;
  // Measured from the end of either track: a track that pauses while the other goes on has not jumped.
  const forwardMs = timelineMs - endMs(track, other);
  if (stepMs < -MAX_STEP_BACK_MS || forwardMs > MAX_STEP_FORWARD_MS) return null;
  return { timelineMs, jumps: track.jumps };
}

/** The position next to the other track, if that has jumped or this track is new; null if the frame itself jumps. */
function follow(track: Track | undefined, other: Track | undefined, timestampMs: number): Place | null {
  if (other === undefined) return null;
  const { timelineMs, jumps, lastTimestampMs } = other;
  if (track !== undefined && track.jumps >= jumps) return null;
  const apartMs = distanceMs(lastTimestampMs, timestampMs);
  if (Math.abs(apartMs) <= MAX_APART_MS) return { timelineMs: timelineMs + apartMs, jumps };
  return track === undefined ? { timelineMs, jumps } : null;
}

function endMs(track: Track | undefined, other: Track | undefined): number {
  return Math.max(track?.timelineMs ?? 0, other?.timelineMs ?? 0);
}

/** The difference of two timestamps, across the 32-bit wrap. */
function distanceMs(fromMs: number, toMs: number): number {
  return (toMs - fromMs) | 0;
}
