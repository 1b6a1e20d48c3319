import { parseArgs } from 'node:util';
import { resolveStage } from '#config/resolve-stage.ts';
import type { ResolvedStage, StageConfig } from '#config/stage-config.ts';
import { LADDER_NAMES, ladderRungs } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { HOURS_PER_MONTH, type PlannedEvent } from './event.ts';
import { planFleet } from './fleet.ts';

/** A command line of `npm run plan`. */
export type PlanCommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'write-readme' }
  | {
      readonly kind: 'plan';
      readonly stage: ResolvedStage;
      /** All stages, for the comparison. */
      readonly stages: readonly ResolvedStage[];
      readonly event: PlannedEvent;
      readonly json: boolean;
    };

const MAX_VIEWERS = 10_000_000;
const MAX_STREAMS = 1_000;

const OPTIONS = {
  viewers: { type: 'string', default: '1000' },
  hours: { type: 'string', default: '1' },
  streams: { type: 'string', default: '1' },
  stage: { type: 'string', default: 'prod' },
  ladder: { type: 'string' },
  rung: { type: 'string' },
  latency: { type: 'string' },
  'no-free-tier': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  'write-readme': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What the options are, for `--help` and for errors. */
export const planUsage = (stages: readonly StageConfig[]): string => `Usage: npm run plan -- [OPTION ...]
What an event takes of a stage, and what it costs.

  --viewers N      viewers of all streams together, 0 to ${MAX_VIEWERS} (${OPTIONS.viewers.default})
  --hours H        how long it lasts, up to ${HOURS_PER_MONTH}, within one month (${OPTIONS.hours.default})
  --streams N      streams on air at the same time, 0 to ${MAX_STREAMS} (${OPTIONS.streams.default})
  --stage NAME     ${stages.map(({ name }) => name).join(', ')} (${OPTIONS.stage.default})
  --ladder NAME    ${LADDER_NAMES.join(', ')} (the stage's)
  --rung NAME      what viewers watch (the ladder's best)
  --latency NAME   ${LATENCY_NAMES.join(', ')} (the stage's)
  --no-free-tier   the month's free bytes and requests of CloudFront went to something else
  --json           print JSON
  --write-readme   write the tables of README.md again
  --help           print this help`;

/** Parses the command line. Throws a UserError that says what was given and what is allowed. */
export function parsePlanOptions(args: readonly string[], configs: readonly StageConfig[]): PlanCommandLine {
  const values = parse(args, configs);
  if (values.help) return { kind: 'help' };
  if (values['write-readme']) return { kind: 'write-readme' };
  const stages = configs.map(resolveStage);
  const name = oneOf(
    '--stage',
    values.stage,
    stages.map((candidate) => candidate.name),
  );
  const stage = stages.find((candidate) => candidate.name === name);
  if (stage === undefined) throw new Error(`there is no stage ${name}`);
  const ladder = oneOf('--ladder', values.ladder ?? stage.ladder, LADDER_NAMES);
  const event: PlannedEvent = {
    viewers: wholeNumber('--viewers', values.viewers, MAX_VIEWERS),
    hours: hoursOf(values.hours),
    streams: wholeNumber('--streams', values.streams, MAX_STREAMS),
    ladder,
    rung: oneOf(
      '--rung',
      values.rung ?? ladder,
      ladderRungs(ladder).map((rung) => rung.name),
    ),
    latency: oneOf('--latency', values.latency ?? stage.latency, LATENCY_NAMES),
    isFreeUsedUp: values['no-free-tier'],
  };
  checkFit(stage, event);
  return { kind: 'plan', stage, stages, event, json: values.json };
}

function parse(args: readonly string[], stages: readonly StageConfig[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    // The first sentence of Node.js's message says what is wrong. The advice after it rarely applies.
    const [message] = errorMessage(error).split(/\. |\n/, 1);
    throw new UserError(`${message}.\n\n${planUsage(stages)}`, { cause: error });
  }
}

function oneOf<Name extends string>(option: string, value: string, allowed: readonly Name[]): Name {
  const found = allowed.find((name) => name === value);
  if (found === undefined) throw new UserError(`${option} ${value} is not possible; ${allowed.join(', ')} are.`);
  return found;
}

function wholeNumber(option: string, value: string, most: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > most) {
    throw new UserError(`${option} ${value} is not possible; whole numbers from 0 to ${most} are.`);
  }
  return number;
}

function hoursOf(value: string): number {
  const hours = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || hours <= 0 || hours > HOURS_PER_MONTH) {
    throw new UserError(`--hours ${value} is not possible; more than 0 and up to ${HOURS_PER_MONTH} are.`);
  }
  return hours;
}

function checkFit(stage: ResolvedStage, event: PlannedEvent): void {
  if (event.streams === 0 && event.viewers > 0) {
    throw new UserError(
      `--viewers ${event.viewers} need something to watch; with --streams 0, only --viewers 0 is possible.`,
    );
  }
  const { streamsPerTask, problem } = planFleet(stage, event);
  if (event.streams === 0 || streamsPerTask > 0) return;
  const fitting = LADDER_NAMES.filter((ladder) => planFleet(stage, { ...event, ladder }).streamsPerTask > 0);
  throw new UserError(`--ladder ${event.ladder} is not possible: ${problem}; ${fitting.join(', ')} are.`);
}
