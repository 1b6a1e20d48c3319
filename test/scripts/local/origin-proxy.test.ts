import { createServer, type RequestListener } from 'node:http';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { OriginProxy } from '#scripts/local/origin-proxy.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(listener: RequestListener): Promise<ListeningServer> {
  const server = await listenOnLoopback(createServer(listener));
  cleanups.push(() => server.close());
  return server;
}

async function serveProxy(originUrls: readonly string[]): Promise<string> {
  const proxy = new OriginProxy(() => originUrls);
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

test('an unreachable task is a 502, and so is no task at all', async () => {
  const gone = await listenOnLoopback(createServer());
  await gone.close();
  for (const originUrls of [[gone.url], []]) {
    const response = await fetch(`${await serveProxy(originUrls)}/live/x`);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([502, '*']);
  }
});
