import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { pino } from 'pino';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { startLambdaRuntime } from '#scripts/local/lambda-runtime.ts';
import { signedFetch } from '#test/support/signed-fetch.ts';

const functions = {
  echo: async (event: unknown) => event,
  nothing: async () => undefined,
  fails: async () => {
    throw new TypeError('no good');
  },
};

let runtime: ListeningServer;
let client: LambdaClient;

beforeAll(async () => {
  runtime = await startLambdaRuntime({ functions, log: pino({ enabled: false }) });
  client = new LambdaClient({ endpoint: runtime.url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
});
afterAll(async () => {
  client.destroy();
  await runtime.close();
});

async function invoke(FunctionName: string, Payload?: string) {
  const answer = await client.send(new InvokeCommand({ FunctionName, ...(Payload === undefined ? {} : { Payload }) }));
  const { StatusCode, FunctionError } = answer;
  return { StatusCode, FunctionError, value: JSON.parse(answer.Payload?.transformToString() ?? '') };
}

test.each([{ a: [1, 'Ünïcode', null] }, 'text', 7, null, []])('a function receives and returns %j', async (value) => {
  expect(await invoke('echo', JSON.stringify(value))).toEqual({ StatusCode: 200, FunctionError: undefined, value });
});

test('without a payload the event is null, and so is the answer of a function that returns nothing', async () => {
  expect((await invoke('echo')).value).toBeNull();
  expect((await invoke('nothing')).value).toBeNull();
});

test('a function that throws is a function error', async () => {
  expect(await invoke('fails', '{}')).toEqual({
    StatusCode: 200,
    FunctionError: 'Unhandled',
    value: { errorType: 'TypeError', errorMessage: 'no good' },
  });
});

test.each(['unknown', 'toString', '__proto__'])('the function %s does not exist', async (name) => {
  await expect(invoke(name, '{}')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a payload that is not JSON is refused', async () => {
  await expect(invoke('echo', '{')).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
});

test('a payload above 6 MiB is refused, and the next call works', async () => {
  const tooLarge = JSON.stringify('a'.repeat(6 * 1024 * 1024));
  await expect(invoke('echo', tooLarge)).rejects.toMatchObject({ name: 'RequestTooLargeException' });
  expect((await invoke('echo', '1')).value).toBe(1);
});

test.each([
  ['GET', '/2015-03-31/functions/echo/invocations'],
  ['POST', '/2015-03-31/functions/echo'],
  ['POST', '/2015-03-31/functions//invocations'],
  ['POST', '/'],
])('%s %s is not a route', async (method, path) => {
  expect((await signedFetch(`${runtime.url}${path}`, { service: 'lambda', method })).status).toBe(404);
});

test('somebody who does not know the secret learns nothing of the functions', async () => {
  const statuses = ['echo', 'unknown'].map(async (name) => {
    const response = await fetch(`${runtime.url}/2015-03-31/functions/${name}/invocations`, { method: 'POST' });
    return [response.status, await response.text()];
  });
  const [first, second] = await Promise.all(statuses);
  expect(first).toEqual([403, expect.not.stringContaining('echo')]);
  expect(second).toEqual(first);
});
