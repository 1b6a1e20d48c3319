import { resolveStage } from '#config/resolve-stage.ts';
import type { StageConfig } from '#config/stage-config.ts';
import { openAwsClients } from '#scripts/cloud/preflight/aws-clients.ts';
import { checkQuotas } from '#scripts/cloud/preflight/quotas.ts';
import { LOCAL_CREDENTIALS } from '#scripts/local/aws-environment.ts';
import { startAwsAccount } from '#test/support/aws-account.ts';

const FARGATE = 'L-3032A538';
const VPCS = 'L-F678F1CE';
const ADDRESSES = 'L-0263D0A3';
const CACHE_POLICIES = 'L-7D134442';

let account: Awaited<ReturnType<typeof startAwsAccount>>;
let aws: Awaited<ReturnType<typeof openAwsClients>>;
beforeEach(async () => {
  account = await startAwsAccount();
  Object.assign(process.env, account.environment, {
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
  });
  aws = await openAwsClients({ region: 'eu-west-1', profile: null, env: {} });
});
afterEach(async () => {
  aws.close();
  await account.close();
});

const check = (config: Partial<StageConfig> = {}) => checkQuotas(resolveStage({ name: 'dev', ...config }), aws);
const problems = async (config: Partial<StageConfig> = {}) =>
  (await check(config)).flatMap(({ status, text }) => (status === 'problem' ? text : []));
const resource = (type: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ logicalId: `R${index}`, type, physicalId: `r-${index}` }));
const ENOUGH =
  'Fargate vCPUs, VPCs, Elastic IP addresses, CloudFront cache policies, CloudFront response headers policies';

test('quotas that are large enough are one line', async () => {
  expect(await check()).toEqual([{ status: 'ok', subject: 'quotas', text: ENOUGH }]);
});

test('a quota that is too small is named, with the command that raises it', async () => {
  account.state.quotas = { [VPCS]: 5 };
  account.state.counts = { ...account.state.counts, vpcs: 5 };
  expect(await problems()).toEqual([
    [
      'VPCs: the stage needs 1, but the account has 5 of 5 already. Remove some, or ask for more:',
      'aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-F678F1CE --desired-value 6 --region eu-west-1',
    ].join('\n'),
  ]);
});

test('NAT gateways take an address in each zone', async () => {
  account.state.quotas = { [ADDRESSES]: 5 };
  account.state.counts = { ...account.state.counts, addresses: 3 };
  expect(await problems()).toEqual([]);
  expect(await problems({ egress: 'nat', availabilityZones: 2 })).toEqual([]);
  expect(await problems({ egress: 'nat', availabilityZones: 3 })).toEqual([
    expect.stringMatching(/^Elastic IP addresses: the stage needs 3, .* --desired-value 6 /s),
  ]);
});

test("CloudFront's policies are counted over all pages, and their quota is in us-east-1", async () => {
  account.state.quotas = { [CACHE_POLICIES]: 20 };
  account.state.counts = { ...account.state.counts, policies: 14 };
  expect(await problems()).toEqual([]);
  account.state.counts = { ...account.state.counts, policies: 15 };
  expect(await problems()).toEqual([
    expect.stringMatching(/^CloudFront cache policies: .* has 15 of 20 already.* --region us-east-1$/s),
  ]);
});

test("a deployed stage's own resources are not needed again", async () => {
  account.state.quotas = { [VPCS]: 5, [CACHE_POLICIES]: 20 };
  account.state.counts = { vpcs: 5, addresses: 0, policies: 20 };
  account.state.stacks = {
    'Headend-dev-Network': resource('AWS::EC2::VPC', 1),
    'Headend-dev-Delivery': resource('AWS::CloudFront::CachePolicy', 6),
  };
  expect(await problems()).toEqual([]);
});

describe('Fargate vCPUs', () => {
  const PROD = { minTasks: 2, maxTasks: 4, task: { vCpus: 4, memoryGib: 8 } };
  const RUNNING = { 'Headend-dev-Media': resource('AWS::ECS::Service', 1) };
  const statusWith = async (vCpus: number) => {
    account.state.quotas = { [FARGATE]: vCpus };
    return (await check(PROD)).find(({ text }) => text.startsWith('Fargate vCPUs: '))?.status ?? 'ok';
  };

  test('the first deployment needs room for the least tasks, and says what all tasks take while they are replaced', async () => {
    expect([await statusWith(7), await statusWith(8), await statusWith(31), await statusWith(32)]).toEqual([
      'problem',
      'warning',
      'warning',
      'ok',
    ]);
    account.state.quotas = { [FARGATE]: 6 };
    expect(await problems(PROD)).toEqual([
      [
        'Fargate vCPUs: the stage needs 8 for 2 tasks, but the account has 6. Ask for more; it takes 32 at most:',
        'aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 32 --region eu-west-1',
      ].join('\n'),
    ]);
  });

  test('a deployed stage needs one more task, because new ones start before old ones stop', async () => {
    account.state.stacks = RUNNING;
    expect([await statusWith(11), await statusWith(12)]).toEqual(['problem', 'warning']);
  });
});

test('an account without a value of its own has the default of AWS', async () => {
  account.state.quotas = { [VPCS]: null };
  account.state.counts = { ...account.state.counts, vpcs: 10 };
  expect(await problems()).toEqual([expect.stringContaining('has 10 of 10 already')]);
});

test('without permission to ask, one line says so', async () => {
  account.state.errors = { GetServiceQuota: 'AccessDeniedException' };
  expect(await check()).toEqual([
    { status: 'ok', subject: 'quotas', text: 'Elastic IP addresses' },
    {
      status: 'unchecked',
      subject: 'quotas',
      text: expect.stringMatching(/^Fargate vCPUs, VPCs, .+ policies: AccessDeniedException: you are not authorized/),
    },
  ]);
});
