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
  readonly #toPath: (uri: string) => string;
  /** Of all that playlists name, init sections and hints included. */
  readonly #paths = new BoundedMap<string, true>(MAX_LISTINGS);
  /** By path, as the hints. */
  readonly #listings = new BoundedMap<string, FileListing>(MAX_LISTINGS);
  readonly #hints = new BoundedMap<string, number | null>(MAX_LISTINGS);
  #longestPlaylistSeconds = 0;

  /** `toPath` resolves what playlists name. */
  constructor(toPath: (uri: string) => string) {
    this.#toPath = toPath;
  }

  /** Whether a playlist has named a file, whole or a range of it. */
  names(path: string): boolean {
    return this.#paths.has(path);
  }

  /** The longest playlist so far. */
  get longestPlaylistSeconds(): number {
    return this.#longestPlaylistSeconds;
  }

  listing(path: string): Readonly<FileListing> | undefined {
    return this.#listings.get(path);
  }

  /** Notes the status of a request for a part that no playlist listed then. */
  answerHint(path: string, status: number): void {
    if (this.#hints.has(path)) this.#hints.set(path, status);
  }

  /** The status that a request for a hinted part got. Null if nobody has asked. */
  hintStatus(path: string): number | null {
    return this.#hints.get(path) ?? null;
  }

  /** Adds an answer. Returns the paths of files that it is the first to list. */
  add({ segments, preloadHint, skippedSegments }: MediaPlaylist, atMs: number): string[] {
    const fresh: string[] = [];
    const listed = new Set<string>();
    let seconds = 0;
    const list = (path: string, isPart: boolean, durationSeconds: number): void => {
      listed.add(path);
      if (this.#listings.has(path)) return;
      fresh.push(path);
      this.#listings.set(path, { isPart, durationSeconds, listedAtMs: atMs, goneAtMs: null });
    };
    for (const { uri, map, byteRange, isGap, parts, durationSeconds } of segments) {
      seconds += durationSeconds ?? 0;
      if (map !== null) this.#name(map);
      if (uri !== null && !isGap) list(fileKey(this.#name(uri), rangeOf({ byteRange })), false, durationSeconds ?? 0);
      for (const part of parts) if (!part.isGap) list(this.#name(part.uri), true, part.durationSeconds);
    }
    if (skippedSegments === null) {
      this.#longestPlaylistSeconds = Math.max(this.#longestPlaylistSeconds, seconds);
      for (const [path, listing] of this.#listings) if (!listed.has(path)) listing.goneAtMs ??= atMs;
    }
    const hint = preloadHint?.get('URI');
    const hinted = hint === undefined ? null : this.#name(hint);
    if (hinted !== null && !this.#hints.has(hinted)) this.#hints.set(hinted, null);
    return fresh;
  }

  #name(uri: string): string {
    const path = this.#toPath(uri);
    this.#paths.set(path, true);
    return path;
  }
}
