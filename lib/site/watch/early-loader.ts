import Hls, {
  type HlsConfig,
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
  type LoaderStats,
} from 'hls.js';
import type { EarlyFile } from './early-files.ts';
import { ownTransferMs } from './transfer-time.ts';

type HlsLoader = Loader<LoaderContext>;

/** The loader of hls.js. What early.ts has asked for already is not asked for again. */
export class EarlyLoader implements HlsLoader {
  context: LoaderContext | null = null;
  readonly #network: HlsLoader;
  #response: Response | null = null;
  #isStopped = false;
  #cancel: (() => void) | null = null;

  constructor(config: HlsConfig) {
    this.#network = new Hls.DefaultConfig.loader(config);
  }

  get stats(): LoaderStats {
    return this.#network.stats;
  }

  load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
    this.context = context;
    const early = context.rangeEnd ? null : (window.headendEarly?.take(context.url) ?? null);
    const ask = (): void => {
      this.#cancel = null;
      this.stats.loading.start = 0;
      this.#network.load(context, config, callbacks);
    };
    if (early === null) {
      ask();
      return;
    }
    // hls.js looks at this to see whether a file takes too long.
    this.stats.loading.start = performance.now();
    this.#cancel = () => {
      window.headendEarly?.abandon(context.url);
      this.stats.aborted = true;
      callbacks.onAbort?.(this.stats, context, null);
    };
    early.then(
      (file) => this.#isStopped || this.#give(file, context, callbacks),
      () => this.#isStopped || ask(),
    );
  }

  abort(): void {
    this.#isStopped = true;
    if (this.#cancel === null) this.#network.abort();
    else this.#cancel();
  }

  destroy(): void {
    this.#isStopped = true;
    this.#network.destroy();
  }

  getCacheAge(): number | null {
    const age = this.getResponseHeader('age');
    return age === null ? null : Number(age);
  }

  getResponseHeader(name: string): string | null {
    return this.#response === null
      ? (this.#network.getResponseHeader?.(name) ?? null)
      : this.#response.headers.get(name);
  }

  #give({ response, body }: EarlyFile, context: LoaderContext, callbacks: LoaderCallbacks<LoaderContext>): void {
    const { stats } = this;
    this.#cancel = null;
    this.#response = response;
    const isMedia = context.responseType === 'arraybuffer';
    stats.loading = loadingTimes(context.url, isMedia);
    stats.loaded = stats.total = body.byteLength;
    const data = isMedia ? body : new TextDecoder().decode(body);
    callbacks.onProgress?.(stats, context, data, response);
    callbacks.onSuccess({ url: response.url, data, code: response.status }, stats, context, response);
  }
}

/**
 * Playlists have the times at which they were loaded, because their age matters. Of media, hls.js wants to know how fast
 * the network is. So their times are as if they had come now, one after the other: early media share the network.
 */
function loadingTimes(url: string, isMedia: boolean): LoaderStats['loading'] {
  const nowMs = performance.now();
  // The page's own clock would also measure how busy the page was.
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const entry = entries.findLast(({ name }) => name === url);
  if (entry === undefined) return { start: nowMs, first: nowMs, end: nowMs };
  const { requestStart, startTime, responseStart, responseEnd } = entry;
  if (!isMedia) return { start: requestStart || startTime, first: responseStart, end: responseEnd };
  const firstMs = nowMs - ownTransferMs(entry, entries);
  return { start: firstMs - (responseStart - (requestStart || startTime)), first: firstMs, end: nowMs };
}
