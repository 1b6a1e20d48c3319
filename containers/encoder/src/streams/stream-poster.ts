import { type NoPoster, posterSource } from '#encoder/package/poster-source.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import type { PosterMaker } from './poster-maker.ts';

/** A viewer who comes later than this gets a newer picture. */
const KEPT_MS = 10_000;

interface Poster {
  readonly jpeg: Buffer;
  /** The presentation that it is a picture of. */
  readonly media: StreamPackage;
  readonly madeAtMs: number;
}

export interface StreamPosterOptions {
  readonly posters: Pick<PosterMaker, 'make'>;
  /** Milliseconds, by a clock that never steps. */
  readonly steadyNow: () => number;
}

/** A stream's newest picture, made when somebody asks for it, and kept for a few seconds. */
export class StreamPoster {
  readonly #options: StreamPosterOptions;
  #latest: Poster | null = null;
  #making: { readonly media: StreamPackage; readonly done: Promise<Buffer | NoPoster> } | null = null;

  constructor(options: StreamPosterOptions) {
    this.#options = options;
  }

  /** The picture of what viewers get. If a newer one can't be made, it is the one before, unless that is of something else. */
  get(media: StreamPackage): Promise<Buffer | NoPoster> {
    const latest = this.#latestOf(media);
    if (latest !== null && this.#options.steadyNow() - latest.madeAtMs < KEPT_MS) return Promise.resolve(latest.jpeg);
    if (this.#making?.media !== media) {
      const making = { media, done: this.#make(media) };
      this.#making = making;
      void making.done.then(() => {
        if (this.#making === making) this.#making = null;
      });
    }
    return this.#making.done;
  }

  async #make(media: StreamPackage): Promise<Buffer | NoPoster> {
    const file = posterSource(media);
    if (file === null) return 'no-picture';
    const jpeg = await this.#options.posters.make(file);
    if (jpeg === null) return this.#latestOf(media)?.jpeg ?? 'not-now';
    this.#latest = { jpeg, media, madeAtMs: this.#options.steadyNow() };
    return jpeg;
  }

  #latestOf(media: StreamPackage): Poster | null {
    return this.#latest?.media === media ? this.#latest : null;
  }
}
