import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage } from '#scripts/terminal/errors.ts';
import { type Attack, planAttack } from './plan-attack.ts';
import type { RecordedSession } from './record-sessions.ts';
import { runAttack } from './run-attack.ts';
import type { Target } from './start-target.ts';

export interface FuzzOptions {
  readonly target: Target;
  readonly sessions: readonly RecordedSession[];
  readonly seed: number;
  /** Which iterations to run: a single one, so many from the first on, or as many as the time allows. */
  readonly iterations: { readonly only: number } | { readonly count: number } | 'any';
  readonly seconds: number;
}

export interface FuzzResult {
  readonly connections: number;
  readonly connectionsPerSecond: number;
  /** Publishes that were accepted, and those of them that were encoded for real. */
  readonly publishes: number;
  readonly encoders: number;
  readonly violations: number;
  readonly residentMegabytes: number;
  readonly residentGrowthMegabytes: number;
  /** Over so many connections: the first ones only warm the server up. */
  readonly residentGrowthConnections: number;
  /** What went wrong, each with the iterations it may have come from; none is a pass. */
  readonly failures: readonly string[];
}

const CONCURRENCY = 64;
/** The first connections fill caches and grow the heap to its working size. */
const WARM_UP_CONNECTIONS = 900;
const MAX_GROWTH_MEGABYTES = 64;
const BYTES_PER_MEGABYTE = 1_000_000;
/** An FFmpeg has 2 s to hand over what it has left, and may be about to be replaced. */
const SETTLE_TIMEOUT_MS = 10_000;
const SETTLE_POLL_MS = 100;

/** Attacks the target until the time is up, and then looks for what is left over. The target stays open. */
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
  const { publishes, encoders, violations } = await target.report();
  return {
    connections,
    connectionsPerSecond: connections / elapsedSeconds,
    publishes,
    encoders,
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
  encoders: 0,
  violations: 0,
  residentMegabytes: 0,
  residentGrowthMegabytes: 0,
  residentGrowthConnections: 0,
};

/** Shared by all that attack at once, so that each iteration runs once. */
function* iterationsUntil(chosen: FuzzOptions['iterations'], isOver: () => boolean): Generator<number> {
  if (typeof chosen === 'object' && 'only' in chosen) {
    yield chosen.only;
    return;
  }
  const count = chosen === 'any' ? Number.POSITIVE_INFINITY : chosen.count;
  for (let iteration = 0; iteration < count && !isOver(); iteration++) yield iteration;
}

/** A run that was to make so many connections and did not has shown nothing. */
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

async function measureMemory(target: Target): Promise<number> {
  await target.report();
  return target.residentBytes();
}

/** Waits until the target holds no more than when it was idle, and names what does not go away. */
async function findLeftOvers(target: Target, idle: readonly string[]): Promise<string[]> {
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const leftOvers = subtract(await findHeld(target), idle);
    if (leftOvers.length === 0) return [];
    if (performance.now() > deadlineMs) return [`left over in the server: ${leftOvers.join(', ')}`];
    await sleep(SETTLE_POLL_MS);
  }
}

/** Sockets, timers and the like of the target, and its processes. */
async function findHeld(target: Target): Promise<readonly string[]> {
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
