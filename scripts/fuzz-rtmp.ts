import { parseArgs } from 'node:util';
import { recordSessions } from './fuzz/record-sessions.ts';
import { type FuzzOptions, runFuzzer } from './fuzz/run-fuzzer.ts';
import { startTarget } from './fuzz/start-target.ts';
import { parseOrPrintUsage } from './terminal/errors.ts';

const USAGE = `npm run fuzz:rtmp -- [--seconds N] [--connections C] [--seed S] [--iteration I]
  --seconds      how long at most (default 30, or 3600 with --connections; 1 to 86400)
  --connections  ends after so many, and fails where the time is up before; memory is watched from the 901st on, or so
  --seed         a whole number; the same seed makes the same connections (default: the time)
  --iteration    runs one connection of that seed, for a second look at a failure`;

const DEFAULT_SECONDS = '30';
const DEFAULT_SECONDS_WITH_CONNECTIONS = '3600';

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly iterations: FuzzOptions['iterations'];
}

/** Parses the command line. Throws where it is wrong. */
function readOptions(): Options {
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
  if (iteration !== undefined && connections !== undefined) throw new Error('--iteration is one connection');
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

/** `npm run fuzz:rtmp`: hostile connections to the RTMP server, made of FFmpeg's own. Resolves to the exit code. */
async function main({ seconds, seed, iterations }: Options): Promise<number> {
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
    const all = endedInOrder ? failures : [...failures, 'the server did not end by itself once it was closed'];
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
