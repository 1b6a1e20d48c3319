import { formatTable } from '#scripts/terminal/text-table.ts';
import type { Figures } from './bench-context.ts';
import type { TargetCheck } from './target.ts';

/** The outcome of one benchmark: its figures, or the error that ended it. */
export interface BenchResult {
  readonly name: string;
  readonly figures: Figures;
  /** The checks of the figures that have a target. */
  readonly targets: Readonly<Record<string, TargetCheck>>;
  readonly error: string | null;
}

/**
 * Formats one table per measurement: a row for each figure, a column for each subject. With more subjects than figures it is the other
 * way round. Failures are listed below it.
 */
export function formatResultTables(results: readonly BenchResult[]): string {
  const measurements = [...new Set(results.map(({ name }) => measurementOf(name)))];
  const tables = measurements.flatMap((measurement) => {
    const ofMeasurement = results.filter(({ name }) => measurementOf(name) === measurement);
    const succeeded = ofMeasurement.filter(({ error }) => error === null);
    const failures = ofMeasurement.flatMap(({ name, error }) => (error === null ? [] : [`${name} failed: ${error}`]));
    return [...(succeeded.length > 0 ? [formatResults(succeeded)] : []), ...failures];
  });
  return tables.join('\n\n');
}

/** The part of a benchmark's name before the last slash. */
export const measurementOf = (name: string): string => name.replace(/\/[^/]*$/, '');

function formatResults(results: readonly BenchResult[]): string {
  const figureNames = [...new Set(results.flatMap(({ figures }) => Object.keys(figures)))];
  const columns = [['', ...figureNames], ...results.flatMap((result) => formatColumns(result, figureNames))];
  const isTransposed = results.length > figureNames.length;
  const rows = isTransposed
    ? columns
    : ['', ...figureNames].map((_name, row) => columns.map((column) => column[row] ?? ''));
  return formatTable(rows, { isRightAligned: (column) => column > 0 });
}

/** The figures of one result and, if it has targets, a second column that says whether they are met. */
function formatColumns({ name, figures, targets }: BenchResult, figureNames: readonly string[]): string[][] {
  const measured = [name, ...figureNames.map((figure) => formatFigure(figures[figure]))];
  if (Object.keys(targets).length === 0) return [measured];
  return [measured, ['target', ...figureNames.map((figure) => formatCheck(targets[figure]))]];
}

function formatCheck(check: TargetCheck | undefined): string {
  return check === undefined ? '' : `${check.required} ${check.holds ? 'held' : 'MISSED'}`;
}

/** Three digits: no figure here is more repeatable than that. */
function formatFigure(figure: number | string | null | undefined): string {
  if (typeof figure !== 'number') return figure ?? '-';
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : String(Number(figure.toPrecision(3)));
}
