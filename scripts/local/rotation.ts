/** Deals out targets in turn, round robin, like a load balancer. */
export class Rotation<Target> {
  readonly #targets: () => readonly Target[];
  #turn = 0;

  /** `targets` returns those that take new work now. */
  constructor(targets: () => readonly Target[]) {
    this.#targets = targets;
  }

  /** All targets, with the next in turn first. The others follow in case it refuses. */
  next(): Target[] {
    const targets = this.#targets();
    if (targets.length === 0) return [];
    const first = this.#turn++ % targets.length;
    return [...targets.slice(first), ...targets.slice(0, first)];
  }
}
