import { setTimeout as sleep } from 'node:timers/promises';
import type { TimedResponse } from './http-client.ts';
import { parseMediaPlaylist } from './playlist/media-playlist.ts';
import { isMultivariant, namedPlaylistUris, parseMultivariantPlaylist } from './playlist/multivariant-playlist.ts';
import { resolveUri } from './playlist/playlist-uris.ts';
import { PresentationWatch } from './presentation-watch.ts';
import type { RenditionWatchOptions } from './rendition-watch.ts';
import { isPlaylist } from './rules/syntax-rules.ts';
import { StreamChecker } from './stream-checker.ts';
import { WatchClient } from './watch-client.ts';

export interface StreamWatchOptions {
  /** Of the multivariant playlist, or of a media playlist. */
  readonly url: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** @default a new one */
  readonly checker?: StreamChecker;
  /** How long to wait for the first playlist. */
  readonly startLimitMs?: number;
  /** How often the multivariant playlist is loaded again. @default every 15 s */
  readonly reloadMs?: number;
  /** Called with every answer. @default none */
  readonly onAnswer?: (response: TimedResponse) => void;
}

/** What a watch came to. */
export interface StreamWatchResult {
  readonly checker: StreamChecker;
  readonly answers: number;
  /** From the first playlist to the end of the last one. */
  readonly watchedSeconds: number;
  /** Null if the stream could be watched. */
  readonly failure: string | null;
}

const START_LIMIT_MS = 15_000;
/** How long to wait for another presentation after the end of one. */
const NEXT_LIMIT_MS = 5_000;
const RETRY_MS = 300;
const RELOAD_MS = 15_000;
const OK = 200;

/**
 * Watches a stream as a player would, all renditions at once, until it ends or `signal` aborts, and checks every answer. If another
 * presentation follows, in other playlists or in the same ones, it goes on with that.
 */
export async function watchStream(options: StreamWatchOptions): Promise<StreamWatchResult> {
  const { url, signal, checker = new StreamChecker(), startLimitMs = START_LIMIT_MS, onAnswer } = options;
  const { reloadMs = RELOAD_MS } = options;
  const client = new WatchClient({ checker, signal, onAnswer });
  const get = (target: string, range?: string) => client.get(target, range);
  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal }).catch(() => undefined);
  try {
    const first = await firstAnswer(get, pause, { url, startLimitMs, signal });
    if (typeof first === 'string') return { checker, answers: client.answers, watchedSeconds: 0, failure: first };
    client.begin();
    const beganAtMs = performance.now();
    let endedAtMs = beganAtMs;
    let playlists = 0;
    const known = new Set<string>();
    let urls = playlistUrls(first, url);
    const reload = async () => namedUrls(await get(url), url);
    while (urls.length > 0) {
      const watch = new PresentationWatch({ urls, get, pause, signal, reload, reloadMs });
      playlists += await watch.run();
      for (const each of [...urls, ...watch.urls]) known.add(each);
      endedAtMs = performance.now();
      urls = await nextUrls(known, { url, get, pause, signal });
    }
    // What it declares is compared with the newest media.
    await client.getLast(url);
    const watchedSeconds = (endedAtMs - beganAtMs) / 1000;
    return {
      checker,
      answers: client.answers,
      watchedSeconds,
      failure: playlists > 0 ? null : 'no media playlist came',
    };
  } finally {
    client.close();
  }
}

interface Watching extends Omit<RenditionWatchOptions, 'url' | 'tries'> {
  /** Of the multivariant playlist. */
  readonly url: string;
}

/** The playlists of the presentation that follows one that has ended. None if none comes in time. */
async function nextUrls(known: ReadonlySet<string>, { url, get, pause, signal }: Watching): Promise<readonly string[]> {
  const untilMs = performance.now() + NEXT_LIMIT_MS;
  while (!signal.aborted && performance.now() < untilMs) {
    const named = namedUrls(await get(url), url);
    const former = named.find((each) => known.has(each));
    if (former !== undefined && (await isLive(former, get))) return named;
    const others = named.filter((each) => !known.has(each));
    if (others.length > 0) return others;
    await pause(RETRY_MS);
  }
  return [];
}

async function isLive(url: string, get: Get): Promise<boolean> {
  const response = await get(url);
  const text = response?.status === OK ? response.body.toString() : '';
  return isPlaylist(text) && !parseMediaPlaylist(text).isEnded;
}

/** Of all media playlists that an answer names. Its own if it is one. */
function playlistUrls({ body }: TimedResponse, url: string): readonly string[] {
  const text = body.toString();
  const uris = isMultivariant(text) ? namedPlaylistUris(parseMultivariantPlaylist(text)) : [url];
  return uris.flatMap((uri) => resolveUri(uri, url)?.href ?? []);
}

/** None without a playlist. */
function namedUrls(response: TimedResponse | null, url: string): readonly string[] {
  return response?.status === OK && isPlaylist(response.body.toString()) ? playlistUrls(response, url) : [];
}

type Get = (url: string) => Promise<TimedResponse | null>;

async function firstAnswer(
  get: Get,
  pause: (delayMs: number) => Promise<unknown>,
  { url, startLimitMs, signal }: { readonly url: string; readonly startLimitMs: number; readonly signal: AbortSignal },
): Promise<TimedResponse | string> {
  const untilMs = performance.now() + startLimitMs;
  let last = 'no answer';
  while (!signal.aborted && performance.now() < untilMs) {
    const response = await get(url);
    if (response?.status === OK && response.body.subarray(0, 7).toString() === '#EXTM3U') return response;
    if (response?.status === OK) return 'the answer is no playlist';
    last = response === null ? 'no answer' : `the answer is ${response.status}`;
    await pause(RETRY_MS);
  }
  return last;
}
