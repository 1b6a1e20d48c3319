import { mediaPlaylistUris } from '#kit/first-playlist.ts';
import type { TimedResponse } from '#scripts/check-hls/http-client.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

/** A part of the video as a viewer got it. */
export interface PlayedPart {
  readonly durationSeconds: number;
  /** When the viewer had all of it, in milliseconds since 1970. */
  readonly arrivedAtMs: number;
  /** False if it was listed before the viewer had settled. */
  readonly isSettled: boolean;
  readonly media: Buffer;
}

/** Parts that follow one another, and the init section that they need. */
export interface PlayableParts {
  readonly init: Buffer;
  readonly parts: readonly PlayedPart[];
}

/** Segments have the same media once more. */
const PART_OR_INIT = /-init\.mp4$|\.\d+\.m4s$/;

interface ListedPlace {
  readonly durationSeconds: number;
  readonly isSettled: boolean;
  readonly isIndependent: boolean;
  readonly initUri: string | null;
}

/** Keeps the video of a stream's first variant, part by part, from the answers to a viewer. */
export class PlayedParts {
  /** Folder of the variant, with its slashes. Null before the multivariant playlist. */
  #folder: string | null = null;
  #holdBackSeconds = 0;
  #isSettled = false;
  /** By URI, in the order of the playlist: later playlists only go on. */
  readonly #listed = new Map<string, ListedPlace>();
  readonly #arrived = new Map<string, { readonly media: Buffer; readonly atMs: number }>();
  /** `performance.now()` to milliseconds since 1970. */
  readonly #clockOffsetMs = Date.now() - performance.now();

  /** PART-HOLD-BACK: how far behind the end of the playlist a player should be. */
  get holdBackSeconds(): number {
    return this.#holdBackSeconds;
  }

  /** From now on, parts tell how far the viewer is behind live. */
  settle(): void {
    this.#isSettled = true;
  }

  add({ url, status, body, endedAtMs }: TimedResponse): void {
    if (status !== 200) return;
    const { pathname } = new URL(url);
    if (pathname.endsWith('/master.m3u8')) this.#readVariant(body.toString());
    if (this.#folder === null || !pathname.includes(this.#folder)) return;
    const name = pathname.slice(pathname.lastIndexOf('/') + 1);
    if (name === 'media.m3u8') this.#readPlaylist(body.toString());
    else if (PART_OR_INIT.test(name)) this.#arrived.set(name, { media: body, atMs: endedAtMs + this.#clockOffsetMs });
  }

  /** From the first part that can be decoded by itself to the last one that has come. Throws if there is none. */
  playable(): PlayableParts {
    const listed = [...this.#listed].map(([uri, place]) => ({ ...place, arrived: this.#arrived.get(uri) }));
    const first = listed.findIndex(({ isIndependent, arrived }) => isIndependent && arrived !== undefined);
    const initUri = listed[first]?.initUri ?? '';
    const init = this.#arrived.get(initUri)?.media;
    if (init === undefined) throw new Error('the viewer got no video that can be decoded');
    const parts: PlayedPart[] = [];
    for (const { durationSeconds, isSettled, arrived, ...place } of listed.slice(first)) {
      if (arrived === undefined || place.initUri !== initUri) break;
      parts.push({ durationSeconds, isSettled, arrivedAtMs: arrived.atMs, media: arrived.media });
    }
    return { init, parts };
  }

  #readVariant(multivariant: string): void {
    const [uri] = mediaPlaylistUris(multivariant);
    if (uri !== undefined) this.#folder ??= `/${uri.replace(/[^/]*$/, '')}`;
  }

  #readPlaylist(text: string): void {
    const { segments, serverControl } = parseMediaPlaylist(text);
    this.#holdBackSeconds = Number(serverControl?.get('PART-HOLD-BACK') ?? 0);
    const isSettled = this.#isSettled;
    let initUri: string | null = null;
    for (const { map, parts } of segments) {
      initUri = map ?? initUri;
      for (const { uri, durationSeconds, isIndependent } of parts) {
        if (!this.#listed.has(uri)) this.#listed.set(uri, { durationSeconds, isSettled, isIndependent, initUri });
      }
    }
  }
}
