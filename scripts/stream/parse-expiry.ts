import { CommandError } from './command-error.ts';

const DURATION_PATTERN = /^([1-9]\d{0,4})([mhdw])$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/**
 * Parses the value of `--expires`: a duration from `nowMs` (milliseconds since 1970) on, or a moment, which the API checks.
 * Throws a CommandError.
 */
export function parseExpiry(text: string, nowMs: number): string {
  const [, count, unit] = DURATION_PATTERN.exec(text) ?? [];
  if (count !== undefined) return new Date(nowMs + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]).toISOString();
  if (text.includes('T')) return text;
  throw new CommandError(
    'usage',
    '--expires must be a duration such as 12h or 30d, or a moment such as 2030-01-31T18:00:00Z.',
  );
}
