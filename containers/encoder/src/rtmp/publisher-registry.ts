/** A publish that holds its stream, or is about to. */
export interface Claimant {
  /** Resolves when the claimant's handler is closed, or when the claimant ended without one. */
  readonly closed: Promise<void>;
  /** Ends the claimant because a newer connection publishes the same stream. */
  replace(): void;
}

/** The publisher of each stream on this server. A stream has one, and the newest wins. */
export class PublisherRegistry {
  readonly #claimants = new Map<string, Claimant>();

  /** Takes the stream and ends its former publisher. Resolves when the handler of that one is closed. */
  async claim(streamId: string, claimant: Claimant): Promise<void> {
    const former = this.#claimants.get(streamId);
    this.#claimants.set(streamId, claimant);
    former?.replace();
    await former?.closed;
  }

  /** Frees the stream, unless a newer publisher has taken it. */
  release(streamId: string, claimant: Claimant): void {
    if (this.#claimants.get(streamId) === claimant) this.#claimants.delete(streamId);
  }
}
