import { BoundedMap } from './bounded-map.ts';
import { fileKey, type MediaPlaylist, rangeOf } from './playlist/media-playlist.ts';

/** When playlists listed a file. */
interface FileListing {
  readonly isPart: boolean;
  readonly durationSeconds: number;
  readonly listedAtMs: number;
  goneAtMs: number | null;
}

const MAX_LISTINGS = 4_000;

/** The media files that the playlists of one rendition list and have listed, and the parts that they hint at. */
export class ObservedFiles {
  readonly #listings = new BoundedMap<string, FileListing>(MAX_LISTINGS);
  readonly #hints = new BoundedMap<string, number | null>(MAX_LISTINGS);
  #longestPlaylistSeconds = 0;

  /** The longest playlist so far. */
  get longestPlaylistSeconds(): number {
    return this.#longestPlaylistSeconds;
  }

  listing(uri: string): Readonly<FileListing> | undefined {
    return this.#listings.get(uri);
  }

  /** Notes the status of a request for a part that no playlist listed then. */
  answerHint(uri: string, status: number): void {
    if (this.#hints.has(uri)) this.#hints.set(uri, status);
  }

  /** The status that a request for a hinted part got. Null if nobody has asked. */
  hintStatus(uri: string): number | null {
    return this.#hints.get(uri) ?? null;
  }

  /** Adds an answer. Returns the files that it is the first to list. */
  add({ segments, preloadHint, skippedSegments }: MediaPlaylist, atMs: number): string[] {
    const fresh: string[] = [];
    const listed = new Set<string>();
    let seconds = 0;
    const list = (uri: string, isPart: boolean, durationSeconds: number): void => {
      listed.add(uri);
      if (this.#listings.has(uri)) return;
      fresh.push(uri);
      this.#listings.set(uri, { isPart, durationSeconds, listedAtMs: atMs, goneAtMs: null });
    };
    for (const { uri, byteRange, isGap, parts, durationSeconds } of segments) {
      seconds += durationSeconds ?? 0;
      if (uri !== null && !isGap) list(fileKey(uri, rangeOf({ byteRange })), false, durationSeconds ?? 0);
      for (const part of parts) if (!part.isGap) list(part.uri, true, part.durationSeconds);
    }
    if (skippedSegments === null) {
      this.#longestPlaylistSeconds = Math.max(this.#longestPlaylistSeconds, seconds);
      for (const [uri, listing] of this.#listings) if (!listed.has(uri)) listing.goneAtMs ??= atMs;
    }
    const hint = preloadHint?.get('URI');
    if (hint !== undefined && !this.#hints.has(hint)) this.#hints.set(hint, null);
    return fresh;
  }
}
