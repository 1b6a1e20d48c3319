import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EdgeCache } from '#scripts/local/edge-cache.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { OriginProxy } from '#scripts/local/origin-proxy.ts';

const edgeSecret = generateSecret(randomBytes);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener): Promise<ListeningServer> {
  const server = await listenOnLoopback(createServer(listener));
  cleanups.push(() => server.close());
  return server;
}

async function serveProxy(origins: readonly string[] | (() => readonly string[])): Promise<string> {
  const proxy = new OriginProxy({
    ...{ originUrls: typeof origins === 'function' ? origins : () => origins, edgeSecret },
    cache: new EdgeCache({ now: Date.now }),
  });
  cleanups.push(() => proxy.close());
  return (await serve((request, response) => proxy.pass(request, response))).url;
}

test("the tasks answer in turn and get the viewer's path, query and headers", async () => {
  const tasks = await Promise.all(
    ['a', 'b'].map((name) =>
      serve((request, response) =>
        response.writeHead(206, { 'x-task': name }).end(`${request.url} ${request.headers.range}`),
      ),
    ),
  );
  const url = await serveProxy(tasks.map((task) => task.url));
  const answers = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await fetch(`${url}/live/x?_HLS_msn=1`, { headers: { range: 'bytes=0-1' } });
    answers.push([response.status, response.headers.get('x-task'), await response.text()]);
  }
  const text = '/live/x?_HLS_msn=1 bytes=0-1';
  expect(answers).toEqual([
    [206, 'a', text],
    [206, 'b', text],
    [206, 'a', text],
  ]);
});

test('a request whose connection is refused goes to the next task with its body', async () => {
  const gone = await listenOnLoopback(createServer());
  await gone.close();
  const task = await serve((request, response) => request.pipe(response));
  const url = await serveProxy([gone.url, task.url]);
  for (let turn = 0; turn < 2; turn += 1) {
    const response = await fetch(`${url}/live/x`, { method: 'POST', body: 'hello' });
    expect([response.status, await response.text()]).toEqual([200, 'hello']);
  }
});

test('a task that has left the rotation gets no new requests, and finishes those that it has', async () => {
  const blocked: ServerResponse[] = [];
  const draining = await serve((_request, response) => blocked.push(response));
  const other = await serve((_request, response) => response.end('other'));
  let originUrls = [draining.url];
  const url = await serveProxy(() => originUrls);
  const inFlight = fetch(`${url}/live/x`);
  await waitFor('the request', () => blocked.length === 1);
  originUrls = [other.url];
  expect(await (await fetch(`${url}/live/x`)).text()).toBe('other');
  blocked[0]?.end('draining');
  expect(await (await inFlight).text()).toBe('draining');
});

test('a task that breaks a request off is a 502, and no other task gets the request', async () => {
  const breaking = await serve((request) => request.socket.destroy());
  const other = await serve((_request, response) => response.end('other'));
  const url = await serveProxy([breaking.url, other.url]);
  expect((await fetch(`${url}/live/x`)).status).toBe(502);
  expect(await (await fetch(`${url}/live/x`)).text()).toBe('other');
});

test('an unreachable task is a 502, and so is no task at all', async () => {
  const gone = await listenOnLoopback(createServer());
  await gone.close();
  for (const originUrls of [[gone.url], []]) {
    const response = await fetch(`${await serveProxy(originUrls)}/live/x`);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([502, '*']);
  }
});

test("the tasks get the edge's secret, whatever a viewer sends in its place, and no viewer gets it", async () => {
  const seen: unknown[] = [];
  const task = await serve((request, response) => {
    seen.push(request.headers[EDGE_SECRET_HEADER]);
    response.end('answer');
  });
  const url = await serveProxy([task.url]);
  const own = { [EDGE_SECRET_HEADER]: generateSecret(randomBytes) };
  for (const headers of [{}, own, { [EDGE_SECRET_HEADER.toUpperCase()]: 'x' }, { ...own, connection: 'close' }]) {
    const answer = await fetch(`${url}/live/x`, { headers });
    expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(edgeSecret);
  }
  expect(seen).toEqual([edgeSecret, edgeSecret, edgeSecret, edgeSecret]);
});
