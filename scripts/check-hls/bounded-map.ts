/** Forgets the entry that was set the longest ago when there are too many. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: Key, value: Value): this {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#most) {
      const { value: oldest, done } = this.keys().next();
      if (done !== true) this.delete(oldest);
    }
    return this;
  }
}
