import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Targets } from './target.ts';

/** What programs are started in. They end with it, and early when the signal aborts. */
export interface ProgramContext {
  readonly signal: AbortSignal;
  /** Registers a clean-up. The last registered one runs first. */
  defer(cleanUp: () => Promise<unknown>): void;
}

/**
 * The context of a benchmark. The benchmark ends early when the signal aborts. Everything that it started ends with it.
 */
export interface BenchContext extends ProgramContext {
  /** How long a live benchmark measures. */
  readonly seconds: number;
}

/** Figures by name. Names include the unit. Null if a figure could not be measured. */
export type Figures = Readonly<Record<string, number | string | null>>;

/** A benchmark. In its name, the measurement stands before the last slash and the measured subject after it. */
export interface Benchmark {
  readonly name: string;
  /** Required values of its figures, by name. */
  readonly targets: Targets;
  /** Benchmarks with the same one run at once if several of them are asked for. @default it runs alone */
  readonly group?: BenchmarkGroup;
  run(context: BenchContext): Promise<Figures>;
}

/** Benchmarks that do not disturb one another. */
export interface BenchmarkGroup {
  readonly id: string;
  /** Resolves to the figures of the named benchmarks, or why one failed. */
  run(context: BenchContext, names: readonly string[]): Promise<ReadonlyMap<string, Figures | Error>>;
}

/** A server that takes RTMP and serves HLS. */
export interface SystemUnderTest {
  readonly name: string;
  /** Resolves when the server is ready for a publisher. It ends with the context. */
  start(context: BenchContext): Promise<RunningSystem>;
}

export interface RunningSystem {
  /** Ends with the stream key. */
  readonly publishUrl: string;
  readonly multivariantPlaylistUrl: string;
  /** A page that starts to play the stream by itself, muted. */
  readonly watchUrl: string;
}

/** Runs a benchmark and then all clean-ups, even if it throws. Throws an AggregateError if several of these fail. */
export async function runInContext<T>(
  benchmark: { readonly name: string; run(context: BenchContext): Promise<T> },
  options: { readonly signal: AbortSignal; readonly seconds: number },
): Promise<T> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const failures: unknown[] = [];
  let outcome: { readonly value: T } | null = null;
  try {
    outcome = { value: await benchmark.run({ ...options, defer: (cleanUp) => cleanUps.push(cleanUp) }) };
  } catch (error) {
    failures.push(error);
  }
  for (const cleanUp of cleanUps.toReversed()) {
    try {
      await cleanUp();
    } catch (error) {
      failures.push(error);
    }
  }
  if (outcome !== null && failures.length === 0) return outcome.value;
  if (failures.length === 1) throw failures[0];
  throw new AggregateError(failures, failures.map(String).join('; '));
}

/** Creates a folder that is deleted with the context. */
export async function makeTemporaryFolder(context: ProgramContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-bench-'));
  context.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
