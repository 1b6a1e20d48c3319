import type { Figures } from './bench-context.ts';
import type { TargetCheck } from './target.ts';

/** What came of one benchmark: its figures, or the error that ended it. */
export interface BenchResult {
  readonly name: string;
  readonly figures: Figures;
  /** Of the figures that something is required of. */
  readonly targets: Readonly<Record<string, TargetCheck>>;
  readonly error: string | null;
}

/** A table for each measurement: a row for each figure, a column for what was measured; below it, what failed. */
export function formatTables(results: readonly BenchResult[]): string {
  const measurements = [...new Set(results.map(({ name }) => measurementOf(name)))];
  const tables = measurements.flatMap((measurement) => {
    const ofMeasurement = results.filter(({ name }) => measurementOf(name) === measurement);
    const succeeded = ofMeasurement.filter(({ error }) => error === null);
    const failures = ofMeasurement.flatMap(({ name, error }) => (error === null ? [] : [`${name} failed: ${error}`]));
    return [...(succeeded.length > 0 ? [formatTable(succeeded)] : []), ...failures];
  });
  return tables.join('\n\n');
}

/** The part of a benchmark's name before the slash. */
export function measurementOf(name: string): string {
  return name.split('/')[0] ?? name;
}

function formatTable(results: readonly BenchResult[]): string {
  const figureNames = [...new Set(results.flatMap(({ figures }) => Object.keys(figures)))];
  const columns = [['', ...figureNames], ...results.flatMap((result) => formatColumns(result, figureNames))];
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)));
  const formatCell = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const toRow = (_: string, row: number): string =>
    columns.map((column, index) => formatCell(column[row] ?? '', index)).join('  ');
  return ['', ...figureNames].map(toRow).join('\n');
}

/** The figures of one result and, where something is required of them, whether it holds. */
function formatColumns({ name, figures, targets }: BenchResult, figureNames: readonly string[]): string[][] {
  const measured = [name, ...figureNames.map((figure) => formatFigure(figures[figure]))];
  if (Object.keys(targets).length === 0) return [measured];
  return [measured, ['target', ...figureNames.map((figure) => formatCheck(targets[figure]))]];
}

function formatCheck(check: TargetCheck | undefined): string {
  return check === undefined ? '' : `${check.required} ${check.holds ? 'held' : 'MISSED'}`;
}

/** Three digits are as many as any figure here repeats to. */
function formatFigure(figure: number | string | null | undefined): string {
  if (typeof figure !== 'number') return figure ?? '-';
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : String(Number(figure.toPrecision(3)));
}
