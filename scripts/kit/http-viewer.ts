import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, type TimedResponse } from '#scripts/check-hls/http-client.ts';
import {
  type ListedSegment,
  type MediaPlaylist,
  parseMediaPlaylist,
} from '#scripts/check-hls/playlist/media-playlist.ts';
import type { StreamWitness } from './stream-witness.ts';

export interface HttpViewerOptions {
  /** Folder of the stream's playlists, without a trailing slash. */
  readonly liveUrl: string;
  readonly witness: StreamWitness;
  /** Whether to ask for delta updates (RFC 8216bis 6.2.5.1). @default false */
  readonly usesDeltas?: boolean;
  /** Called with every answer. @default none */
  readonly onAnswer?: (response: TimedResponse) => void;
}

const RETRY_MS = 250;
const STATUS_MS = 500;
const NOT_FOUND = 404;
/** Parts that are kept to compare them with their segment. */
const MAX_KEPT_PARTS = 64;
const PLAYLIST_URI = /^(?:([^#\s]+\.m3u8)|#EXT-X-MEDIA:.*URI="([^"]+)")/gm;

/**
 * Plays every rendition of a stream as a low-latency player loads it, without a picture: blocking reloads, the hinted part before it
 * is there, and everything else that the playlists name. Asks for the status beside it. Everything goes to the witness.
 */
export class HttpViewer {
  readonly #options: HttpViewerOptions;
  readonly #client = new HttpClient();
  readonly #stopping = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: HttpViewerOptions) {
    this.#options = options;
    this.#running = Promise.all([this.#watch(), this.#followStatus()]);
  }

  /** Breaks requests off that wait. Resolves when nothing of the viewer is left. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.#client.close();
  }

  async #watch(): Promise<void> {
    const master = await this.#persist('master.m3u8');
    const uris = [...(master?.toString() ?? '').matchAll(PLAYLIST_URI)].map(([, own, media]) => own ?? media ?? '');
    await Promise.all([...new Set(uris)].map((uri) => this.#follow(uri)));
  }

  async #followStatus(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#get('status.json');
      await this.#pause(STATUS_MS);
    }
  }

  /** Until the playlist has ended. */
  async #follow(uri: string): Promise<void> {
    const folder = uri.replace(/[^/]*$/, '');
    const media = new RenditionMedia({
      load: (name, mayBeMissing) => this.#get(`${folder}${name}`, mayBeMissing),
      witness: this.#options.witness,
    });
    let query = '';
    while (!this.#stopping.signal.aborted) {
      const body = await this.#get(`${uri}${query}`);
      if (body === null) {
        await this.#pause(RETRY_MS);
        query = '';
        continue;
      }
      const playlist = parseMediaPlaylist(body.toString());
      media.load(playlist);
      if (playlist.isEnded) break;
      query = this.#nextQuery(playlist);
      if (playlist.partTargetSeconds === null) await this.#pause(RETRY_MS);
    }
    await media.settled();
  }

  #nextQuery({ segments }: MediaPlaylist): string {
    const last = segments.at(-1);
    if (last === undefined) return '';
    const next = last.uri === null ? [last.msn, last.parts.length] : [last.msn + 1, 0];
    const delta = this.#options.usesDeltas === true ? '&_HLS_skip=YES' : '';
    return `?_HLS_msn=${next[0]}&_HLS_part=${next[1]}${delta}`;
  }

  async #persist(file: string): Promise<Buffer | null> {
    while (!this.#stopping.signal.aborted) {
      const body = await this.#get(file);
      if (body !== null) return body;
      await this.#pause(RETRY_MS);
    }
    return null;
  }

  async #get(file: string, mayBeMissing = false): Promise<Buffer | null> {
    const { liveUrl, witness, onAnswer } = this.#options;
    const { signal } = this.#stopping;
    if (signal.aborted) return null;
    try {
      const response = await this.#client.get(`${liveUrl}/${file}`, signal);
      onAnswer?.(response);
      if (mayBeMissing && response.status === NOT_FOUND) return null;
      return witness.add(response);
    } catch (error) {
      if (!signal.aborted) witness.fail(`no answer: ${(error as Error).message}`);
      return null;
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

type LoadMedia = (name: string, mayBeMissing: boolean) => Promise<Buffer | null>;

/** Loads what the playlists of one rendition name, each thing once, and compares segments with their parts. */
class RenditionMedia {
  readonly #load: LoadMedia;
  readonly #witness: StreamWitness;
  readonly #loading = new Map<string, Promise<Buffer | null>>();
  readonly #checks = new Set<Promise<void>>();

  constructor({ load, witness }: { readonly load: LoadMedia; readonly witness: StreamWitness }) {
    this.#load = load;
    this.#witness = witness;
  }

  load({ segments, preloadHint }: MediaPlaylist): void {
    for (const segment of segments) {
      if (segment.map !== null) this.#once(segment.map);
      for (const { uri } of segment.parts) this.#once(uri);
      if (segment.uri !== null && !segment.isGap && !this.#loading.has(segment.uri)) this.#loadSegment(segment);
    }
    const hinted = preloadHint?.get('URI');
    if (hinted !== undefined) void this.#hinted(hinted);
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#loading.values(), ...this.#checks]);
  }

  #loadSegment({ uri, parts }: ListedSegment): void {
    if (uri === null) return;
    const whole = this.#once(uri);
    if (parts.length === 0) return;
    const check = this.#compare(
      uri,
      whole,
      parts.map((part) => this.#once(part.uri)),
    ).finally(() => {
      this.#checks.delete(check);
    });
    this.#checks.add(check);
  }

  async #compare(uri: string, whole: Promise<Buffer | null>, parts: Promise<Buffer | null>[]): Promise<void> {
    const [segment, ...bodies] = await Promise.all([whole, ...parts]);
    if (segment === null || segment === undefined || bodies.includes(null)) return;
    const joined = Buffer.concat(bodies.map((body) => body ?? Buffer.alloc(0)));
    if (!joined.equals(segment)) this.#witness.contradict(`${uri} is not what its parts are`);
  }

  /** A run may end without the part that is hinted at (RFC 8216bis 4.4.5.3). If it is listed, it is loaded again, and must be there. */
  async #hinted(name: string): Promise<void> {
    if ((await this.#once(name, true)) === null) this.#loading.delete(name);
  }

  /** Names stay known as long as playlists list them; bodies do not. */
  #once(name: string, mayBeMissing = false): Promise<Buffer | null> {
    const known = this.#loading.get(name);
    if (known !== undefined) return known;
    const loading = this.#load(name, mayBeMissing);
    this.#loading.set(name, loading);
    const old = [...this.#loading.keys()].at(-MAX_KEPT_PARTS - 1);
    if (old !== undefined) this.#loading.set(old, NOTHING);
    return loading;
  }
}

const NOTHING: Promise<Buffer | null> = Promise.resolve(null);
