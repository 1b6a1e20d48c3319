import { formatTable } from '#scripts/terminal/text-table.ts';
import type { ProbeReport, ProbeRow } from './run-probe.ts';

/** Whether everything that the platform offers was checked and works, and nothing was left behind. */
export const isGood = ({ rows, isComplete, leftovers }: ProbeReport): boolean =>
  isComplete && rows.every(({ ok }) => ok !== false) && leftovers.length === 0;

/** The report as a table, and a line with the sum. */
export function formatReport(report: ProbeReport): string {
  const { rows, isComplete, leftovers } = report;
  const table = formatTable([
    ['CHECK', 'RESULT', 'MEASURED', 'EXPECTED'],
    ...rows.map((row) => [row.check, resultOf(row), row.measured, row.measured === row.expected ? '' : row.expected]),
  ]);
  const wrong = rows.filter(({ ok }) => ok === false).map(({ check }) => check);
  const whole = wrong.length === 0 ? 'Nothing is wrong' : `Wrong: ${wrong.join(', ')}`;
  const sum = isComplete ? `${whole}.` : `${whole} so far.`;
  return `${[table, ...leftovers.map((line) => `Left behind: ${line}`), sum].join('\n')}\n`;
}

/** The report as one line of JSON: `{ok, checks: [{check, result, measured, expected}], leftovers}`. */
export function toJsonLine(report: ProbeReport): string {
  const checks = report.rows.map((row) => {
    const { check, measured, expected } = row;
    return { check, result: resultOf(row), measured, expected };
  });
  return `${JSON.stringify({ ok: isGood(report), checks, leftovers: report.leftovers })}\n`;
}

function resultOf({ ok }: ProbeRow): 'ok' | 'WRONG' | 'not offered' {
  if (ok === null) return 'not offered';
  return ok ? 'ok' : 'WRONG';
}
