import { compareEnds, endOf, type MediaPlaylist, type PlaylistEnd } from './playlist/media-playlist.ts';

/** How far the answers for one media playlist have come. */
export interface PlaylistProgress {
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly targetDurationSeconds: number | null;
  readonly partTargetSeconds: number | null;
  readonly playlistType: string | null;
  readonly end: PlaylistEnd;
  /** The same as a rendition report says it: parts are counted even if the segment is complete. */
  readonly reportable: PlaylistEnd;
  readonly isEnded: boolean;
  /** URI of the part that the answer with this end hinted at. */
  readonly hint: string | null;
}

/** When an answer was asked for, and when it was complete. */
interface AnswerTimes {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

interface Checkpoint extends AnswerTimes {
  readonly progress: PlaylistProgress;
}

/** More than the answers that may come while one request is held back. */
const MAX_CHECKPOINTS = 4_000;

/**
 * How far a media playlist had come at any time of the recent past. An answer only has to agree with those that were complete
 * before its request: requests may wait for long, and caches and tasks answer side by side.
 */
export class ProgressRecord {
  readonly #checkpoints: Checkpoint[] = [];

  /** All that is known by now. Null without an answer. */
  get latest(): PlaylistProgress | null {
    return this.#checkpoints.at(-1)?.progress ?? null;
  }

  /** What was known before a time. */
  before(atMs: number): PlaylistProgress | null {
    return this.#checkpoints.findLast(({ endedAtMs }) => endedAtMs < atMs)?.progress ?? null;
  }

  /** What was known with the first answer that was asked for after a time. Null if there is none. */
  askedAfter(atMs: number): PlaylistProgress | null {
    return this.#checkpoints.find(({ startedAtMs }) => startedAtMs > atMs)?.progress ?? null;
  }

  add(playlist: MediaPlaylist, times: AnswerTimes): void {
    const { endedAtMs } = times;
    const later = this.#checkpoints.findIndex((checkpoint) => checkpoint.endedAtMs > endedAtMs);
    const place = later < 0 ? this.#checkpoints.length : later;
    this.#checkpoints.splice(place, 0, { ...times, progress: toProgress(playlist) });
    for (let index = place; index < this.#checkpoints.length; index++) {
      const [before, own] = [this.#checkpoints[index - 1], this.#checkpoints[index]];
      if (before === undefined || own === undefined) continue;
      this.#checkpoints[index] = { ...own, progress: furthest(before.progress, own.progress) };
    }
    if (this.#checkpoints.length > MAX_CHECKPOINTS) this.#checkpoints.shift();
  }
}

function toProgress(playlist: MediaPlaylist): PlaylistProgress {
  const { mediaSequence, discontinuitySequence, targetDurationSeconds, partTargetSeconds, isEnded } = playlist;
  return {
    ...{ mediaSequence, discontinuitySequence, targetDurationSeconds, partTargetSeconds, isEnded },
    playlistType: playlistTypeOf(playlist),
    end: endOf(playlist),
    reportable: reportableEnd(playlist),
    hint: playlist.preloadHint?.get('URI') ?? null,
  };
}

function furthest(before: PlaylistProgress, own: PlaylistProgress): PlaylistProgress {
  const isFurther = compareEnds(own.end, before.end) >= 0;
  return {
    mediaSequence: Math.max(before.mediaSequence, own.mediaSequence),
    discontinuitySequence: Math.max(before.discontinuitySequence, own.discontinuitySequence),
    targetDurationSeconds: before.targetDurationSeconds,
    partTargetSeconds: before.partTargetSeconds ?? own.partTargetSeconds,
    playlistType: before.playlistType,
    end: isFurther ? own.end : before.end,
    reportable: isFurther ? own.reportable : before.reportable,
    isEnded: before.isEnded || own.isEnded,
    hint: isFurther ? own.hint : before.hint,
  };
}

/** EXT-X-PLAYLIST-TYPE. */
export function playlistTypeOf({ lines }: MediaPlaylist): string | null {
  return lines.find(({ name }) => name === 'EXT-X-PLAYLIST-TYPE')?.value ?? null;
}

function reportableEnd(playlist: MediaPlaylist): PlaylistEnd {
  const last = playlist.segments.at(-1);
  return last === undefined || last.parts.length === 0 ? endOf(playlist) : { msn: last.msn, parts: last.parts.length };
}
