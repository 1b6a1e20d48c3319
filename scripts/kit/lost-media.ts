import type { MediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

/** The last segment that is known of the lost task is listed once more, without its parts. */
const LISTED_ONCE_MORE = /: segment (\d+) lists no parts$/;
/**
 * A segment that the lost task has begun since is a gap, in the place where the last known segment ends, and of the run of that one,
 * though the lost task may have begun another run.
 */
const BECAME_A_GAP = /^(\w+): the (?:date|duration|gap|name|discontinuity number) of segment (\d+) changed$/;
/** If the stream ends, segments that the lost task has begun since are not listed any more. */
const ENDED_BEFORE = /: EXT-X-ENDLIST after segment \d+, though \d+ was listed$/;

/** Tells which violations follow from the loss of a task's memory. */
export class LostMedia {
  /** Segments that were ever listed as gaps, as `rendition msn`. */
  readonly #gaps = new Set<string>();

  add(rendition: string, { segments }: MediaPlaylist): void {
    for (const { isGap, msn } of segments) if (isGap) this.#gaps.add(`${rendition} ${msn}`);
  }

  /** Whether a violation follows from it, if all media that was lost has media sequence numbers below `lostBelow`. */
  explains(violation: string, lostBelow: number): boolean {
    const [, lastKnown] = LISTED_ONCE_MORE.exec(violation) ?? [];
    if (lastKnown !== undefined) return Number(lastKnown) < lostBelow;
    const [, rendition, msn] = BECAME_A_GAP.exec(violation) ?? [];
    if (msn !== undefined) return Number(msn) < lostBelow && this.#gaps.has(`${rendition} ${msn}`);
    return lostBelow > 0 && ENDED_BEFORE.test(violation);
  }
}
