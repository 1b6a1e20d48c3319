/** Decisions that are under way: so many of each network, and so many in all. */
export class DecisionSlots {
  readonly #maxPerNetwork: number;
  readonly #max: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(maxPerNetwork: number, max: number) {
    this.#maxPerNetwork = maxPerNetwork;
    this.#max = max;
  }

  /** How many a network holds. */
  held(network: string): number {
    return this.#taken.get(network) ?? 0;
  }

  /** Takes one, to be given back with `free`; false where none is left. */
  take(network: string): boolean {
    const held = this.held(network);
    if (held >= this.#maxPerNetwork || this.#total >= this.#max) return false;
    this.#taken.set(network, held + 1);
    this.#total++;
    return true;
  }

  free(network: string): void {
    const held = this.held(network) - 1;
    if (held > 0) this.#taken.set(network, held);
    else this.#taken.delete(network);
    this.#total--;
  }
}
