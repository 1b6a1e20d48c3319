import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, type TimedResponse } from '#kit/http-client.ts';
import { isMultivariant, namedPlaylistUris, parseMultivariantPlaylist } from './playlist/multivariant-playlist.ts';
import { RenditionWatch } from './rendition-watch.ts';
import { StreamChecker } from './stream-checker.ts';

export interface StreamWatchOptions {
  /** Of the multivariant playlist, or of a media playlist. */
  readonly url: string;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** @default a new one */
  readonly checker?: StreamChecker;
  /** How long to wait for the first playlist. */
  readonly startLimitMs?: number;
  /** Called with every answer. @default none */
  readonly onAnswer?: (response: TimedResponse) => void;
}

/** What a watch came to. */
export interface StreamWatchResult {
  readonly checker: StreamChecker;
  readonly answers: number;
  /** Null if the stream could be watched. */
  readonly failure: string | null;
}

const START_LIMIT_MS = 15_000;
const RETRY_MS = 300;
const MULTIVARIANT_MS = 15_000;
const MAX_RENDITIONS = 32;

/** Watches a stream as a player would, all renditions at once, until it ends or `signal` aborts, and checks every answer. */
export async function watchStream(options: StreamWatchOptions): Promise<StreamWatchResult> {
  const { url, signal, checker = new StreamChecker(), startLimitMs = START_LIMIT_MS, onAnswer } = options;
  const client = new HttpClient();
  let answers = 0;
  const get = async (target: string): Promise<TimedResponse | null> => {
    if (signal.aborted) return null;
    const response = await client.get(target, signal).catch(() => null);
    if (response === null) return null;
    answers += 1;
    onAnswer?.(response);
    checker.add(response);
    return response;
  };
  const pause = (delayMs: number) => sleep(delayMs, undefined, { signal }).catch(() => undefined);
  try {
    const first = await firstAnswer(get, pause, { url, startLimitMs, signal });
    if (typeof first === 'string') return { checker, answers, failure: first };
    const text = first.body.toString();
    const uris = isMultivariant(text) ? namedPlaylistUris(parseMultivariantPlaylist(text)) : [url];
    const watches = uris
      .slice(0, MAX_RENDITIONS)
      .map((uri, index) => new RenditionWatch({ url: new URL(uri, url).href, get, pause, signal, tries: index === 0 }));
    const reload = setInterval(() => void get(url), MULTIVARIANT_MS);
    await Promise.all(watches.map((watch) => watch.run())).finally(() => clearInterval(reload));
    // What it declares is compared with the newest media.
    const last = await client.get(url).catch(() => null);
    if (last !== null) checker.add(last);
    const hasMedia = watches.some(({ playlists }) => playlists > 0);
    return { checker, answers, failure: hasMedia ? null : 'no media playlist came' };
  } finally {
    client.close();
  }
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
    if (response?.status === 200 && response.body.subarray(0, 7).toString() === '#EXTM3U') return response;
    if (response?.status === 200) return 'the answer is no playlist';
    last = response === null ? 'no answer' : `the answer is ${response.status}`;
    await pause(RETRY_MS);
  }
  return last;
}
