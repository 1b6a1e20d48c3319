import { resolveStage, StageConfigError, stageConfigNamed } from '#config/resolve-stage.ts';
import type { StageConfig } from '#config/stage-config.ts';
import { STAGES } from '#config/stages.ts';
import { EVERY_OPTION } from '#test/support/stage-configs.ts';

/** The problems of a stage. The list is empty if there are none. */
function problemsOf(config: unknown): readonly string[] {
  try {
    resolveStage(config as StageConfig);
    return [];
  } catch (error) {
    if (error instanceof StageConfigError) return error.problems;
    throw error;
  }
}

const OIDC = {
  issuer: 'https://accounts.example.com',
  clientId: 'studio',
  clientSecretArn: null,
  roleClaim: 'groups',
  roles: { owner: ['staff'] },
};
const secretIn = (region: string): string => `arn:aws:secretsmanager:${region}:${'1'.repeat(12)}:secret:a/b-AbCdEf`;

const certificate = (region: string): string => `arn:aws:acm:${region}:${'1'.repeat(12)}:certificate/of-a-test`;

test('a name is enough: the defaults make a complete stage, the cheapest that works', () => {
  const stage = resolveStage({ name: 'try' });
  expect(Object.values(stage)).not.toContain(undefined);
  expect(stage).toMatchObject({
    minTasks: 1,
    egress: 'public-ip',
    waf: false,
    capacityVCpus: 1.9,
    region: null,
    drainMinutes: 60,
  });
});

test.each([...STAGES, EVERY_OPTION])('the stage $name can be deployed', (config) => {
  expect(problemsOf(config)).toEqual([]);
});

test('a stage keeps every value that it sets', () => {
  const { scheduledMinimums, ...said } = EVERY_OPTION;
  expect(resolveStage(EVERY_OPTION)).toMatchObject(said);
  expect(resolveStage(EVERY_OPTION).scheduledMinimums.map(({ timeZone }) => timeZone)).toEqual([
    'Europe/Berlin',
    'UTC',
  ]);
});

