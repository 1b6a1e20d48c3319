import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Targets } from './target.ts';

/** What a benchmark runs in: it ends early when the signal aborts, and whatever it started ends with it. */
export interface BenchContext {
  readonly signal: AbortSignal;
  /** How long a live benchmark measures. */
  readonly seconds: number;
  /** Registers what ends something that was started; the last registered runs first. */
  defer(cleanUp: () => Promise<unknown>): void;
}

/** Named figures with their units in the names; null where a figure could not be had. */
export type Figures = Readonly<Record<string, number | string | null>>;

/** One line of the results. The name before the slash is the measurement, after it what was measured. */
export interface Benchmark {
  readonly name: string;
  /** What is required of its figures, by their names. */
  readonly targets: Targets;
  run(context: BenchContext): Promise<Figures>;
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

/** Runs a benchmark and then every clean-up, also when it throws. Throws an AggregateError where clean-ups failed. */
export async function runInContext(
  benchmark: Pick<Benchmark, 'name' | 'run'>,
  options: { readonly signal: AbortSignal; readonly seconds: number },
): Promise<Figures> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const failures: unknown[] = [];
  let figures: Figures = {};
  try {
    figures = await benchmark.run({ ...options, defer: (cleanUp) => cleanUps.push(cleanUp) });
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
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('; '));
  return figures;
}

/** A folder that is deleted with the context. */
export async function makeTemporaryFolder(context: BenchContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headend-bench-'));
  context.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
