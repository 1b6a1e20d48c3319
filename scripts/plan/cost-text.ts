import type { EventCost } from './comparison.ts';
import type { CostLine, CostScope } from './cost.ts';

/** Marks figures that come from a price that is not confirmed. */
export const UNCONFIRMED = '*';

/** US dollars. Marked unless every price in them is confirmed. */
export const usdText = (usd: number, digits: number, isConfirmed: boolean): string =>
  `${usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${isConfirmed ? '' : UNCONFIRMED}`;

/** The sum of some lines. */
export const linesUsdText = (lines: readonly CostLine[], digits: number): string =>
  usdText(
    lines.reduce((sum, { usd }) => sum + usd, 0),
    digits,
    lines.every(({ isConfirmed }) => isConfirmed),
  );

/** The three figures of a cost. A dash stands for one that there is not. */
export function costTexts({ usd, usdPerStreamHour, usdPerViewerHour, unconfirmedScopes }: EventCost, digits: number) {
  const isConfirmed = (...scopes: readonly CostScope[]) => !scopes.some((scope) => unconfirmedScopes.includes(scope));
  const rate = (value: number | null, isSure: boolean) => (value === null ? '–' : usdText(value, digits, isSure));
  return {
    together: usdText(usd, 2, unconfirmedScopes.length === 0),
    streamHour: rate(usdPerStreamHour, isConfirmed('stage', 'streams')),
    viewerHour: rate(usdPerViewerHour, isConfirmed('viewers')),
  };
}
