import type { RunDescription } from '#encoder/media/media-run.ts';

/** The runs whose media a stream still has. What a manifest says of a run's media does not change when another run follows. */
export class KnownRuns {
  #runs: readonly RunDescription[];

  constructor(runs: readonly RunDescription[]) {
    this.#runs = runs;
  }

  get(epoch: number): RunDescription | undefined {
    return this.#runs.find((run) => run.epoch === epoch);
  }

  /** Those of these epochs. */
  of(epochs: ReadonlySet<number>): readonly RunDescription[] {
    return this.#runs.filter(({ epoch }) => epochs.has(epoch));
  }

  /** Adds a run, and forgets those of which there is no media in `epochs`. */
  add(run: RunDescription, epochs: ReadonlySet<number>): void {
    this.#runs = [...this.of(epochs), run];
  }
}
