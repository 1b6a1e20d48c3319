import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { readEncoderEnvironment } from '#encoder/encoder-environment.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';

const REQUIRED = {
  LOG_LEVEL: 'info',
  LIVE_TABLE: 'live',
  EVENTS_TABLE: 'events',
  TASKS_TABLE: 'tasks',
  INGEST_AUTH_FUNCTION: 'ingest-auth',
  LISTEN_HOST: '0.0.0.0',
  RTMP_PORT: '1935',
  HTTP_PORT: '8080',
  INTERNAL_PORT: '8081',
  STOP_TIMEOUT_SECONDS: '110',
  DRAIN_MINUTES: '60',
  RECONNECT_WINDOW_SECONDS: '30',
  CAPACITY_VCPUS: '3.9',
};
const METRICS = { METRICS_NAMESPACE: 'Headend', METRICS_STAGE: 'prod' };

const read = (changes: NodeJS.ProcessEnv) => readEncoderEnvironment({ ...REQUIRED, ...changes });

test('what is required alone gives typed values, default limits, and null for the rest', () => {
  expect(read({})).toEqual({
    ...REQUIRED,
    RTMP_LISTEN_HOSTS: null,
    RTMP_PORT: 1935,
    HTTP_PORT: 8080,
    INTERNAL_PORT: 8081,
    STOP_TIMEOUT_SECONDS: 110,
    DRAIN_MINUTES: 60,
    RECONNECT_WINDOW_SECONDS: 30,
    CAPACITY_VCPUS: 3.9,
    RTMP_LIMITS: DEFAULT_RTMP_LIMITS,
    EVENT_BUS_NAME: null,
    SLATE: 'on',
    SLATE_IMAGE: null,
    STREAMS_TABLE: null,
    TASK_ID: null,
    TASK_ADDRESS: null,
    ECS_CONTAINER_METADATA_URI_V4: null,
    ECS_AGENT_URI: null,
    clusterSecret: null,
    edgeSecret: null,
    metricsTarget: null,
  });
});

test('every optional variable is used', () => {
  const task = { TASK_ID: '1-0a0b0c', TASK_ADDRESS: '127.0.0.1' };
  const slate = { SLATE: 'off', SLATE_IMAGE: 'brand/slate.png' };
  const optional = { ...METRICS, ...task, ...slate, EVENT_BUS_NAME: 'bus', RTMP_LIMITS: 'maxConnections=7' };
  expect(read(optional)).toMatchObject({
    ...{ ...task, ...slate },
    EVENT_BUS_NAME: 'bus',
    RTMP_LIMITS: { ...DEFAULT_RTMP_LIMITS, maxConnections: 7 },
    metricsTarget: { namespace: 'Headend', stage: 'prod' },
  });
});

test('one error lists everything that is missing or wrong', () => {
  const source = { ...METRICS, METRICS_STAGE: '', CAPACITY_VCPUS: '257', RTMP_LIMITS: 'a=1' };
  for (const problem of [
    'LOG_LEVEL is missing (',
    'LIVE_TABLE is missing (name of the DynamoDB table of live streams)',
    'CAPACITY_VCPUS must be a number from 0.1 to 256 with at most three decimals, not "257" (',
    'RTMP_LIMITS is invalid: ',
    'METRICS_STAGE is missing, but METRICS_NAMESPACE is set (',
  ]) {
    expect(() => readEncoderEnvironment(source)).toThrow(problem);
  }
});

describe.each([
  ['CLUSTER_SECRET', 'clusterSecret'],
  ['EDGE_SECRET', 'edgeSecret'],
] as const)('%s', (name, field) => {
  const secret = generateSecret(randomBytes);

  test('is in the environment or in Secrets Manager', () => {
    expect(read({ [name]: secret })[field]).toEqual({ value: secret });
    expect(read({ [`${name}_ARN`]: 'arn' })[field]).toEqual({ arn: 'arn' });
  });

  test('is not in both, and no error quotes it', () => {
    const readBoth = () => read({ [name]: secret, [`${name}_ARN`]: 'arn' });
    expect(readBoth).toThrow(`${name} and ${name}_ARN are both set`);
    expect(readBoth).not.toThrow(secret);
  });
});

test.each(Object.keys(REQUIRED))('%s is required', (name) => {
  expect(() => read({ [name]: undefined })).toThrow(
    new RegExp(`^encoder can't start: ${name} is missing \\([^;]+\\)$`),
  );
});

test.each([
  ['RTMP_PORT', '65536'],
  ['HTTP_PORT', 'http'],
  ['INTERNAL_PORT', '-1'],
  ['STOP_TIMEOUT_SECONDS', '0'],
  ['STOP_TIMEOUT_SECONDS', '121'],
  ['RECONNECT_WINDOW_SECONDS', '601'],
  ['DRAIN_MINUTES', '151'],
  ['CAPACITY_VCPUS', '0'],
  ['CAPACITY_VCPUS', '1.2345'],
  ['CAPACITY_VCPUS', '1e1'],
  ['LOG_LEVEL', 'loud'],
])('%s must not be %s', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(new RegExp(`^encoder can't start: ${name} must be .*, not "${value}"`));
});

test.each([
  ['Headend', 'prod'],
  ['Our-Team/Headend_2', 'dev: Anna'],
])('metrics of namespace %s and stage %s', (namespace, stage) => {
  const { metricsTarget } = read({ METRICS_NAMESPACE: namespace, METRICS_STAGE: stage });
  expect(metricsTarget).toEqual({ namespace, stage });
});

test.each(['AWS/Headend', ':Headend', 'Head end', 'Häuptling', 'x'.repeat(256)])(
  'CloudWatch takes no namespace %s',
  (namespace) => {
    expect(() => read({ ...METRICS, METRICS_NAMESPACE: namespace })).toThrow(`not "${namespace}"`);
  },
);

test.each([' ', ' prod', 'prod\n', 'größe', 'x'.repeat(256)])('CloudWatch takes no stage %j', (stage) => {
  expect(() => read({ ...METRICS, METRICS_STAGE: stage })).toThrow(`not "${stage}"`);
});
