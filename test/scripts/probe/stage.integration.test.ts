import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { alarmTopic } from '#scripts/probe/checks/alarm-topic.ts';
import type { ProbeTarget } from '#scripts/probe/probe-target.ts';
import { runProbe } from '#scripts/probe/run-probe.ts';
import { stageTarget } from '#scripts/probe/stage-target.ts';
import { probe } from '#test/support/probe-cli.ts';
import { type QueryServerState, startAwsQueryServer } from './aws-query-server.ts';

const token = generateSecret(randomBytes);
const OWN = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const OF_CLOUDFRONT = 'arn:aws:sns:us-east-1:123456789012:edge-alarms';
const OPEN_POLICY = JSON.stringify({
  Statement: { Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish' },
});
const HEARD = { policy: OPEN_POLICY, confirmed: 1, pending: 0 };
const CONTROL = {
  ApiUrl: 'https://live.example.com/api',
  SiteUrl: 'https://live.example.com',
  PlaybackBaseUrl: 'https://live.example.com',
  RtmpUrl: 'rtmp://ingest.example.com:1935/live',
  OriginUrl: 'http://internal-origin.example.com',
  AdminTokensTable: 'tokens',
  ViewerTokenSecretArn: 'arn:secret',
  ViewerTokenStoreArn: 'arn:store',
  Region: 'eu-west-1',
};

let state: QueryServerState;
let server: Awaited<ReturnType<typeof startAwsQueryServer>>;
const ownEnvironment = { ...process.env };

beforeEach(async () => {
  state = {
    stacks: {
      'eu-west-1': {
        'Headend-dev-Control': CONTROL,
        'Headend-developers-Control': { ...CONTROL, ApiUrl: 'https://other.example.com/api' },
        'Headend-dev-Monitoring': { AlarmTopicArn: OWN },
      },
      'us-east-1': { 'Headend-dev-EdgeMonitoring': { AlarmTopicArn: OF_CLOUDFRONT } },
    },
    topics: { [OWN]: HEARD, [OF_CLOUDFRONT]: HEARD },
    notified: [],
  };
  server = await startAwsQueryServer(state);
  Object.assign(process.env, server.environment);
});
afterEach(async () => {
  process.env = { ...ownEnvironment };
  await server.close();
});

const findStage = (stage = 'dev'): Promise<ProbeTarget> =>
  stageTarget({ stage, outputsFile: null, profile: null, tokenFile: null, environment: { HEADEND_TOKEN: token } });

/** What the check of the topics found. */
async function checkTopics({ notifies = false, hasRecipient = true } = {}) {
  const target = await findStage();
  const alarms = target.alarms && { ...target.alarms, hasRecipient };
  const settings = { seconds: 4, maxDelaySeconds: 4, notifies };
  const interrupted = new AbortController().signal;
  const probing = { target: { ...target, alarms }, settings, checks: [alarmTopic], interrupted, note: () => undefined };
  const { rows } = await runProbe(probing);
  return rows[0];
}

test('a stage is found by the outputs of its stacks, in both of its regions', async () => {
  expect(await findStage()).toEqual({
    apiUrl: CONTROL.ApiUrl,
    token,
    playbackBaseUrl: CONTROL.PlaybackBaseUrl,
    ingestUrls: { rtmp: CONTROL.RtmpUrl, rtmps: null },
    origin: {
      kind: 'private',
      addresses: [
        { what: "the origin's load balancer", host: 'internal-origin.example.com', port: 80 },
        { what: "the tasks' origin port", host: 'ingest.example.com', port: 8080 },
        { what: "the tasks' internal port", host: 'ingest.example.com', port: 8081 },
      ],
    },
    alarms: { topicArns: [OWN, OF_CLOUDFRONT], hasRecipient: false, profile: null },
  });
});

test('topics with a subscription that take alarms are good, and get no notice unasked', async () => {
  expect(await checkTopics()).toMatchObject({ ok: true });
  expect(state.notified).toEqual([]);
});

test('with --notify, each topic gets a test notice', async () => {
  expect(await checkTopics({ notifies: true })).toMatchObject({ ok: true });
  expect(state.notified.toSorted()).toEqual([OWN, OF_CLOUDFRONT].toSorted());
});

test.each([
  ['policy', { policy: '{"Statement":[]}' }, 'the policy of edge-alarms does not let CloudWatch publish'],
  ['confirmation', { confirmed: 0, pending: 1 }, 'nobody has confirmed the subscription to edge-alarms'],
  ['subscription', { confirmed: 0 }, 'nobody has subscribed to edge-alarms'],
])('a topic without %s is found out', async (_what, change, measured) => {
  state.topics[OF_CLOUDFRONT] = { ...HEARD, ...change };
  expect(await checkTopics()).toMatchObject({ ok: false, measured });
});

test('a stage without alarmEmail needs no subscription, and a policy all the same', async () => {
  state.topics[OWN] = { ...HEARD, confirmed: 0 };
  expect(await checkTopics({ hasRecipient: false })).toMatchObject({ ok: null });
  state.topics[OWN] = { ...HEARD, confirmed: 0, policy: '' };
  expect(await checkTopics({ hasRecipient: false })).toMatchObject({ ok: false });
});

test('a topic that is gone is a fault', async () => {
  delete state.topics[OWN];
  expect(await checkTopics()).toMatchObject({ ok: false, measured: expect.stringContaining('AccessDenied') });
});

test.each([
  ['a stage that is not deployed', 'prod', 'No stacks of the stage "prod" are deployed.'],
  ['an unknown stage', 'demo', 'There is no stage "demo"; lib/config/stages.ts has dev, prod.'],
])('%s is an error', async (_case, stage, message) => {
  await expect(findStage(stage)).rejects.toThrow(message);
});

test('stacks from before the output of the origin are an error', async () => {
  const { OriginUrl: _missing, ...older } = CONTROL;
  state.stacks['eu-west-1'] = { 'Headend-dev-Control': older };
  await expect(findStage()).rejects.toThrow('The stacks lack the output OriginUrl');
});

test('the command reads a stage, and says in one line what it can’t do', async () => {
  const only = ['--stage', 'dev', '--only', 'alarm-topic'];
  const good = await probe(only, { ...server.environment, HEADEND_TOKEN: token });
  expect([good.code, good.results]).toEqual([0, { 'alarm-topic': 'ok' }]);

  const withoutToken = await probe(only, server.environment);
  expect([withoutToken.code, withoutToken.stderr.trim()]).toEqual([
    2,
    'No admin token: set HEADEND_TOKEN, or name a --token-file.',
  ]);
  const withoutCredentials = { ...server.environment, AWS_ENDPOINT_URL_CLOUDFORMATION: 'http://127.0.0.1:1' };
  const unreachable = await probe(only, { ...withoutCredentials, HEADEND_TOKEN: token });
  expect([unreachable.code, unreachable.stderr.trim().split('\n').length]).toEqual([1, 1]);
  expect(unreachable.stderr).toMatch(/^The stacks of the stage "dev" can't be read: .*ECONNREFUSED.*--outputs FILE\./);
});
