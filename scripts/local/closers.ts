/** Undoes what was started, latest first. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];

  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  /** Runs `start`; undoes what it had started where it rejects. */
  async guard<Result>(start: () => Promise<Result>): Promise<Result> {
    try {
      return await start();
    } catch (error) {
      await this.closeAll();
      throw error;
    }
  }
}
