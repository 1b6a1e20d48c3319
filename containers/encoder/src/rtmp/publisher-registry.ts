/** A publish that holds its stream, or is about to. */
export interface Claimant {
  /** Resolves once the claimant's handler was closed or will never exist. */
  readonly closed: Promise<void>;
  /** Ends it because a newer connection publishes the same stream. */
  replace(): void;
}

/** Who publishes each stream on this server: one connection a stream, and the newest wins. */
export class PublisherRegistry {
  readonly #claimants = new Map<string, Claimant>();

  /** Takes the stream, ends whoever had it, and resolves when nothing of the former is left. */
  async claim(streamId: string, claimant: Claimant): Promise<void> {
    const former = this.#claimants.get(streamId);
    this.#claimants.set(streamId, claimant);
    former?.replace();
    await former?.closed;
  }

  /** Frees the stream, unless another has taken it since. */
  release(streamId: string, claimant: Claimant): void {
    if (this.#claimants.get(streamId) === claimant) this.#claimants.delete(streamId);
  }
}
