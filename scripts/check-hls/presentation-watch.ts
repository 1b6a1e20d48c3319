import { RenditionWatch, type RenditionWatchOptions } from './rendition-watch.ts';

export interface PresentationWatchOptions extends Omit<RenditionWatchOptions, 'url' | 'tries'> {
  /** Of the playlists that the multivariant playlist names at first. */
  readonly urls: readonly string[];
  /** Resolves to those that it names by now. None without an answer. */
  readonly reload: () => Promise<readonly string[]>;
  readonly reloadMs: number;
}

const MAX_RENDITIONS = 32;

/** Follows all media playlists of one presentation, those that the multivariant playlist names later, too. */
export class PresentationWatch {
  readonly #options: PresentationWatchOptions;
  readonly #watches = new Map<string, RenditionWatch>();
  readonly #runs: Promise<void>[] = [];
  #isOver = false;

  constructor(options: PresentationWatchOptions) {
    this.#options = options;
  }

  /** Of all playlists that it has followed. */
  get urls(): Iterable<string> {
    return this.#watches.keys();
  }

  /** Until all playlists have ended. Resolves to how many answers there were. */
  async run(): Promise<number> {
    this.#add(this.#options.urls);
    const reloading = setInterval(() => void this.#reload(), this.#options.reloadMs);
    try {
      let awaited = 0;
      while (awaited < this.#runs.length) {
        awaited = this.#runs.length;
        await Promise.all(this.#runs);
      }
    } finally {
      this.#isOver = true;
      clearInterval(reloading);
    }
    return [...this.#watches.values()].reduce((total, { playlists }) => total + playlists, 0);
  }

  /** Other playlists alone are another presentation: its turn comes after the end of this one. */
  async #reload(): Promise<void> {
    const urls = await this.#options.reload();
    if (!this.#isOver && urls.some((url) => this.#watches.has(url))) this.#add(urls);
  }

  #add(urls: readonly string[]): void {
    const { get, pause, signal } = this.#options;
    for (const url of urls) {
      if (this.#watches.has(url) || this.#watches.size >= MAX_RENDITIONS) continue;
      const watch = new RenditionWatch({ url, get, pause, signal, tries: this.#watches.size === 0 });
      this.#watches.set(url, watch);
      this.#runs.push(watch.run());
    }
  }
}
