import { BoundedMap } from './bounded-map.ts';
import { DirectiveTrials } from './directive-trials.ts';
import type { TimedResponse } from './http-client.ts';
import { fileKey, type MediaPlaylist, parseMediaPlaylist, rangeOf } from './playlist/media-playlist.ts';
import { resolveUri } from './playlist/playlist-uris.ts';
import { RemovedFiles } from './removed-files.ts';
import { isPlaylist } from './rules/syntax-rules.ts';

export interface RenditionWatchOptions {
  readonly url: string;
  /** Resolves to null if there is no answer. */
  readonly get: (url: string, range?: string) => Promise<TimedResponse | null>;
  readonly pause: (delayMs: number) => Promise<unknown>;
  readonly signal: AbortSignal;
  /** Whether to try what a player does not, such as wrong directives. */
  readonly tries: boolean;
}

const RETRY_MS = 300;
const MAX_NAMES = 2_000;
/** Every third reload asks for a delta update. */
const DELTA_EVERY = 3;
/** A plain reload beside so many blocking ones. */
const PLAIN_EVERY = 7;
const OK = 200;

/** Follows one media playlist as a player does: blocking reloads, the hinted part before it is there, all media, each once. */
export class RenditionWatch {
  playlists = 0;
  readonly #options: RenditionWatchOptions;
  readonly #loads = new BoundedMap<string, Promise<undefined>>(MAX_NAMES);
  readonly #removed: RemovedFiles;
  readonly #trials: DirectiveTrials;
  readonly #beside = new Set<Promise<unknown>>();

  constructor(options: RenditionWatchOptions) {
    this.#options = options;
    this.#removed = new RemovedFiles({ pause: options.pause, load: (uri) => this.#get(uri) });
    this.#trials = new DirectiveTrials({ ask: (query) => options.get(withQuery(options.url, query)) });
  }

  /** Until the playlist has ended, or `signal` aborts. */
  async run(): Promise<void> {
    const { url, get, pause, signal } = this.#options;
    let query = '';
    while (!signal.aborted) {
      const response = await get(withQuery(url, query));
      const playlist = response === null ? null : readPlaylist(response);
      if (playlist === null) {
        query = '';
        await pause(RETRY_MS);
        continue;
      }
      this.playlists += 1;
      this.#load(playlist);
      if (playlist.isEnded) {
        if (this.#options.tries) await this.#trials.afterEnd(playlist);
        break;
      }
      if (!playlist.hasIFramesOnly) this.#removed.add(playlist);
      if (this.playlists % PLAIN_EVERY === 0) this.#aside(this.#reloadPlainly());
      if (this.#options.tries) this.#aside(this.#trials.next(playlist));
      query = this.#nextQuery(playlist);
      // As the draft says for players that don't block: half a target duration if nothing was new.
      if (query === '') await pause(((playlist.targetDurationSeconds ?? 2) * 1000) / 2);
    }
    this.#removed.stop();
    await Promise.all([...this.#loads.values(), ...this.#beside]);
  }

  #nextQuery({ segments, serverControl, partTargetSeconds, skippedSegments }: MediaPlaylist): string {
    const last = segments.at(-1);
    if (last === undefined || serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES') return '';
    const canSkip =
      serverControl.has('CAN-SKIP-UNTIL') && this.playlists % DELTA_EVERY === 0 && skippedSegments === null;
    const delta = canSkip ? '&_HLS_skip=YES' : '';
    if (partTargetSeconds === null) return `_HLS_msn=${last.msn + 1}${delta}`;
    const next = last.uri === null ? [last.msn, last.parts.length] : [last.msn + 1, 0];
    return `_HLS_msn=${next[0]}&_HLS_part=${next[1]}${delta}`;
  }

  #load({ segments, preloadHint, isEnded }: MediaPlaylist): void {
    for (const segment of segments) {
      if (segment.map !== null) this.#once(segment.map);
      for (const part of segment.parts) if (!part.isGap) this.#once(part.uri);
      if (segment.uri !== null && !segment.isGap) this.#once(segment.uri, rangeOf(segment));
    }
    const hint = preloadHint?.get('URI');
    if (hint !== undefined && !isEnded) this.#once(hint);
  }

  #once(uri: string, range: string | null = null): void {
    const name = fileKey(uri, range);
    if (this.#loads.has(name)) return;
    // Without the answer, whose body would stay in memory.
    this.#loads.set(
      name,
      this.#get(uri, range).then(() => undefined),
    );
  }

  /** Resolves to null if there is no answer, or nothing to ask for. */
  async #get(uri: string, range: string | null = null): Promise<TimedResponse | null> {
    const url = resolveUri(uri, this.#options.url);
    return url === null ? null : this.#options.get(url.href, range ?? undefined);
  }

  async #reloadPlainly(): Promise<void> {
    await this.#options.get(this.#options.url);
  }

  #aside(work: Promise<unknown>): void {
    this.#beside.add(work);
    void work.finally(() => this.#beside.delete(work));
  }
}

function readPlaylist({ status, body }: TimedResponse): MediaPlaylist | null {
  const text = body.toString();
  return status === OK && isPlaylist(text) ? parseMediaPlaylist(text) : null;
}

/** Playlists' own queries are kept. */
export function withQuery(url: string, query: string): string {
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
