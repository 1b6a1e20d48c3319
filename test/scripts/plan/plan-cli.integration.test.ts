import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('../../../scripts/run.mjs', import.meta.url));

/** Runs `npm run plan -- ARGS` without npm. */
const runPlan = (...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [RUN, 'plan', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });

const EVENT = '--viewers 20000 --hours 10 --ladder 720p --latency low --stage prod --streams 1'.split(' ');

test('JSON has what an event takes, and its costs by line', async () => {
  const { code, stdout, stderr } = await runPlan(...EVENT, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const plan = JSON.parse(stdout);
  expect(plan).toMatchObject({ stage: 'prod', fleet: { tasks: 2, vCpus: 8 }, delivery: { requests: 5_832_000_000 } });
  expect(plan.usdPerStreamHour).toBeGreaterThan(0);
  // Less than the first thousand viewers pay, because CloudFront's price falls.
  expect(plan.usdPerViewerHour).toBeCloseTo(0.117, 2);
  const sum = plan.lines.reduce((usd: number, line: { usd: number }) => usd + line.usd, 0);
  expect(sum).toBeCloseTo(plan.usd, 6);
  expect(plan.lines[0]).toEqual({
    ...{ scope: 'stage', category: 'encoder tasks', item: "tasks' vCPUs (ARM)", price: 'fargateArmVCpu' },
    ...{ quantity: 80, unit: 'vCPU-hour', usd: expect.closeTo(2.5904, 6) },
    ...{ source: 'https://aws.amazon.com/fargate/pricing/', read: null, isConfirmed: true },
  });
  expect(Object.keys(plan.comparison)).toEqual(['latencies', 'stages', 'services']);
});

test('text has capacity, lines, comparisons, assumptions and sources, and marks what is not confirmed', async () => {
  const { code, stdout, stderr } = await runPlan(...EVENT);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^1 × 720p for 10 h, latency low, 20,000 viewers, stage prod\n/);
  for (const title of ['USD by line', 'Latency on prod', 'Stages', 'Other services of AWS', 'Assumed', 'Prices']) {
    expect(stdout).toContain(`\n${title}\n`);
  }
  expect(stdout).toMatch(/^ {2}IVS +[\d,.]+\* +2\.0000\* +0\.0750\* /m);
  expect(stdout).toMatch(/^ {2}MediaLive \+ CloudFront +[\d,.]+ +1\.7400 +0\.07\d\d /m);
  expect(stdout).toContain('https://aws.amazon.com/elasticloadbalancing/pricing/ (2026-05)');
});

test('help goes to the output, and ends with 0', async () => {
  const { code, stdout, stderr } = await runPlan('--help');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Usage: npm run plan -- \[OPTION \.\.\.\]\n/);
});

test.each([
  ['a wrong value', ['--ladder', '9p'], '--ladder 9p is not possible; 2160p, 1440p, 1080p, 720p, 480p, 360p are.\n'],
  ['an unknown option', ['--price', '1'], "Unknown option '--price'.\n\nUsage: npm run plan"],
])('%s is named on standard error with what is allowed, and ends with 2', async (_what, args, message) => {
  const { code, stdout, stderr } = await runPlan(...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr.startsWith(message)).toBe(true);
});
