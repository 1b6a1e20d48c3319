import type { CpuInfo } from 'node:os';

/** A shorter measurement would depend on chance. */
const MIN_MS = 10_000;
/** A longer one would say little about now. */
const MAX_MS = 30_000;

interface IdleReading {
  readonly atMs: number;
  /** Sums over all CPUs. */
  readonly idleMs: number;
  readonly totalMs: number;
}

/**
 * Measures how many vCPUs were idle between calls. It sees the whole machine, which on Fargate is the task's own. In a
 * container that may use only a part of its machine, the answer is too high.
 */
export class CpuIdle {
  readonly #read: () => readonly CpuInfo[];
  #last: IdleReading | null = null;

  /** `read` is `cpus` of node:os. */
  constructor(read: () => readonly CpuInfo[]) {
    this.#read = read;
  }

  /** vCPUs that were idle since an earlier call. Null if that was not 10 to 30 s ago; then this call starts anew. */
  measure(nowMs: number): number | null {
    const last = this.#last;
    const elapsedMs = last === null ? Number.POSITIVE_INFINITY : nowMs - last.atMs;
    if (elapsedMs < MIN_MS) return null;
    const cpus = this.#read();
    const reading = readingOf(cpus, nowMs);
    this.#last = reading;
    if (last === null || elapsedMs > MAX_MS) return null;
    const totalMs = reading.totalMs - last.totalMs;
    return totalMs <= 0 ? null : (cpus.length * (reading.idleMs - last.idleMs)) / totalMs;
  }
}

function readingOf(cpus: readonly CpuInfo[], atMs: number): IdleReading {
  const sum = (value: (times: CpuInfo['times']) => number): number =>
    cpus.reduce((total, { times }) => total + value(times), 0);
  return {
    atMs,
    idleMs: sum(({ idle }) => idle),
    totalMs: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq),
  };
}
