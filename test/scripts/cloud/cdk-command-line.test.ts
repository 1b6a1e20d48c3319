import { readCdkOptions } from '#scripts/cloud/cdk-cli.ts';
import { parseCdkCommandLine, withoutOptions } from '#scripts/cloud/cdk-command-line.ts';

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const parse = (text: string, command: 'synth' | 'deploy' = 'deploy') => parseCdkCommandLine(command, words(text));

test('the options that matter here exist in the pinned CLI', () => {
  const options = readCdkOptions('deploy');
  const text = { type: 'string', multiple: true };
  expect(options).toMatchObject({
    context: { ...text, short: 'c' },
    output: { ...text, short: 'o' },
    'outputs-file': { ...text, short: 'O' },
    method: { ...text, short: 'm' },
    profile: text,
    all: { type: 'boolean' },
    execute: { type: 'boolean' },
    telemetry: { type: 'boolean' },
  });
  expect(readCdkOptions('synth')).toHaveProperty('quiet');
  expect(readCdkOptions('destroy')).toHaveProperty('all');
  expect(readCdkOptions('diff')).not.toHaveProperty('all');
});

test.each([
  ['-c stage=dev', 'dev'],
  ['-cstage=dev', 'dev'],
  ['-c=stage=dev', 'dev'],
  ['--context stage=dev', 'dev'],
  ['--context=stage=dev', 'dev'],
  ['-c a=b -c stage=dev -c c=d', 'dev'],
  ['-c stage=dev -c stage=prod', 'prod'],
  ['HeadendMedia -c stage=dev', 'dev'],
  ['', null],
  ['stage=dev', null],
  ['-c stage=', null],
  ['-c stage', null],
  ['-c', null],
  ['-c mystage=dev', null],
])('"%s" names the stage %s', (text, stage) => {
  expect(parse(text).stage).toBe(stage);
});

test.each([
  ['-c stage=dev', []],
  ['-c stage=dev Media Data', ['Media', 'Data']],
  ['Media --profile ops -c stage=dev', ['Media']],
  ['--require-approval never --concurrency 3 --no-rollback -v -y', []],
  ['-t team=live -O out.json --progress events', []],
  ['--rollback false --logs true', []],
  ['--new-admin-token', []],
])('of "%s" the stacks are %j', (text, stackNames) => {
  expect(parse(text).stackNames).toEqual(stackNames);
});

test('everything except Headend’s own options is passed on as typed', () => {
  const { args, wantedToken } = parse('-c stage=dev --new-admin-token --require-approval never --unknown x');
  expect(args).toEqual(words('-c stage=dev --require-approval never --unknown x'));
  expect(wantedToken).toBe('new');
  expect(parse('-c stage=dev --new-admin-token', 'synth').args).toContain('--new-admin-token');
});

test.each([
  ['-O x.json -c stage=dev', '-c stage=dev'],
  ['-Ox.json -c stage=dev', '-c stage=dev'],
  ['--outputs-file x.json --all -c stage=dev', '-c stage=dev'],
  ['-c stage=dev --all --outputs-file=x.json -v', '-c stage=dev -v'],
  ['-c stage=dev -v', '-c stage=dev -v'],
])('"%s" without its outputs file and --all is "%s"', (text, rest) => {
  expect(withoutOptions('deploy', words(text), ['outputs-file', 'all'])).toEqual(words(rest));
});

test.each([
  ['', 'first'],
  ['--new-admin-token', 'new'],
  ['--no-admin-token', 'none'],
])('"%s" selects the token: %s', (text, wanted) => {
  expect(parse(text).wantedToken).toBe(wanted);
});

test('asking for a new token and for none is an error', () => {
  expect(() => parse('--new-admin-token --no-admin-token')).toThrow(
    'Give --new-admin-token or --no-admin-token, not both.',
  );
});

test.each([
  ['', true],
  ['--method=direct', true],
  ['--no-execute', false],
  ['-m prepare-change-set', false],
])('"%s" is executed: %s', (text, isExecuted) => {
  expect(parse(text).isExecuted).toBe(isExecuted);
});

test.each([
  ['', { profile: null, output: null, outputsFile: null, isAll: false, isHelp: false }],
  ['--profile ops -o out -O o.json --all', { profile: 'ops', output: 'out', outputsFile: 'o.json', isAll: true }],
  ['--help', { isHelp: true }],
  ['-h', { isHelp: true }],
])('"%s" is parsed as %j', (text, expected) => {
  expect(parse(text)).toMatchObject(expected);
});
