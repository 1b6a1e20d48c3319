import { CHECKS } from '#scripts/probe/checks.ts';
import { parseProbeCommandLine } from '#scripts/probe/command-line.ts';
import { probe } from '#test/support/probe-cli.ts';

test('without further options, everything is checked for half a minute', () => {
  expect(parseProbeCommandLine(['--local'])).toEqual({
    platform: { kind: 'local', dataDir: '.headend' },
    tokenFile: null,
    settings: { seconds: 30, maxDelaySeconds: 4, notifies: false },
    checks: CHECKS,
    isJson: false,
  });
});

test('a stage has its outputs from CloudFormation or from a file', () => {
  expect(parseProbeCommandLine(['--stage', 'prod', '--outputs', 'o.json', '--profile', 'ops'])?.platform).toEqual({
    ...{ kind: 'stage', stage: 'prod', outputsFile: 'o.json', profile: 'ops' },
  });
});

test('--only picks checks by name, or by what is before the slash, and keeps their order', () => {
  const line = parseProbeCommandLine(['--local', '--only', 'origin', '--only', 'cors', '--only', 'picture/rtmp']);
  expect(line?.checks.map(({ name }) => name)).toEqual([
    ...['picture/rtmp', 'cors/allow-origin', 'cors/expose-headers', 'origin'],
  ]);
});

test.each([
  [[], 'Say what to probe: --local or --stage NAME.'],
  [['--local', '--stage', 'dev'], '--local and --stage do not go together.'],
  [['--local', '--outputs', 'x'], '--local and --outputs do not go together.'],
  [['--stage', 'dev', '--data-dir', 'x'], '--data-dir is for --local.'],
  [['--local', '--seconds', '3'], '--seconds 3 is not from 4 to 300.'],
  [['--local', '--seconds', 'x'], '--seconds x is not from 4 to 300.'],
  [['--local', '--only', 'pictures'], '--only pictures: there is no such check.'],
  [['--local', '--fast'], "Unknown option '--fast'"],
])('%j is wrong', (args, message) => {
  expect(() => parseProbeCommandLine(args)).toThrow(message);
});

test('wrong usage has exit code 2 and the usage, and a platform that does not run has exit code 1', async () => {
  const wrong = await probe(['--seconds', '10']);
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('npm run probe -- --stage NAME')]);
  const none = await probe(['--local', '--data-dir', '/nonexistent']);
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/^No Headend runs on \/nonexistent: .*\n$/)]);
});
