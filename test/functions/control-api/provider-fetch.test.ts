import { createServer, type ServerResponse } from 'node:http';
import {
  fetchFromProvider,
  isProviderUnavailable,
  PROVIDER_ANSWER_LIMIT_BYTES,
} from '#functions/control-api/provider-fetch.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/json': (response) => response.setHeader('Content-Type', 'application/json').end('{"a":1}'),
  '/refusal': (response) => response.writeHead(400).end('{"error":"invalid_grant"}'),
  '/nothing': (response) => response.writeHead(204).end(),
  '/longest': (response) => response.end('a'.repeat(PROVIDER_ANSWER_LIMIT_BYTES)),
  '/too-long': (response) => response.end('a'.repeat(PROVIDER_ANSWER_LIMIT_BYTES + 1)),
  '/endless': (response) => {
    const write = (): void => {
      while (!response.destroyed && response.write('a'.repeat(1_024)));
    };
    response.on('drain', write);
    write();
  },
  '/failing': (response) => response.writeHead(503).end('down'),
  '/silent': () => undefined,
  '/half': (response) => void response.write('{"a":'),
  '/broken': (response) => void response.write('{"a":', () => response.destroy()),
};

let server: ListeningServer;
beforeAll(async () => {
  server = await listenOnLoopback(createServer((request, response) => ANSWERS[request.url ?? '']?.(response)));
});
afterAll(() => server.close());

test('an answer is what the provider says, and a refusal is an answer', async () => {
  const answer = await fetchFromProvider(`${server.url}/json`, { method: 'POST', body: 'a=b' });
  expect([answer.status, answer.headers.get('Content-Type'), await answer.json()]).toEqual([
    ...[200, 'application/json', { a: 1 }],
  ]);
  const refusal = await fetchFromProvider(`${server.url}/refusal`, {});
  expect([refusal.status, await refusal.json()]).toEqual([400, { error: 'invalid_grant' }]);
  expect((await fetchFromProvider(`${server.url}/nothing`, {})).status).toBe(204);
  expect(await (await fetchFromProvider(`${server.url}/longest`, {})).text()).toHaveLength(PROVIDER_ANSWER_LIMIT_BYTES);
});

test.each(['too-long', 'endless', 'failing', 'broken'])('a provider whose answer is %s is not there', async (path) => {
  const error = await fetchFromProvider(`${server.url}/${path}`, {}).catch((e) => e);
  expect([isProviderUnavailable(error), error.message]).toEqual([true, `no answer from ${server.url}/${path}`]);
});

test.each(['silent', 'half'])('a provider whose answer is %s for too long is not there', async (path) => {
  const error = await fetchFromProvider(`${server.url}/${path}`, {}, 50).catch((e) => e);
  expect([isProviderUnavailable(error), error.cause.name]).toEqual([true, 'TimeoutError']);
});

test('whoever asks may give up, and an error says so however deep its cause is', async () => {
  const error = await fetchFromProvider(`${server.url}/silent`, { signal: AbortSignal.abort() }).catch((e) => e);
  expect(isProviderUnavailable(new Error('outer', { cause: new Error('inner', { cause: error }) }))).toBe(true);
  expect(isProviderUnavailable(new Error('outer', { cause: new Error('inner') }))).toBe(false);
});
