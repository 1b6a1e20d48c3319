import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { startEdgeServer } from '#scripts/local/edge-server.ts';
import type { ListeningServer } from '#scripts/local/http-server.ts';
import { LOOPBACK } from '#scripts/local/http-server.ts';
import { startControlApi } from '#test/support/control-api.ts';

let database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
let control: Awaited<ReturnType<typeof startControlApi>>;
let edge: ListeningServer;

beforeAll(async () => {
  database = await startTemporaryDynamoDb();
  control = await startControlApi(database.client);
  edge = await startEdgeServer({
    address: LOOPBACK,
    api: control.api,
    events: { serve: async (_request, response) => void response.end('events') },
    media: async (_request, response) => void response.end('media'),
    site: { serve: () => false },
    homePath: () => '/watch/home',
  });
});
afterAll(async () => {
  await edge.close();
  await control.close();
  await database.close();
});

test.each(['/api', '/api?page=1', '/api/', '/api/nothing'])(
  '%s is no address of the API: problem+json',
  async (path) => {
    const response = await fetch(`${edge.url}${path}`);
    expect([response.status, response.headers.get('Content-Type')]).toEqual([404, 'application/problem+json']);
    expect(await response.json()).toMatchObject({ status: 404, title: 'Not Found' });
  },
);

test.each([
  ['/api/health', '{"status":"ok"}'],
  ['/api/events', 'events'],
  ['/live/some/master.m3u8', 'media'],
  ['/t/some/live/thing', 'media'],
  ['/apiary', 'not found\n'],
])('%s is routed to the right service', async (path, body) => {
  expect(await (await fetch(`${edge.url}${path}`)).text()).toBe(body);
});

test('/ redirects to the home page', async () => {
  const response = await fetch(edge.url, { redirect: 'manual' });
  expect([response.status, response.headers.get('Location')]).toEqual([302, '/watch/home']);
});
