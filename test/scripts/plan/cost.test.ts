import { costUsd, priceLines, totalUsd } from '#scripts/plan/cost.ts';
import { PRICES, priceOf } from '#scripts/plan/prices.ts';

const TB = 1_000;

describe("CloudFront's price at the borders of its tiers, in USD of a month", () => {
  // The first TB of 10 is free: 9,000 GB at 0.085. Then 40 TB at 0.08, 100 at 0.06, 350 at 0.04 and 524 at 0.03.
  test.each([
    [0, 0],
    [1 * TB, 0],
    [1 * TB + 1, 0.085],
    [10 * TB, 765],
    [10 * TB + 1, 765.08],
    [50 * TB, 3_965],
    [50 * TB + 1, 3_965.06],
    [150 * TB, 9_965],
    [150 * TB + 1, 9_965.04],
    [500 * TB, 23_965],
    [500 * TB + 1, 23_965.03],
    [1_024 * TB, 39_685],
    [1_024 * TB + 1, 39_685.025],
    [5_120 * TB, 142_085],
    [5_120 * TB + 1, 142_085.02],
  ])('%d GB', (quantity, usd) => {
    expect(costUsd(PRICES.cloudFrontGb, quantity, false)).toBeCloseTo(usd, 6);
  });

  test('the free TB costs as much as any other of its tier when something else took it', () => {
    expect(costUsd(PRICES.cloudFrontGb, 10 * TB, true)).toBeCloseTo(850, 6);
  });

  test.each([
    [10_000_000, 0],
    [10_010_000, 0.01],
    [20_000_000, 10],
  ])('%d requests', (quantity, usd) => {
    expect(costUsd(PRICES.cloudFrontRequests, quantity, false)).toBeCloseTo(usd, 6);
  });
});

test('lines have the cost, the source and the date of their price, and nothing is said of what is not used', () => {
  const line = { scope: 'stage', category: 'secrets', item: 'secrets', price: 'secret' } as const;
  const lines = priceLines(
    [
      { ...line, quantity: 2 },
      { ...line, quantity: 0 },
    ],
    false,
  );
  expect(lines).toEqual([
    {
      ...{ ...line, quantity: 2, unit: 'month', usd: 0.8, isConfirmed: true },
      ...{ source: 'https://aws.amazon.com/secrets-manager/pricing/', read: '2026-09' },
    },
  ]);
  expect([totalUsd(lines), totalUsd(lines, 'stage'), totalUsd(lines, 'viewers', 'streams')]).toEqual([0.8, 0.8, 0]);
});

describe.each(Object.keys(PRICES) as (keyof typeof PRICES)[])('the price %s', (name) => {
  const { tiers, per, unit, source, read } = priceOf(name);

  test('has a page of AWS and a month, or is known to have none', () => {
    expect(source).toMatch(/^https:\/\/(docs\.)?aws\.amazon\.com\//);
    expect(read ?? '2026').toMatch(/^20\d\d(-(0[1-9]|1[0-2]))?$/);
    expect(unit).not.toBe('');
  });

  test('begins at nothing, and falls from tier to tier', () => {
    expect([1, 1_000, 10_000, 1_000_000]).toContain(per);
    expect(tiers[0]?.from).toBe(0);
    for (const [index, tier] of tiers.entries()) {
      const next = tiers[index + 1];
      expect(tier.usd).toBeGreaterThan(next?.usd ?? 0);
      expect(next?.from ?? Number.POSITIVE_INFINITY).toBeGreaterThan(tier.from);
    }
  });
});