test.each<[string, object, string]>([
  ['an unknown field', { colour: 'blue' }, 'Unrecognized key: "colour"'],
  ['a name that no stack can have', { name: 'My Stage' }, 'name: must be'],
  ['an invalid account', { account: '123' }, 'account: must be 12 digits'],
  ['a region without VPC origins', { region: 'cn-north-1' }, 'region: must be a region with CloudFront VPC origins'],
  ['a negative number of tasks', { minTasks: -1 }, 'minTasks: Too small'],
  ['half a task', { maxTasks: 1.5 }, 'maxTasks: Invalid input'],
  ['a slate that is not there', { slateImage: 'no/such.png' }, "slateImage: no/such.png can't be read"],
  ['a slate that is no picture', { slateImage: 'README.md' }, 'slateImage: README.md is neither a PNG nor a JPEG'],
  ['a folder as slate', { slateImage: 'docs' }, 'slateImage: docs is no file'],
  ['a negative window', { reconnectWindowSeconds: -5 }, 'reconnectWindowSeconds: Too small'],
  ['a drain that CloudFormation does not wait for', { drainMinutes: 151 }, 'drainMinutes: Too big'],
  ['a drain of negative length', { drainMinutes: -1 }, 'drainMinutes: Too small'],
  ['a size that Fargate does not offer', { task: { vCpus: 2, memoryGib: 3 } }, 'task: must be a Fargate size'],
  [
    'a task too small for the ladder',
    { task: { vCpus: 1, memoryGib: 2 }, ladder: '1080p' },
    "can't encode a single 1080p",
  ],
  ['a codec that nobody encodes', { codecs: ['h264', 'vp9'] }, 'codecs.1: vp9 is not among h264, hevc, av1'],
  ['no codec that all players have', { codecs: ['hevc'] }, 'codecs: h264 must be among them'],
  ['a codec that is there twice', { codecs: ['h264', 'h264'] }, 'codecs: a codec is named twice'],
  [
    'a task too small for two codecs',
    { codecs: ['h264', 'hevc'] },
    "task: 2 vCPUs and 4 GiB can't encode a single 720p broadcast in h264 and hevc",
  ],
  ['more room than the task has', { capacityVCpus: 9 }, 'capacityVCpus: a task of 2 vCPUs and 4 GiB has at most 1.9'],
  ['too little room for one broadcast', { capacityVCpus: 0.5 }, 'so 0.5 would refuse every one'],
  ['no room', { capacityVCpus: 0 }, 'capacityVCpus: Too small'],
  ['room finer than a thousandth', { capacityVCpus: 1.2345 }, 'capacityVCpus: Invalid number'],
  ['the number of streams, which room by weight replaced', { streamsPerTask: 2 }, 'Unrecognized key: "streamsPerTask"'],
  ['a minimum of tasks above the maximum', { minTasks: 5, maxTasks: 4 }, 'minTasks: 5 is more than maxTasks, 4'],
  [
    'an event with more tasks than the maximum',
    { scheduledMinimums: [{ schedule: 'cron(0 1 * * ? *)', minTasks: 9 }] },
    'asks for 9 tasks, but maxTasks is 4',
  ],
  [
    'an invalid time zone',
    { scheduledMinimums: [{ schedule: 'cron(0 1 * * ? *)', minTasks: 1, timeZone: 'Mars/Olympus' }] },
    'must be an IANA time zone',
  ],
  ['an invalid schedule', { scheduledMinimums: [{ schedule: 'friday', minTasks: 1 }] }, 'must be cron(…) or at(…)'],
  [
    "a viewers' certificate outside us-east-1",
    { region: 'eu-west-1', viewerDomain: { domainName: 'a.example.com', certificateArn: certificate('eu-west-1') } },
    'viewerDomain.certificateArn: the certificate is in eu-west-1, but must be in us-east-1',
  ],
  [
    "an ingest certificate outside the stage's region",
    { region: 'eu-west-1', ingestDomain: { domainName: 'a.example.com', certificateArn: certificate('us-east-1') } },
    'ingestDomain.certificateArn: the certificate is in us-east-1, but must be in eu-west-1',
  ],
  [
    'an ingest certificate without a region',
    { ingestDomain: { domainName: 'a.example.com', certificateArn: certificate('us-east-1') } },
    'ingestDomain: a domain with a certificate needs a region',
  ],
  [
    'a domain outside the zone',
    {
      dnsZone: { hostedZoneId: 'Z1', zoneName: 'example.com' },
      viewerDomain: { domainName: 'live.badexample.com', certificateArn: certificate('us-east-1') },
    },
    'live.badexample.com is not in the zone example.com',
  ],
  [
    'a DNS zone without a domain',
    { dnsZone: { hostedZoneId: 'Z1', zoneName: 'example.com' } },
    'dnsZone: there is no domain',
  ],
  ['a single availability zone', { availabilityZones: 1 }, 'availabilityZones: Too small: expected number to be >=2'],
  [
    'named availability zones without a region',
    { availabilityZones: ['eu-west-1a', 'eu-west-1b'] },
    'names of zones need a region',
  ],
  [
    'availability zones of another region',
    { region: 'eu-west-1', availabilityZones: ['eu-west-1a', 'us-east-1b'] },
    'us-east-1b are not zones of eu-west-1',
  ],
  [
    'a network that is too small for its availability zones',
    { vpcCidr: '10.0.0.0/22', availabilityZones: 6 },
    'vpcCidr: 10.0.0.0/22 is too small',
  ],
  ['no RTMP and no name for RTMPS', { plainRtmp: false }, 'plainRtmp: without it, broadcasters need an ingestDomain'],
  ['a firewall without a region', { waf: true }, 'waf: the firewall is in us-east-1'],
  ['a rate limit without a firewall', { wafViewsPerFiveMinutes: 9_000 }, 'wafViewsPerFiveMinutes: waf is off'],
  [
    'a rate limit that an office exceeds',
    { region: 'us-east-1', waf: true, wafViewsPerFiveMinutes: 99 },
    'wafViewsPerFiveMinutes: ',
  ],
  ['a region without Origin Shield', { originShieldRegion: 'eu-north-1' }, 'Origin Shield is not in eu-north-1'],
  ['a webhook without a URL', { publishMode: 'webhook' }, 'publishMode "webhook" needs one'],
  [
    'a webhook URL without a webhook',
    { webhookUrl: 'https://backend.example.com/' },
    'publishMode "keys" does not use it',
  ],
  [
    'a webhook without TLS',
    { publishMode: 'webhook', webhookUrl: 'http://a.example.com/' },
    'webhookUrl: must be an https URL',
  ],
  ['a way to sign in that does not exist', { signIn: {} }, 'signIn.oidc: Invalid input'],
  [
    'a provider without TLS',
    { signIn: { oidc: { ...OIDC, issuer: 'http://127.0.0.1' } } },
    'signIn.oidc.issuer: must be an https URL',
  ],
  [
    'an issuer with a query',
    { signIn: { oidc: { ...OIDC, issuer: 'https://accounts.example.com/?tenant=a' } } },
    'signIn.oidc.issuer: must be an https URL without query and fragment',
  ],
  [
    'a client secret itself',
    { signIn: { oidc: { ...OIDC, clientSecretArn: 'a' } } },
    'signIn.oidc.clientSecretArn: must be the whole ARN of a secret',
  ],
  [
    'a client secret in another region',
    { region: 'eu-west-1', signIn: { oidc: { ...OIDC, clientSecretArn: secretIn('us-east-1') } } },
    'signIn.oidc.clientSecretArn: the secret is in us-east-1, but must be in eu-west-1',
  ],
  [
    'a provider that gives nobody a role',
    { signIn: { oidc: { ...OIDC, roles: {} } } },
    'roles: name at least one role',
  ],
  [
    'a role that nobody knows',
    { signIn: { oidc: { ...OIDC, roles: { ...OIDC.roles, admin: ['staff'] } } } },
    'signIn.oidc.roles: Unrecognized key: "admin"',
  ],
  ['a role for nobody', { signIn: { oidc: { ...OIDC, roles: { owner: [] } } } }, 'signIn.oidc.roles.owner: Too small'],
  [
    'more roles than fit into the environment',
    { signIn: { oidc: { ...OIDC, roles: { owner: Array(20).fill('a'.repeat(60)) } } } },
    'signIn.oidc.roles: at most 1000 characters, as JSON',
  ],
  ['a budget without an e-mail address', { monthlyBudgetUsd: 10 }, 'monthlyBudgetUsd: the notice needs an alarmEmail'],
  ['an invalid address range', { ingestAllowList: ['everybody'] }, 'ingestAllowList.0: must be an IPv4 range'],
  ['a retention period that CloudWatch does not offer', { logRetentionDays: 10 }, 'logRetentionDays: must be one of'],
])('%s is a problem', (_what, fields, problem) => {
  const problems = problemsOf({ name: 'try', ...fields });
  expect(problems).toEqual([expect.stringContaining(problem)]);
});

