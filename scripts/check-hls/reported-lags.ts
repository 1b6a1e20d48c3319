import { BoundedMap } from './bounded-map.ts';

/** How far one rendition is behind another one, as their playlists say in one answer. */
export interface RenditionLag {
  readonly ahead: string;
  readonly behind: string;
  /** In the answer in which it is the least behind. */
  readonly leastSeconds: number;
  readonly answers: number;
}

interface LagRange {
  readonly first: string;
  readonly second: string;
  /** The first one's end less the second one's. */
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  readonly answers: number;
}

const MAX_PAIRS = 2_000;

/** What rendition reports say about how far renditions are apart. An answer is of one moment, so no clock is needed for that. */
export class ReportedLags {
  readonly #ranges = new BoundedMap<string, LagRange>(MAX_PAIRS);

  /** Adds a report: by how much the end of the playlist that it is in is past the end of the one that it reports. */
  add(place: string, reported: string, aheadSeconds: number): void {
    const isInOrder = place < reported;
    const [first, second] = isInOrder ? [place, reported] : [reported, place];
    const seconds = isInOrder ? aheadSeconds : -aheadSeconds;
    const key = JSON.stringify([first, second]);
    const known = this.#ranges.get(key);
    this.#ranges.set(key, {
      ...{ first, second, answers: (known?.answers ?? 0) + 1 },
      leastSeconds: Math.min(known?.leastSeconds ?? seconds, seconds),
      mostSeconds: Math.max(known?.mostSeconds ?? seconds, seconds),
    });
  }

  /** Of the pairs in which one rendition always is behind the other. */
  get lags(): readonly RenditionLag[] {
    return [...this.#ranges.values()].flatMap(({ first, second, leastSeconds, mostSeconds, answers }) => {
      if (leastSeconds > 0) return [{ ahead: first, behind: second, leastSeconds, answers }];
      if (mostSeconds < 0) return [{ ahead: second, behind: first, leastSeconds: -mostSeconds, answers }];
      return [];
    });
  }
}
