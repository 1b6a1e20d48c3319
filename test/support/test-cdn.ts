import type { Invalidations, NewInvalidation } from '#functions/control-api/invalidations.ts';

/** A CDN that remembers what it was asked for. It completes an invalidation when the test says so. */
export class TestCdn implements Invalidations {
  readonly created: NewInvalidation[] = [];
  /** While it is true, both calls fail. */
  isAway = false;
  isCompleting = true;

  async create(invalidation: NewInvalidation): Promise<string> {
    if (this.isAway) throw new Error('the CDN is away');
    const known = this.created.findIndex(({ reference }) => reference === invalidation.reference);
    if (known >= 0) return String(known);
    return String(this.created.push(invalidation) - 1);
  }

  async isCompleted(id: string): Promise<boolean | null> {
    if (this.isAway) throw new Error('the CDN is away');
    return this.created[Number(id)] === undefined ? null : this.isCompleting;
  }
}
