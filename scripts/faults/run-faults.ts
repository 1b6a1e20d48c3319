import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import { type ProgramContext, runInContext } from '#scripts/bench/bench-context.ts';
import { startHeadend } from '#scripts/bench/systems/headend.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { Fault, FaultOutcome, SkippedFault } from './fault.ts';

export interface FaultRunOptions {
  readonly faults: readonly Fault[];
  /** Aborts when somebody interrupts the run. */
  readonly interrupted: AbortSignal;
  /** By how much longer everything may take, on a slow machine. @default 1 */
  readonly patience?: number;
  /** Says what is being done. */
  readonly note: (line: string) => void;
}

/** A fault with its outcome. */
export interface FaultRow {
  readonly fault: string;
  readonly expected: string;
  /** Null if it was skipped. */
  readonly ok: boolean | null;
  readonly observed: string;
  readonly players: FaultOutcome['players'];
  readonly restarts: readonly string[];
  readonly said: readonly string[];
}

export interface FaultReport {
  readonly rows: readonly FaultRow[];
  /** False if somebody interrupted the run. */
  readonly isComplete: boolean;
}

/** Ends a fault that hangs. */
const LIMIT_MS = 300_000;

/** Runs the faults one after another. Nothing that they started is left when it resolves. */
export async function runFaults(options: FaultRunOptions): Promise<FaultReport> {
  const { faults, interrupted, note, patience = 1 } = options;
  const rows: FaultRow[] = [];
  await inContext(interrupted, async (whole) => {
    const platform = once(() => startHeadend(whole, 'low'));
    const browser = once(() => openBrowser(whole));
    for (const fault of faults) {
      if (interrupted.aborted) break;
      note(`${fault.name}: ${fault.expected} ...`);
      const signal = signalWithin(LIMIT_MS * patience + (fault.seconds ?? 0) * 1000, interrupted);
      const run = () => inContext(signal, (context) => fault.run({ ...context, platform, browser, patience }));
      const outcome = await run().catch(toOutcome);
      // What failed because it was interrupted says nothing about the platform.
      if (interrupted.aborted) break;
      const row = toRow(fault, outcome);
      note(`  ${row.observed}`);
      rows.push(row);
    }
  });
  return { rows, isComplete: !interrupted.aborted };
}

/** Calls it with a context, and ends everything that it started. */
async function inContext<T>(signal: AbortSignal, call: (context: ProgramContext) => Promise<T>): Promise<T> {
  const results: T[] = [];
  const run = async (context: ProgramContext) => {
    results.push(await call(context));
    return {};
  };
  await runInContext({ name: 'fault', run }, { signal, seconds: 0 });
  return results[0] as T;
}

async function openBrowser(context: ProgramContext): Promise<TestBrowser> {
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  return browser;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

const toOutcome = (error: unknown): FaultOutcome => ({
  observations: [{ ok: false, seen: errorMessage(error) }],
  ...{ players: [], restarts: [], said: [] },
});

function toRow({ name, expected }: Fault, outcome: FaultOutcome | SkippedFault): FaultRow {
  const row = { fault: name, expected };
  if ('skipped' in outcome) {
    return { ...row, ok: null, observed: outcome.skipped, players: [], restarts: [], said: [] };
  }
  const { observations, ...rest } = outcome;
  const ok = observations.every((observation) => observation.ok);
  const observed = observations.map((observation) => `${observation.ok ? '' : 'NOT: '}${observation.seen}`).join('; ');
  return { ...row, ok, observed, ...rest };
}
