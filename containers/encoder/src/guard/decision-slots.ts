/** Limits how many decisions run at once, per network and in total. */
export class DecisionSlots {
  readonly #maxPerNetwork: number;
  readonly #max: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(maxPerNetwork: number, max: number) {
    this.#maxPerNetwork = maxPerNetwork;
    this.#max = max;
  }

  /** The number of slots that a network holds. */
  held(network: string): number {
    return this.#taken.get(network) ?? 0;
  }

  /** Takes a slot, to be given back with `free`. False if none is left. */
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
