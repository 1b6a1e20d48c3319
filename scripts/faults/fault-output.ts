import { formatTable } from '#scripts/terminal/text-table.ts';
import type { FaultReport, FaultRow } from './run-faults.ts';

/** Whether every fault was met as it shall be. */
export const isGood = ({ rows, isComplete }: FaultReport): boolean =>
  isComplete && rows.every(({ ok }) => ok !== false);

/** The report as a table, what is wrong in words, and a line with the sum. Times are the longest stalls. */
export function formatFaults({ rows, isComplete }: FaultReport): string {
  const table = formatTable([
    ['FAULT', 'RESULT', 'PAGE', 'PLAIN', 'OTHERS', 'RESTARTS', 'SAID'],
    ...rows.map((row) => [
      ...[row.fault, resultOf(row), stallOf(row, 'page'), stallOf(row, 'plain'), othersOf(row)],
      ...[countsOf(row.restarts), countsOf(row.said)],
    ]),
  ]);
  const wrong = rows.filter(({ ok }) => ok === false);
  const words = wrong.map(
    ({ fault, expected, observed }) => `${fault}\n  expected: ${expected}\n  observed: ${observed}\n`,
  );
  const whole = wrong.length === 0 ? 'Nothing is wrong' : `Wrong: ${wrong.map(({ fault }) => fault).join(', ')}`;
  return `${table}\n${words.join('')}${whole}${isComplete ? '' : ' so far'}.\n`;
}

/** The report as one line of JSON: `{ok, faults: [{fault, result, expected, observed, players, restarts, said}]}`. */
export function toFaultsJson(report: FaultReport): string {
  const faults = report.rows.map(({ ok, ...row }) => ({ ...row, result: resultOf({ ok }) }));
  return `${JSON.stringify({ ok: isGood(report), faults })}\n`;
}

function resultOf({ ok }: Pick<FaultRow, 'ok'>): 'ok' | 'WRONG' | 'skipped' {
  if (ok === null) return 'skipped';
  return ok ? 'ok' : 'WRONG';
}

const seconds = (value: number): string => `${value.toFixed(1)} s`;

function stallOf({ players }: FaultRow, name: string): string {
  const report = players.find(({ player }) => player === name);
  return report === undefined ? '' : seconds(report.longestStallSeconds);
}

function othersOf({ players }: FaultRow): string {
  const others = players.filter(({ player }) => player !== 'page' && player !== 'plain');
  return others.map(({ player, longestStallSeconds }) => `${player} ${seconds(longestStallSeconds)}`).join(', ');
}

/** Each text once, with its count if there are several. */
function countsOf(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? text : `${count} x ${text}`)).join(', ');
}
