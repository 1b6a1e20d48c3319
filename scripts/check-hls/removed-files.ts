import { lengthSeconds, type MediaPlaylist } from './playlist/media-playlist.ts';

export interface RemovedFilesOptions {
  readonly load: (uri: string) => Promise<unknown>;
  readonly pause: (delayMs: number) => Promise<unknown>;
}

/** Parts have to stay for three target durations. */
const PART_TARGETS = 2.5;
/** Of the time for which segments have to stay. */
const SEGMENT_SHARE = 0.9;

/** Asks for files once more that have left the playlist, shortly before they may vanish. One of each kind waits at a time. */
export class RemovedFiles {
  readonly #options: RemovedFilesOptions;
  #parts: ReadonlySet<string> = new Set();
  #segments: ReadonlySet<string> = new Set();
  readonly #waiting = new Set<'part' | 'segment'>();
  #isStopped = false;

  constructor(options: RemovedFilesOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
  }

  add(playlist: MediaPlaylist): void {
    if (playlist.skippedSegments !== null) return;
    const targetMs = (playlist.targetDurationSeconds ?? 1) * 1000;
    const parts = new Set(playlist.segments.flatMap((segment) => segment.parts.map(({ uri }) => uri)));
    const segments = new Set(playlist.segments.flatMap(({ uri, isGap }) => (uri === null || isGap ? [] : [uri])));
    const playlistMs = playlist.segments.reduce((total, segment) => total + lengthSeconds(segment), 0) * 1000;
    this.#askLater(
      'part',
      [...this.#parts].find((uri) => !parts.has(uri)),
      PART_TARGETS * targetMs,
    );
    this.#askLater(
      'segment',
      [...this.#segments].find((uri) => !segments.has(uri)),
      SEGMENT_SHARE * playlistMs,
    );
    this.#parts = parts;
    this.#segments = segments;
  }

  /** Nobody waits for it at the end of a watch. */
  #askLater(kind: 'part' | 'segment', uri: string | undefined, delayMs: number): void {
    if (uri === undefined || this.#waiting.has(kind)) return;
    this.#waiting.add(kind);
    void this.#options.pause(delayMs).then(async () => {
      if (!this.#isStopped) await this.#options.load(uri);
      this.#waiting.delete(kind);
    });
  }
}
