import { createServer, type ServerResponse } from 'node:http';
import { readTaskIdentity, type TaskIdentityVariables } from '#encoder/cluster/task-identity.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

const ACCOUNT = '1'.repeat(12);
const TASK_ID = 'e9028f8d5d8e4f258373e7b93ce9a3c3';
/** As ECS answers on Fargate, without fields that we do not read (ECS developer guide). */
const METADATA = {
  Cluster: 'Headend-prod',
  TaskARN: `arn:aws:ecs:eu-central-1:${ACCOUNT}:task/Headend-prod/${TASK_ID}`,
  Family: 'Encoder',
  Revision: '7',
  Containers: [
    { Name: '~internal~ecs~pause' },
    { Name: 'Encoder', Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: ['10.64.1.23'], IPv6Addresses: [] }] },
  ],
};

let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let answer: (response: ServerResponse) => void;
const paths: (string | undefined)[] = [];

beforeAll(async () => {
  server = await listenOnLoopback(
    createServer((request, response) => {
      paths.push(request.url);
      answer(response);
    }),
  );
});
beforeEach(() => {
  paths.length = 0;
  answer = (response) => void response.end(JSON.stringify(METADATA));
});
afterAll(() => server.close());

const read = (variables: Partial<TaskIdentityVariables>) =>
  readTaskIdentity({ TASK_ID: null, TASK_ADDRESS: null, ECS_CONTAINER_METADATA_URI_V4: null, ...variables }, fetch, {
    pauseMs: 1,
  });
const readFromEcs = () => read({ ECS_CONTAINER_METADATA_URI_V4: `${server.url}/v4/some-container` });

test('in ECS, a task is known by the id, the address and the revision that ECS gave it', async () => {
  expect(await readFromEcs()).toEqual({ taskId: TASK_ID, address: '10.64.1.23', revision: 7 });
  expect(paths).toEqual(['/v4/some-container/task']);
});

test('variables come first, and ECS is not asked if they say everything', async () => {
  const ecs = { ECS_CONTAINER_METADATA_URI_V4: server.url };
  expect(await read({ ...ecs, TASK_ID: 'blue' })).toEqual({ taskId: 'blue', address: '10.64.1.23', revision: 7 });
  expect(paths).toEqual(['/task']);
  const own = { taskId: 'blue', address: 'encoder.local', revision: null };
  expect(await read({ ...ecs, TASK_ID: 'blue', TASK_ADDRESS: 'encoder.local' })).toEqual(own);
  expect(paths).toEqual(['/task']);
});

test('a task that is alone has a random id and loopback', async () => {
  const identities = await Promise.all([read({}), read({})]);
  for (const identity of identities) {
    expect(identity).toEqual({ taskId: expect.stringMatching(/^[a-z2-7]{16}$/), address: '127.0.0.1', revision: null });
  }
  expect(identities[0].taskId).not.toBe(identities[1].taskId);
});

test.each<[Partial<TaskIdentityVariables>, string]>([
  [{ TASK_ID: 'a/b' }, 'TASK_ID must be'],
  [{ TASK_ID: 'x'.repeat(65) }, 'TASK_ID must be'],
  [{ TASK_ADDRESS: '10.0.0.1:8081' }, 'TASK_ADDRESS must be a host name or an IPv4 address, without a port'],
  [{ TASK_ADDRESS: 'http://a' }, 'TASK_ADDRESS must be'],
])('%j is an error', async (variables, message) => {
  await expect(read(variables)).rejects.toThrow(message);
});

test('an endpoint that is not ready yet is asked again', async () => {
  answer = (response) => {
    response.statusCode = paths.length < 3 ? 404 : 200;
    response.end(JSON.stringify(METADATA));
  };
  expect(await readFromEcs()).toMatchObject({ taskId: TASK_ID });
  expect(paths).toHaveLength(3);
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['an error', (response) => void response.writeHead(500).end(), 'it answered with status 500'],
  ['a redirect', (response) => void response.writeHead(302, { location: '/' }).end(), 'fetch failed'],
  ['no JSON', (response) => void response.end('<html>'), 'not of the documented form: a JSON object'],
  [
    'missing fields',
    (response) => void response.end(JSON.stringify({ ...METADATA, TaskARN: undefined, Revision: 'latest' })),
    'not of the documented form: TaskARN, Revision',
  ],
  [
    'another kind of network',
    (response) =>
      void response.end(
        JSON.stringify({
          ...METADATA,
          Containers: [{ Networks: [{ NetworkMode: 'bridge', IPv4Addresses: ['172.17.0.2'] }] }],
        }),
      ),
    'no container has an awsvpc network with an IPv4 address',
  ],
  ['an endless answer', (response) => void response.end(' '.repeat(300_000)), 'the answer is longer than 262144 bytes'],
  ['a broken connection', (response) => void response.destroy(), 'fetch failed'],
])('if the answer is %s, the error says so after four attempts', async (_what, respond, message) => {
  answer = respond;
  await expect(readFromEcs()).rejects.toThrow(message);
  await expect(readFromEcs()).rejects.toThrow("the task can't learn who it is from ECS_CONTAINER_METADATA_URI_V4: ");
  await expect(readFromEcs()).rejects.not.toThrow('some-container');
  expect(paths).toHaveLength(12);
});

test('an endpoint that never answers is an error', async () => {
  answer = () => undefined;
  const variables = { TASK_ID: null, TASK_ADDRESS: null, ECS_CONTAINER_METADATA_URI_V4: server.url };
  const reading = readTaskIdentity(variables, fetch, { pauseMs: 1, timeoutMs: 20 });
  await expect(reading).rejects.toThrow('The operation was aborted due to timeout');
});
