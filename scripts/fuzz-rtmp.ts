import { parseArgs } from 'node:util';
import { recordSessions } from './fuzz/record-sessions.ts';
import { type FuzzOptions, runFuzzer } from './fuzz/run-fuzzer.ts';
import { startTarget } from './fuzz/start-target.ts';
import { parseOrPrintUsage } from './terminal/errors.ts';

const USAGE = `npm run fuzz:rtmp -- [--seconds N] [--connections C] [--seed S] [--iteration I]
  --seconds      maximum duration, 1 to 86400 (default 30, or 3600 with --connections)
  --connections  number of connections; fails if the time is up before (memory growth counts after about 900)
  --seed         a whole number; the same seed makes the same connections (default: from the time)
  --iteration    runs only this connection of the seed, to reproduce a failure`;

const DEFAULT_SECONDS = '30';
const DEFAULT_SECONDS_WITH_CONNECTIONS = '3600';

interface FuzzCommandOptions {
  readonly seconds: number;
  readonly seed: number;
  readonly iterations: FuzzOptions['iterations'];
}

/** Parses the command line. Throws if it is wrong. */
function readOptions(): FuzzCommandOptions {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      connections: { type: 'string' },
      seed: { type: 'string' },
      iteration: { type: 'string' },
    },
  });
  const whole = (name: string, text: string, min: number, max: number): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new Error(`--${name} ${text}: not a whole number from ${min} to ${max}`);
    return value;
  };
  const { seed, iteration, connections } = values;
  if (iteration !== undefined && connections !== undefined)
    throw new Error('--iteration and --connections exclude each other');
  const seconds = values.seconds ?? (connections === undefined ? DEFAULT_SECONDS : DEFAULT_SECONDS_WITH_CONNECTIONS);
  return {
    seconds: whole('seconds', seconds, 1, 86_400),
    seed: seed === undefined ? Date.now() % 2 ** 32 : whole('seed', seed, 0, 2 ** 32 - 1),
    iterations:
      iteration !== undefined
        ? { only: whole('iteration', iteration, 0, 2 ** 31) }
        : connections !== undefined
          ? { count: whole('connections', connections, 1, 1_000_000) }
          : 'any',
  };
}

/**
 * `npm run fuzz:rtmp`: attacks the RTMP server with damaged versions of FFmpeg's own connections. Resolves to the exit
 * code.
 */
async function main({ seconds, seed, iterations }: FuzzCommandOptions): Promise<number> {
  const target = await startTarget();
  const kill = (): never => {
    target.kill();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, kill);
  process.stdout.write(`seed ${seed}, ${extentText(iterations, seconds)}\n`);
  try {
    const sessions = await recordSessions(target.port);
    const { failures, ...figures } = await runFuzzer({
      target,
      sessions,
      seed,
      seconds,
      iterations,
    });
    for (const [name, figure] of Object.entries(figures))
      process.stdout.write(`${name}: ${Number(figure.toFixed(1))}\n`);
    const endedInOrder = target.death !== null || (await target.close(CLOSE_TIMEOUT_MS));
    const all = endedInOrder ? failures : [...failures, 'the server did not end by itself after it was closed'];
    for (const failure of all) process.stdout.write(`FAILED with seed ${seed}: ${failure}\n`);
    process.stdout.write(all.length === 0 ? 'no failures\n' : `${all.length} failures\n`);
    return all.length === 0 ? 0 : 1;
  } finally {
    target.kill();
  }
}

function extentText(iterations: FuzzOptions['iterations'], seconds: number): string {
  if (iterations === 'any') return `${seconds} s`;
  return 'only' in iterations ? `iteration ${iterations.only}` : `${iterations.count} connections in ${seconds} s`;
}

const CLOSE_TIMEOUT_MS = 5_000;

const options = parseOrPrintUsage(readOptions, USAGE);
process.exitCode = options === null ? 1 : await main(options);