test('the error lists all problems, one per line', () => {
  const config = { name: 'try', minTasks: 5, maxTasks: 4, capacityVCpus: 9, monthlyBudgetUsd: 10 };
  expect(() => resolveStage(config)).toThrow(
    /^The stage "try" can't be deployed as it is configured:\n {2}- capacityVCpus: .*\n {2}- minTasks: .*\n {2}- monthlyBudgetUsd: .*$/,
  );
});

test.each([
  { name: undefined, message: 'No stage was named: add -c stage=NAME, one of dev, prod.' },
  { name: 'staging', message: 'There is no stage "staging"; lib/config/stages.ts has dev, prod.' },
])('an unknown stage is an error that lists the known ones: $name', ({ name, message }) => {
  expect(() => stageConfigNamed(name, STAGES)).toThrow(message);
});

test('two stages with the same name are an error', () => {
  expect(() => stageConfigNamed('dev', [{ name: 'dev' }, { name: 'dev' }])).toThrow('has 2 stages "dev"');
});

test.each([1.9, 1.1, 1.001, 1.899])('room of %f vCPUs is no problem', (capacityVCpus) => {
  expect(resolveStage({ name: 'try', ladder: '480p', capacityVCpus }).capacityVCpus).toBe(capacityVCpus);
});

test.each([null, secretIn('eu-west-1')])(
  'people may sign in at a provider that wants the secret %s',
  (clientSecretArn) => {
    const signIn = { oidc: { ...OIDC, clientSecretArn } };
    for (const region of ['eu-west-1', undefined] as const)
      expect(problemsOf({ name: 'try', region, signIn })).toEqual([]);
  },
);

test('the error lists all problems of a provider', () => {
  const signIn = { oidc: { ...OIDC, issuer: 'a', clientId: '', roles: {} } };
  expect(problemsOf({ name: 'try', signIn })).toHaveLength(3);
});
