import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { badKeys } from './bench/bad-keys.ts';
import { type Benchmark, type Figures, runInContext } from './bench/bench-context.ts';
import { capacities } from './bench/capacity.ts';
import { clusterDrain } from './bench/cluster/drain.ts';
import { clusterHops } from './bench/cluster/hops.ts';
import { clusterKill } from './bench/cluster/kill.ts';
import { clusterOverload } from './bench/cluster/overload.ts';
import { clusterProxied } from './bench/cluster/proxied.ts';
import { clusterReconnect } from './bench/cluster/reconnect.ts';
import { clusterRelayed } from './bench/cluster/relayed.ts';
import { clusterViewers } from './bench/cluster/viewers.ts';
import { conformance } from './bench/conformance.ts';
import { controlLatency } from './bench/control-latency.ts';
import { glassToGlass } from './bench/glass-to-glass.ts';
import { ingestAuth } from './bench/ingest-auth.ts';
import { liveCpu } from './bench/live-cpu.ts';
import { readMachineFacts } from './bench/machine-facts.ts';
import { memory } from './bench/memory.ts';
import { players } from './bench/players/players.ts';
import { quality } from './bench/quality/quality.ts';
import { recipeCpu } from './bench/recipe-cpu.ts';
import { recovery } from './bench/recovery.ts';
import { type BenchResult, formatResultTables, measurementOf } from './bench/result-tables.ts';
import { startUp } from './bench/start-up.ts';
import { ffmpegHls } from './bench/systems/ffmpeg-hls.ts';
import { headend } from './bench/systems/headend.ts';
import { nginxRtmp } from './bench/systems/nginx-rtmp.ts';
import { checkTargets } from './bench/target.ts';
import { errorMessage, parseOrPrintUsage } from './terminal/errors.ts';

interface BenchOptions {
  readonly benchmarks: readonly Benchmark[];
  readonly seconds: number;
  readonly jsonPath: string | null;
  /** Whether a missed target is a failure. */
  readonly isStrict: boolean;
}

const BENCHMARKS: readonly Benchmark[] = [
  ...[headend('low'), headend('ultra'), headend('standard'), nginxRtmp, ffmpegHls].map(glassToGlass),
  liveCpu,
  recipeCpu,
  ...quality,
  memory,
  ingestAuth,
  badKeys,
  recovery,
  startUp,
  controlLatency,
  ...capacities,
  ...players,
  ...conformance,
  ...[
    clusterViewers,
    clusterKill,
    clusterReconnect,
    clusterDrain,
    clusterHops,
    clusterProxied,
    clusterRelayed,
    clusterOverload,
  ],
];

const USAGE = `npm run bench -- [--seconds N] [--only NAME] [--json FILE]
  --seconds     how long each live benchmark measures, 5 to 600 (default 30)
  --only        a benchmark, or all whose names begin so, up to a slash:
${listBenchmarks()}
  --json        also write the figures to this file
  --no-targets  missed targets are no failure, for slow machines`;

/** A line for each measurement, with what is measured. A function, because the usage text stands above it. */
function listBenchmarks(): string {
  const measurements = [...new Set(BENCHMARKS.map(({ name }) => measurementOf(name)))];
  const lines = measurements.map((measurement) => {
    const subjects = BENCHMARKS.map(({ name }) => name).filter((name) => name.startsWith(`${measurement}/`));
    return [measurement, ...subjects.map((name) => name.slice(measurement.length + 1))].join(' ');
  });
  return lines.map((line) => `                ${line}`).join('\n');
}

/** Parses the command line. Throws if it is wrong. */
function readOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      'no-targets': { type: 'boolean', default: false },
      only: { type: 'string' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 5 && seconds <= 600)) throw new Error(`--seconds ${values.seconds}: not from 5 to 600`);
  const benchmarks = BENCHMARKS.filter(({ name }) => {
    return values.only === undefined || values.only === name || name.startsWith(`${values.only}/`);
  });
  if (benchmarks.length === 0) throw new Error(`--only ${values.only}: no such benchmark`);
  return { benchmarks, seconds, jsonPath: values.json ?? null, isStrict: !values['no-targets'] };
}

/** A signal that Ctrl-C and SIGTERM abort, so that everything started here ends before this process. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
  }
  return controller.signal;
}

/** Runs benchmarks of one group at once, or a single one. */
async function run(
  benchmarks: readonly Benchmark[],
  options: { signal: AbortSignal; seconds: number },
): Promise<BenchResult[]> {
  const names = benchmarks.map(({ name }) => name);
  process.stderr.write(`${names.join(' ')} ...\n`);
  const outcomes = await outcomesOf(benchmarks, names, options);
  return benchmarks.map(({ name, targets }) => {
    const outcome = outcomes.get(name);
    if (outcome === undefined || outcome instanceof Error) {
      return { name, figures: {}, targets: {}, error: errorMessage(outcome) };
    }
    return { name, figures: outcome, targets: checkTargets(outcome, targets), error: null };
  });
}

async function outcomesOf(
  benchmarks: readonly Benchmark[],
  names: readonly string[],
  options: { signal: AbortSignal; seconds: number },
): Promise<ReadonlyMap<string, Figures | Error>> {
  const [first] = benchmarks;
  try {
    if (first === undefined) return new Map();
    const { group } = first;
    if (benchmarks.length === 1 || group === undefined) {
      return new Map([[first.name, await runInContext(first, options)]]);
    }
    return await runInContext({ name: group.id, run: (context) => group.run(context, names) }, options);
  } catch (error) {
    return new Map(names.map((name) => [name, new Error(errorMessage(error))]));
  }
}

/** Benchmarks that run at once are one element. */
function runsOf(benchmarks: readonly Benchmark[]): readonly (readonly Benchmark[])[] {
  const runs = new Map<string, Benchmark[]>();
  for (const benchmark of benchmarks) {
    const id = benchmark.group?.id ?? benchmark.name;
    runs.set(id, [...(runs.get(id) ?? []), benchmark]);
  }
  return [...runs.values()];
}

/**
 * Runs the benchmarks one after another, so that they do not compete for CPU, but those of a group at once. Resolves to the exit code: 1 if one
 * failed.
 */
async function main({ benchmarks, seconds, jsonPath, isStrict }: BenchOptions): Promise<number> {
  const machine = await readMachineFacts();
  for (const [name, fact] of Object.entries(machine)) process.stdout.write(`${name}: ${fact}\n`);
  const signal = stopSignal();
  const results: BenchResult[] = [];
  for (const together of runsOf(benchmarks)) {
    if (!signal.aborted) results.push(...(await run(together, { signal, seconds })));
  }
  process.stdout.write(`\n${formatResultTables(results)}\n`);
  if (jsonPath !== null) await writeFile(jsonPath, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  const isMissed = results.some(({ targets }) => Object.values(targets).some(({ holds }) => !holds));
  const isFailed = results.some(({ error }) => error !== null) || (isStrict && isMissed);
  return signal.aborted || isFailed ? 1 : 0;
}

const options = parseOrPrintUsage(readOptions, USAGE);
process.exitCode = options === null ? 1 : await main(options);
