import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAwsClients } from '#scripts/cloud/preflight/aws-clients.ts';
import { RememberedChoices } from '#scripts/cloud/preflight/remembered-choices.ts';
import { checkZones, REMEMBERED_ZONES } from '#scripts/cloud/preflight/zones.ts';
import { LOCAL_CREDENTIALS } from '#scripts/local/aws-environment.ts';
import { startAwsAccount } from '#test/support/aws-account.ts';

const REGION = 'us-east-1';
/** us-east-1 as one account sees it: the zone without VPC origins is the first. */
const ZONES = [
  { name: 'us-east-1a', id: 'use1-az3' },
  { name: 'us-east-1b', id: 'use1-az1' },
  { name: 'us-east-1c', id: 'use1-az2' },
  { name: 'us-east-1d', id: 'use1-az4' },
  { name: 'us-east-1-bos-1a', id: 'use1-bos1-az1', type: 'local-zone' },
];

let folder: string;
let account: Awaited<ReturnType<typeof startAwsAccount>>;
let aws: Awaited<ReturnType<typeof openAwsClients>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-zones-'));
  account = await startAwsAccount({ zones: ZONES });
  Object.assign(process.env, account.environment, {
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  });
  aws = await openAwsClients({ region: REGION, profile: null, env: {} });
});
afterEach(async () => {
  aws.close();
  await account.close();
  await rm(folder, { recursive: true });
});

const rememberedIn = (place: Partial<{ account: string; region: string; stage: string }> = {}) =>
  new RememberedChoices(join(folder, 'cdk.context.json'), {
    account: account.state.account,
    region: REGION,
    stage: 'dev',
    ...place,
  });
const check = (availabilityZones: number | readonly string[], remembered = rememberedIn()) =>
  checkZones({ stage: { name: 'dev', availabilityZones }, ...aws, remembered });

const subnet = (logicalId: string, physicalId: string) => ({ logicalId, type: 'AWS::EC2::Subnet', physicalId });

test('chooses zones that have VPC origins and Fargate, by their ids', async () => {
  expect(await check(2)).toEqual({
    zones: ['us-east-1b', 'us-east-1c'],
    finding: { status: 'ok', subject: 'zones', text: 'us-east-1b, us-east-1c, chosen now' },
  });
});

test('remembered zones stay, in their places, whatever the order of the answer', async () => {
  await rememberedIn().write({ [REMEMBERED_ZONES]: ['us-east-1d', 'us-east-1b'] });
  account.state.zones = [...ZONES].reverse();
  expect(await check(2)).toMatchObject({
    zones: ['us-east-1d', 'us-east-1b'],
    finding: { text: 'us-east-1d, us-east-1b, as before' },
  });
  expect((await check(3)).zones).toEqual(['us-east-1d', 'us-east-1b', 'us-east-1c']);
});

test.each([{ account: '2'.repeat(12) }, { region: 'eu-west-1' }, { stage: 'prod' }])(
  'what is remembered for %j is not for another place',
  async (place) => {
    await rememberedIn(place).write({ [REMEMBERED_ZONES]: ['us-east-1d', 'us-east-1c'] });
    expect((await check(2)).zones).toEqual(['us-east-1b', 'us-east-1c']);
  },
);

