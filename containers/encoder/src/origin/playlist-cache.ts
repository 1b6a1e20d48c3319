import { gzipSync } from 'node:zlib';
import type { DashPhase } from '#encoder/package/dash-adaptation-set.ts';
import { renderDashManifest } from '#encoder/package/dash-manifest.ts';
import { renderIframePlaylist } from '#encoder/package/iframe-playlist.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';

/** Players look once a second for another manifest, and a cache may keep one as long. */
const DASH_ENDING_MS = 4_000;

/** A rendered playlist. It is compressed at most once, however many viewers request it. */
export class RenderedPlaylist {
  /** Of what it was rendered from. */
  readonly version: string;
  readonly plain: Buffer;
  #gzipped: Buffer | null = null;

  constructor(version: string, text: string) {
    this.version = version;
    this.plain = Buffer.from(text);
  }

  get gzip(): Buffer {
    // Playlists are a few kilobytes. Compressing them takes less time than using the thread pool.
    this.#gzipped ??= gzipSync(this.plain);
    return this.#gzipped;
  }
}

/** Renders the playlists of all streams once per change. Entries are garbage-collected with their stream. */
export class PlaylistCache {
  readonly #rendered = new WeakMap<StreamPackage, Map<string, RenderedPlaylist>>();
  readonly #endSeenMs = new WeakMap<StreamPackage, number>();

  /** The media playlist of one rendition, in full or as a delta update. */
  media(stream: StreamPackage, name: string, timeline: RenditionTimeline, isDelta: boolean): RenderedPlaylist {
    const key = `${name}${isDelta ? '?skip' : ''}`;
    return this.#find(stream, key) ?? this.#keep(stream, key, renderMediaPlaylist(stream, name, timeline, isDelta));
  }

  /** The I-frame playlist of one rendition. */
  iframes(stream: StreamPackage, name: string, timeline: RenditionTimeline): RenderedPlaylist {
    const key = `${name}/iframes`;
    return this.#find(stream, key) ?? this.#keep(stream, key, renderIframePlaylist(stream, timeline));
  }

  /** The multivariant playlist; undefined while nothing can be played. */
  multivariant(stream: StreamPackage): RenderedPlaylist | undefined {
    const known = this.#find(stream, '');
    if (known !== undefined) return known;
    const text = renderMultivariantPlaylist(stream);
    return text === null ? undefined : this.#keep(stream, '', text);
  }

  /** The DASH manifest; undefined while nothing can be played. `nowMs` is in milliseconds since 1970. */
  dashManifest(stream: StreamPackage, nowMs: number): RenderedPlaylist | undefined {
    const phase = this.#dashPhase(stream, nowMs);
    const key = `${phase}.mpd`;
    const version = `${stream.version} ${silentRenditions(stream)}`;
    const known = this.#find(stream, key, version);
    if (known !== undefined) return known;
    const text = renderDashManifest(stream, { publishedAtMs: nowMs, phase });
    return text === null ? undefined : this.#keep(stream, key, text, version);
  }

  /** The end comes in two steps, and each must reach every player. The time begins when the first one looks. */
  #dashPhase(stream: StreamPackage, nowMs: number): DashPhase {
    if (!stream.ended) return 'live';
    const seenAtMs = this.#endSeenMs.get(stream) ?? nowMs;
    this.#endSeenMs.set(stream, seenAtMs);
    return nowMs < seenAtMs + DASH_ENDING_MS ? 'ending' : 'ended';
  }

  #find(stream: StreamPackage, key: string, version = `${stream.version}`): RenderedPlaylist | undefined {
    const known = this.#rendered.get(stream)?.get(key);
    return known?.version === version ? known : undefined;
  }

  #keep(stream: StreamPackage, key: string, text: string, version = `${stream.version}`): RenderedPlaylist {
    const playlists = this.#rendered.get(stream) ?? new Map<string, RenderedPlaylist>();
    const playlist = new RenderedPlaylist(version, text);
    this.#rendered.set(stream, playlists.set(key, playlist));
    return playlist;
  }
}

/** A manifest announces nothing of renditions that are silent. They become so without a change. */
const silentRenditions = (stream: StreamPackage): string =>
  [...stream.renditions].flatMap(([name, timeline]) => (timeline.isInterrupted(stream.silenceMs) ? name : [])).join();
