import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { readFootprint } from './footprint.ts';
import { percentile } from './latency-summary.ts';
import { prepareLiveStream } from './live-stream.ts';
import { followParts } from './part-latency.ts';
import { runProgram } from './program.ts';
import type { RunningHeadend } from './systems/headend.ts';

const CONNECTIONS = 2_000;
const RENDITIONS = ['720p', '480p', '360p', 'audio'];
/** Fewer from one address: the guard delays most of its answers by a second, so 2,000 would take half an hour. */
const CONNECTIONS_OF_ONE_ADDRESS = 60;
/** The first seconds of a stream are not representative. */
const SETTLE_SECONDS = 5;
/** Enough to warm up the JIT compiler and fill the guard's tables. */
const WARM_UP_CONNECTIONS = 500;

/**
 * The cost of an attack with wrong keys, one connection after another: memory and open files of an encoder without a
 * stream, and the additional latency of a live stream's parts. From many addresses, each key is looked up; the guard
 * answers 25 per second, so this takes minutes. A single address is soon refused without a lookup, after a delay.
 */
export const badKeys: Benchmark = {
  name: 'bad-keys',
  targets: {
    riseManyAddressesMs: { below: 50 },
    riseOneAddressMs: { below: 50 },
    // A leak per connection would show as 2,000. The database client's connections come and go.
    openFilesGrowth: { atMost: 4 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const { signal } = context;
    const { running, publish } = await prepareLiveStream(context);
    const port = Number(new URL(running.publishUrl).port);
    const costs = await measureCosts(context, running, port);
    await publish();
    const measure = (work: () => Promise<number>) => measureParts(running.originUrl, signal, work);
    await sleep(SETTLE_SECONDS * 1000, undefined, { signal });
    const before = await measure(() => sleep(context.seconds * 1000, context.seconds, { signal }));
    const many = await measure(() => tryBadKeys(context, { port, connections: CONNECTIONS, block: 1 }));
    const one = await measure(() => tryBadKeys(context, { port, connections: CONNECTIONS_OF_ONE_ADDRESS }));
    return {
      partP95BeforeMs: before.p95Ms,
      partP95ManyAddressesMs: many.p95Ms,
      partP95OneAddressMs: one.p95Ms,
      riseManyAddressesMs: many.p95Ms - before.p95Ms,
      riseOneAddressMs: one.p95Ms - before.p95Ms,
      manyAddressesPerSecond: CONNECTIONS / many.seconds,
      oneAddressPerSecond: CONNECTIONS_OF_ONE_ADDRESS / one.seconds,
      partsMeasured: before.parts + many.parts + one.parts,
      ...costs,
    };
  },
};

/**
 * What the attempts leave behind in the encoder and the data folder. Measured without a live stream, which would hide
 * it.
 */
async function measureCosts(context: BenchContext, { encoderPid, dataFolder }: RunningHeadend, port: number) {
  const { signal } = context;
  await tryBadKeys(context, { port, connections: WARM_UP_CONNECTIONS, block: 3 });
  const before = await readFootprint(encoderPid, dataFolder, signal);
  await tryBadKeys(context, { port, connections: CONNECTIONS, block: 2 });
  const after = await readFootprint(encoderPid, dataFolder, signal);
  return {
    residentBeforeMegabytes: before.residentMegabytes,
    residentAfterMegabytes: after.residentMegabytes,
    openFilesBefore: before.openFiles,
    openFilesGrowth: after.openFiles - before.openFiles,
    diskGrowthBytes: after.diskBytes - before.diskBytes,
    logBytesPerAttempt: (after.logBytes - before.logBytes) / CONNECTIONS,
    ffmpegsRunning: after.ffmpegs,
  };
}

interface PartFigures {
  readonly p95Ms: number;
  readonly parts: number;
  readonly seconds: number;
}

/** Measures the parts of all renditions that appear while the work is done. */
async function measureParts(originUrl: string, signal: AbortSignal, work: () => Promise<number>): Promise<PartFigures> {
  const latenciesMs: number[] = [];
  const done = new AbortController();
  const followed = RENDITIONS.map((rendition) =>
    followParts(`${originUrl}/${rendition}`, AbortSignal.any([signal, done.signal]), (ms) => latenciesMs.push(ms)),
  );
  const streamEnded = Promise.all(followed).then(() => Promise.reject(new Error('the stream ended')));
  let seconds: number;
  try {
    seconds = await Promise.race([work(), streamEnded]);
  } finally {
    done.abort();
    await Promise.allSettled(followed);
  }
  const p95Ms = percentile(latenciesMs, 95);
  if (p95Ms === null) throw new Error('no part came');
  return { p95Ms, parts: latenciesMs.length, seconds };
}

interface Attempts {
  readonly port: number;
  readonly connections: number;
  /** Block of the loopback network for different addresses. Without it, all attempts come from one address. */
  readonly block?: number;
}

/**
 * Runs the attempts and resolves to the seconds that they took. Rejects if one was not refused. The attacker's process
 * runs at a low priority: a real attacker has a machine of their own and takes no CPU from the encoder.
 */
async function tryBadKeys(context: BenchContext, { port, connections, block }: Attempts): Promise<number> {
  const script = fileURLToPath(new URL('bad-keys-attacker.ts', import.meta.url));
  const values = [port, connections, ...(block === undefined ? [] : [block])].map(String);
  const args = ['-n', '10', process.execPath, '--import', 'tsx', script, ...values];
  return Number(await runProgram(context, 'nice', args, { cwd: process.cwd() }));
}