describe('a deployed stage', () => {
  beforeEach(() => {
    account.state.stacks = {
      'Headend-dev-Network': [
        { logicalId: 'NetworkVpc', type: 'AWS::EC2::VPC', physicalId: 'vpc-1' },
        subnet('NetworkVpcTaskSubnet1Subnet', 'subnet-3'),
        subnet('NetworkVpcBalancerSubnet2Subnet', 'subnet-2'),
        subnet('NetworkVpcBalancerSubnet1Subnet', 'subnet-1'),
      ],
    };
    account.state.subnets = { 'subnet-1': 'us-east-1d', 'subnet-2': 'us-east-1b' };
  });

  test('keeps its zones, also if one is unavailable now, and whatever is remembered', async () => {
    expect((await check(2)).zones).toEqual(['us-east-1d', 'us-east-1b']);
    account.state.zones = ZONES.filter(({ name }) => name !== 'us-east-1d');
    await rememberedIn().write({ [REMEMBERED_ZONES]: ['us-east-1c', 'us-east-1b'] });
    expect(await check(2)).toMatchObject({
      zones: ['us-east-1d', 'us-east-1b'],
      finding: { status: 'ok', text: 'us-east-1d, us-east-1b, as before' },
    });
    expect(await check(['us-east-1d', 'us-east-1b'])).toMatchObject({ zones: null, finding: { status: 'ok' } });
  });

  test.each([[3], [['us-east-1d', 'us-east-1c']], [['us-east-1b', 'us-east-1d']]])(
    'can not get the zones %j, because its subnets would get addresses that are in use',
    async (wanted) => {
      const { zones, finding } = await check(wanted);
      expect([zones, finding.status]).toEqual([null, 'problem']);
      expect(finding.text).toMatch(
        /^availabilityZones: the stage is deployed in us-east-1d, us-east-1b\. Its zones can't /,
      );
    },
  );

  test('can not stay in a zone in which it can not run', async () => {
    account.state.subnets = { 'subnet-1': 'us-east-1a', 'subnet-2': 'us-east-1b' };
    const { finding } = await check(2);
    expect(finding.status).toBe('problem');
    expect(finding.text).toMatch(
      /^availabilityZones: us-east-1a is use1-az3 .+, which has no CloudFront VPC origins\. Its zones/,
    );
  });
});

test('too few zones are a problem that says why', async () => {
  const { zones, finding } = await check(4);
  expect([zones, finding.status]).toEqual([null, 'problem']);
  expect(finding.text).toBe(
    'availabilityZones: the stage wants 4, but this account can use only 3: us-east-1b, us-east-1c, us-east-1d (us-east-1a is use1-az3, without CloudFront VPC origins)',
  );
});

test('named zones are checked', async () => {
  expect(await check(['us-east-1b', 'us-east-1d'])).toMatchObject({ zones: null, finding: { status: 'ok' } });
  const { finding } = await check(['us-east-1a', 'us-east-1b', 'us-east-1f']);
  expect(finding).toEqual({
    status: 'problem',
    subject: 'zones',
    text: 'availabilityZones: us-east-1a is use1-az3 in this account, which has no CloudFront VPC origins; us-east-1f is not a zone that this account can use. The others: us-east-1c, us-east-1d',
  });
});

describe('without permission to ask', () => {
  beforeEach(() => {
    account.state.errors = { DescribeAvailabilityZones: 'UnauthorizedOperation' };
  });

  test('remembered and named zones are used unchecked', async () => {
    await rememberedIn().write({ [REMEMBERED_ZONES]: ['us-east-1d', 'us-east-1b'] });
    expect(await check(2)).toMatchObject({ zones: ['us-east-1d', 'us-east-1b'], finding: { status: 'unchecked' } });
    expect(await check(['us-east-1b', 'us-east-1c'])).toMatchObject({ zones: null, finding: { status: 'unchecked' } });
  });

  test('nothing is guessed', async () => {
    const { finding } = await check(2);
    expect(finding.status).toBe('problem');
    expect(finding.text).toMatch(/UnauthorizedOperation: you are not .*\nAllow ec2:DescribeAvailabilityZones, /);
  });
});

test('the rest of the file of remembered context stays', async () => {
  const path = join(folder, 'cdk.context.json');
  await writeFile(path, '{"somebody-elses": {"a": 1}}');
  await rememberedIn().write({ [REMEMBERED_ZONES]: ['us-east-1d', 'us-east-1b'] });
  const key = `headend:account=${account.state.account}:region=us-east-1:stage=dev:availability-zones`;
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
    'somebody-elses': { a: 1 },
    [key]: ['us-east-1d', 'us-east-1b'],
  });
  await writeFile(path, 'no JSON');
  await expect(check(2)).rejects.toThrow('is not a JSON object');
});

test.each([
  [{ AWS_DEFAULT_REGION: 'eu-west-2', AMAZON_REGION: 'eu-west-3' }, 'eu-west-3'],
  [{ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2' }, 'eu-west-1'],
])('without a region of the stage, %j means %s, as for the CDK', async (env, region) => {
  const clients = await openAwsClients({ region: null, profile: null, env });
  expect(clients.region).toBe(region);
  clients.close();
});
