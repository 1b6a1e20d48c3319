import { STATUS_TIMEOUT_MS } from './status-timeout.ts';

/** A file that was asked for before playback began. */
export interface EarlyFile {
  readonly response: Response;
  readonly body: ArrayBuffer;
}

interface AskedFile {
  readonly askedAtMs: number;
  readonly file: Promise<EarlyFile>;
  readonly loading: AbortController;
  isTaken: boolean;
}

/** An older playlist says nothing of the stream's end. The CDN keeps one for as long. */
const PLAYLIST_FRESH_MS = 1000;
/** By then playback has begun, or something is wrong. */
const KEPT_MS = 10_000;
/** A slow network needs as long for a part. hls.js waits as long. */
const MEDIA_TIMEOUT_MS = 20_000;

const isPlaylist = (url: string): boolean => url.endsWith('.m3u8');

/** The files that playback needs first. `askAhead` and hls.js ask for them, in any order, and each is loaded once. */
export class EarlyFiles {
  /** The answer to the page's first request for the status. */
  readonly status: Promise<Response>;
  readonly #asked = new Map<string, AskedFile>();
  #isAskingAhead = true;

  constructor(statusPath: string) {
    this.status = fetch(statusPath, { cache: 'no-store', signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    setTimeout(() => {
      this.finish();
      this.#asked.clear();
    }, KEPT_MS);
  }

  /** Asks for a file, if nobody has. Rejects if there is no answer, or another one than the file. */
  ask(url: string): Promise<EarlyFile> {
    const { file } = this.#asked.get(url) ?? this.#askFor(url);
    return file;
  }

  /** No more files will be asked for. */
  finish(): void {
    this.#isAskingAhead = false;
  }

  /** Whether a file was asked for that nobody has taken. */
  has(url: string): boolean {
    const asked = this.#asked.get(url);
    if (asked === undefined || asked.isTaken) return false;
    return !isPlaylist(url) || performance.now() - asked.askedAtMs < PLAYLIST_FRESH_MS;
  }

  /** Takes a file, for the one time that it is not asked for again. Null if it is not to be had here. */
  take(url: string): Promise<EarlyFile> | null {
    // What hls.js is first to ask for is next in turn here, too. A query asks for a later state of the stream.
    if (!this.#asked.has(url) && this.#isAskingAhead && !url.includes('?')) this.#askFor(url);
    const asked = this.has(url) ? this.#asked.get(url) : undefined;
    if (asked === undefined) return null;
    asked.isTaken = true;
    return asked.file;
  }

  /** A file that was taken is not wanted any more. Then nobody wants the media that would have followed it, either. */
  abandon(url: string): void {
    for (const [other, { isTaken, loading }] of this.#asked)
      if (other === url || !(isTaken || isPlaylist(other))) loading.abort();
  }

  #askFor(url: string): AskedFile {
    const loading = new AbortController();
    const asked = { askedAtMs: performance.now(), file: load(url, loading.signal), loading, isTaken: false };
    this.#asked.set(url, asked);
    return asked;
  }
}

async function load(url: string, signal: AbortSignal): Promise<EarlyFile> {
  const timeout = AbortSignal.timeout(isPlaylist(url) ? STATUS_TIMEOUT_MS : MEDIA_TIMEOUT_MS);
  const response = await fetch(url, { signal: AbortSignal.any([signal, timeout]) });
  if (!response.ok) throw new Error(`${response.status} for ${url}`);
  return { response, body: await response.arrayBuffer() };
}
