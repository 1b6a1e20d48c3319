import { type Price, type PriceName, priceOf } from './prices.ts';

/**
 * What a cost grows with. `stage` is there when nobody is on air, `streams` while somebody publishes, and `viewers` while
 * somebody watches.
 */
export type CostScope = 'stage' | 'streams' | 'viewers';

/** So much of something that has a price. */
export interface UsageLine {
  readonly scope: CostScope;
  /** What it belongs to. README has a row for each. */
  readonly category: string;
  readonly item: string;
  readonly price: PriceName;
  /** In the price's unit. */
  readonly quantity: number;
}

/** The same with its cost. */
export interface CostLine extends UsageLine {
  readonly unit: string;
  readonly usd: number;
  readonly source: string;
  /** Year and month of the price. Null if it has no date. */
  readonly read: string | null;
  readonly isConfirmed: boolean;
}

/** US dollars for a quantity in one month. `isFreeUsedUp` says that the month's free part went to something else. */
export function costUsd(price: Price, quantity: number, isFreeUsedUp: boolean): number {
  const begin = isFreeUsedUp ? 0 : price.freePerMonth;
  const usd = price.tiers.reduce((sum, tier, index) => {
    const end = price.tiers[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const units = Math.min(quantity, end) - Math.max(begin, tier.from);
    return sum + Math.max(0, units) * tier.usd;
  }, 0);
  return usd / price.per;
}

/** Prices the lines, and leaves out those that nothing is used of. */
export function priceLines(lines: readonly UsageLine[], isFreeUsedUp: boolean): CostLine[] {
  return lines
    .filter(({ quantity }) => quantity > 0)
    .map((line) => {
      const price = priceOf(line.price);
      const { unit, source, read, isConfirmed } = price;
      return { ...line, unit, usd: costUsd(price, line.quantity, isFreeUsedUp), source, read, isConfirmed };
    });
}

/** US dollars of those lines that have one of the scopes, or of all. */
export function totalUsd(lines: readonly CostLine[], ...scopes: readonly CostScope[]): number {
  return lines
    .filter(({ scope }) => scopes.length === 0 || scopes.includes(scope))
    .reduce((sum, { usd }) => sum + usd, 0);
}
