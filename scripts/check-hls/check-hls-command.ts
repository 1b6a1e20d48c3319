import { toPrintable } from '#scripts/terminal/text-table.ts';
import type { CheckHlsCommandLine } from './command-line.ts';
import type { HlsFinding } from './finding-list.ts';
import { HLS_RULES } from './rules.ts';
import { watchStream } from './stream-watch.ts';

/** The parts of `process` that the command uses. */
export interface CheckHlsTerminal {
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
}

interface CheckHlsReport {
  readonly watchedSeconds: number;
  readonly findings: readonly HlsFinding[];
}

export const CHECK_HLS_EXIT = { clean: 0, found: 1, wrongUsage: 2, notWatched: 3 } as const;

/** Watches a stream and prints what was found. Resolves to the exit code. Ctrl-C and SIGTERM end the watch early. */
export async function runCheckHls(
  { url, seconds, isJson }: CheckHlsCommandLine,
  terminal: CheckHlsTerminal,
): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  const end = setTimeout(interrupt, seconds * 1000);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { checker, answers, watchedSeconds, failure } = await watchStream({ url, signal: interruption.signal });
    const findings = checker.findings();
    if (failure !== null) terminal.stderr.write(`The stream could not be watched: ${toPrintable(failure)}.\n`);
    if (failure !== null && findings.length === 0) return CHECK_HLS_EXIT.notWatched;
    const report = { watchedSeconds: Math.round(watchedSeconds), findings };
    terminal.stdout.write(isJson ? `${JSON.stringify(report)}\n` : formatReport(report, answers));
    return findings.length === 0 ? CHECK_HLS_EXIT.clean : CHECK_HLS_EXIT.found;
  } finally {
    clearTimeout(end);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function formatReport({ watchedSeconds, findings }: CheckHlsReport, answers: number): string {
  const lines = findings.map(({ rule, section, evidence }) => `${rule} (${section})\n  ${toPrintable(evidence)}\n`);
  const found = findings.length === 0 ? 'Nothing was found' : `${findings.length} found`;
  return `${lines.join('')}${found} in ${answers} answers, watched for ${watchedSeconds} s, by ${HLS_RULES.length} rules.\n`;
}
