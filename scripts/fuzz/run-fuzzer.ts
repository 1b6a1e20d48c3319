import { setTimeout as sleep } from 'node:timers/promises';
import { BYTES_PER_MEGABYTE } from '#kit/process-usage.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { type Attack, planAttack } from './plan-attack.ts';
import type { RecordedSession } from './record-sessions.ts';
import { runAttack } from './run-attack.ts';
import type { FuzzTarget } from './start-target.ts';

export interface FuzzOptions {
  readonly target: FuzzTarget;
  readonly sessions: readonly RecordedSession[];
  readonly seed: number;
  /** Which iterations to run: a single one, a number of them, or as many as fit into the time. */
  readonly iterations: { readonly only: number } | { readonly count: number } | 'any';
  readonly seconds: number;
}

export interface FuzzResult {
  readonly connections: number;
  readonly connectionsPerSecond: number;
  /** Accepted publishes, and how many of them were transcoded. */
  readonly publishes: number;
  readonly transcoders: number;
  readonly violations: number;
  readonly residentMegabytes: number;
  readonly residentGrowthMegabytes: number;
  /** Number of connections to which the growth applies. The first ones only warm up the server. */
  readonly residentGrowthConnections: number;
  /** What went wrong, with the iterations that may have caused it. Empty if the run passed. */
  readonly failures: readonly string[];
}

const CONCURRENCY = 64;
/** The first connections fill caches and let the heap grow to its working size. */
const WARM_UP_CONNECTIONS = 900;
const MAX_GROWTH_MEGABYTES = 64;
/** An ending FFmpeg has 2 s for its remaining output, and may just have been restarted. */
const SETTLE_TIMEOUT_MS = 10_000;
const SETTLE_POLL_MS = 100;

/** Attacks the target until the time is up, then looks for leaks. The target stays open. */
export async function runFuzzer(options: FuzzOptions): Promise<FuzzResult> {
  const { target, seconds } = options;
  const failures: string[] = [];
  const idle = await findHeld(target);
  const running = new Set<number>();
  const startedAtMs = performance.now();
  const isOver = (): boolean => performance.now() - startedAtMs > seconds * 1000 || target.death !== null;
  const queue = iterationsUntil(options.iterations, isOver);
  let connections = 0;
  let warm = null as { readonly bytes: number; readonly connections: number } | null;
  const attack = async (): Promise<void> => {
    for (const iteration of queue) {
      running.add(iteration);
      await runOne(options, planAttack(options.sessions, options.seed, iteration), failures);
      if (target.death === null) running.delete(iteration);
      connections++;
      if (connections === WARM_UP_CONNECTIONS) warm = { bytes: await measureMemory(target), connections };
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, attack));
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  if (target.death !== null) {
    failures.push(`the server died in one of the iterations ${[...running].join(', ')}: ${target.death}`);
    return { ...NOTHING, connections, failures };
  }
  failures.push(...(await findLeftOvers(target, idle)));
  const residentBytes = await measureMemory(target);
  const growthMegabytes = warm === null ? 0 : (residentBytes - warm.bytes) / BYTES_PER_MEGABYTE;
  failures.push(...findMissing(options, connections));
  if (growthMegabytes > MAX_GROWTH_MEGABYTES) failures.push(`memory grew by ${growthMegabytes.toFixed(0)} MB`);
  const { publishes, transcoders, violations } = await target.report();
  return {
    connections,
    connectionsPerSecond: connections / elapsedSeconds,
    publishes,
    transcoders,
    violations,
    residentMegabytes: residentBytes / BYTES_PER_MEGABYTE,
    residentGrowthMegabytes: growthMegabytes,
    residentGrowthConnections: warm === null ? 0 : connections - warm.connections,
    failures,
  };
}

const NOTHING = {
  connectionsPerSecond: 0,
  publishes: 0,
  transcoders: 0,
  violations: 0,
  residentMegabytes: 0,
  residentGrowthMegabytes: 0,
  residentGrowthConnections: 0,
};

/** All concurrent attacks take their iterations from this generator, so that each runs once. */
function* iterationsUntil(chosen: FuzzOptions['iterations'], isOver: () => boolean): Generator<number> {
  if (typeof chosen === 'object' && 'only' in chosen) {
    yield chosen.only;
    return;
  }
  const count = chosen === 'any' ? Number.POSITIVE_INFINITY : chosen.count;
  for (let iteration = 0; iteration < count && !isOver(); iteration++) yield iteration;
}

/** A run that made fewer connections than requested proves nothing, so it fails. */
function findMissing({ iterations, seconds }: FuzzOptions, connections: number): string[] {
  if (iterations === 'any' || 'only' in iterations || connections >= iterations.count) return [];
  return [`only ${connections} of ${iterations.count} connections were made in ${seconds} s`];
}

async function runOne({ target }: FuzzOptions, attack: Attack, failures: string[]): Promise<void> {
  try {
    await runAttack(attack, target.port, target.closeTimeoutMs);
  } catch (error) {
    if (target.death === null) failures.push(errorMessage(error));
  }
}

async function measureMemory(target: FuzzTarget): Promise<number> {
  await target.report();
  return target.residentBytes();
}

/** Waits until the target holds no more than when it was idle. Resolves to what is still left after the timeout. */
async function findLeftOvers(target: FuzzTarget, idle: readonly string[]): Promise<string[]> {
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const leftOvers = subtract(await findHeld(target), idle);
    if (leftOvers.length === 0) return [];
    if (performance.now() > deadlineMs) return [`left over in the server: ${leftOvers.join(', ')}`];
    await sleep(SETTLE_POLL_MS);
  }
}

/** Sockets, timers and the like that the target holds, and its child processes. */
async function findHeld(target: FuzzTarget): Promise<readonly string[]> {
  return [...(await target.report()).resources, ...(await target.children())];
}

function subtract(all: readonly string[], less: readonly string[]): string[] {
  const rest = [...less];
  return all.filter((entry) => {
    const index = rest.indexOf(entry);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}
