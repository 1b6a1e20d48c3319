import { STAGES } from '#config/stages.ts';
import { parsePlanOptions, planUsage } from '#scripts/plan/options.ts';

const parse = (...args: string[]) => parsePlanOptions(args, STAGES);

test('without options, it is an hour of one stream of the stage prod, with its ladder and latency', () => {
  expect(parse()).toMatchObject({
    ...{ kind: 'plan', json: false, stage: { name: 'prod' } },
    event: {
      ...{ viewers: 1_000, hours: 1, streams: 1, isFreeUsedUp: false },
      ...{ ladder: '720p', rung: '720p', latency: 'low' },
    },
  });
});

test('every option', () => {
  const args =
    '--viewers 20000 --hours 1.5 --streams 3 --stage dev --ladder 480p --rung 360p --latency ultra --no-free-tier --json';
  expect(parse(...args.split(' '))).toMatchObject({
    ...{ kind: 'plan', json: true, stage: { name: 'dev' } },
    event: {
      ...{ viewers: 20_000, hours: 1.5, streams: 3, isFreeUsedUp: true },
      ...{ ladder: '480p', rung: '360p', latency: 'ultra' },
    },
  });
});

test.each([
  ['--viewers -1', "Option '--viewers' argument is ambiguous."],
  ['--viewers=-1', '--viewers -1 is not possible; whole numbers from 0 to 10000000 are.'],
  ['--viewers 1.5', '--viewers 1.5 is not possible; whole numbers from 0 to 10000000 are.'],
  ['--viewers 10000001', '--viewers 10000001 is not possible; whole numbers from 0 to 10000000 are.'],
  ['--streams many', '--streams many is not possible; whole numbers from 0 to 1000 are.'],
  ['--hours 0', '--hours 0 is not possible; more than 0 and up to 730 are.'],
  ['--hours 731', '--hours 731 is not possible; more than 0 and up to 730 are.'],
  ['--hours 1e2', '--hours 1e2 is not possible; more than 0 and up to 730 are.'],
  ['--stage test', '--stage test is not possible; dev, prod are.'],
  ['--ladder 9p', '--ladder 9p is not possible; 2160p, 1440p, 1080p, 720p, 480p, 360p are.'],
  ['--ladder 480p --rung 720p', '--rung 720p is not possible; 480p, 360p are.'],
  ['--latency none', '--latency none is not possible; ultra, low, standard are.'],
  ['--streams 0', '--viewers 1000 need something to watch; with --streams 0, only --viewers 0 is possible.'],
  [
    '--stage dev --ladder 1080p',
    '--ladder 1080p is not possible: a 1080p stream takes 2.124 vCPUs, but a task of stage dev has 1.9 for streams; 720p, 480p, 360p are.',
  ],
  ['--price 1', "Unknown option '--price'."],
  ['now', "Unexpected argument 'now'."],
])('%s', (args, message) => {
  expect(() => parse(...args.split(' '))).toThrow(message);
});

test('help, and writing README, need no other option', () => {
  expect(parse('--help', '--hours', '0')).toEqual({ kind: 'help' });
  expect(parse('--write-readme')).toEqual({ kind: 'write-readme' });
});

test('the help names every option', () => {
  const usage = planUsage(STAGES);
  for (const option of [
    'viewers',
    'hours',
    'streams',
    'stage',
    'ladder',
    'rung',
    'latency',
    'no-free-tier',
    'json',
    'write-readme',
    'help',
  ]) {
    expect(usage).toContain(`--${option} `);
  }
});
