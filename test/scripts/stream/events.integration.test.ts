import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HeadendEvent } from '#domain/events.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { waitFor } from '#kit/wait-for.ts';
import { EventFeed } from '#scripts/local/event-feed.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { beginStreamCli, type CliEnvironment, callStreamCli, startCliApi, startFixedServer } from './stream-cli.ts';

const EVENT: HeadendEvent = {
  ...{ id: 'event-1', time: '2026-11-20T19:30:00.000Z', type: 'stream.refused', streamId: null },
  ...{ code: 'NetStream.Publish.BadName', sourceAddress: '192.0.2.1', description: 'Bad\nkey' },
};

let api: Awaited<ReturnType<typeof startCliApi>>;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  api = await startCliApi();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => api.close());

/** Starts a feed of events and counts its clients. */
async function startFeed() {
  const feed = new EventFeed({ apiUrl: `${api.url}/api` });
  let connections = 0;
  const server = createServer(async (request, response) => {
    await feed.serve(request, response);
    connections += 1;
  });
  const { url, close } = await listenOnLoopback(server);
  cleanups.push(async () => {
    feed.close();
    await close();
  });
  const followed = () => waitFor('a client', async () => connections > 0);
  return { feed, url, followed };
}

function follow(args: readonly string[], environment: CliEnvironment) {
  const run = beginStreamCli(['events', ...args], environment);
  cleanups.push(() => run.child.kill('SIGKILL'));
  if (run.child.stdout === null) throw new Error('no standard output');
  const lines = createInterface({ input: run.child.stdout });
  return { ...run, nextLine: async () => String((await once(lines, 'line'))[0]) };
}

test.each([
  [
    'a line of text',
    [],
    '2026-11-20T19:30:00.000Z  stream.refused          streamId=null  code=NetStream.Publish.BadName  sourceAddress=192.0.2.1  description="Bad\\nkey"',
  ],
  ['a line of JSON', ['--json'], JSON.stringify(EVENT)],
])('each event is printed as %s, until Ctrl-C', async (_case, options, line) => {
  const { feed, url, followed } = await startFeed();
  const { child, exited, nextLine } = follow(options, { HEADEND_API: url, HEADEND_TOKEN: api.tokens[0] });
  await followed();
  for (let number = 0; number < 2; number += 1) {
    const shown = nextLine();
    feed.publish(EVENT);
    expect(await shown).toBe(line);
  }
  child.kill('SIGINT');
  expect(await exited).toEqual({ code: 0, stdout: `${line}\n${line}\n`, stderr: '' });
});

test('a feed that ends exits with 3, and so does one with something else than events', async () => {
  const { feed, url, followed } = await startFeed();
  const { exited } = follow([], { HEADEND_API: url, HEADEND_TOKEN: api.tokens[0] });
  await followed();
  feed.close();
  expect(await exited).toEqual({ code: 3, stdout: '', stderr: `No answer from ${url}: the feed has ended.\n` });

  const other = await startFixedServer({ status: 200, body: 'data: {"price":1}\n\n' });
  cleanups.push(other.close);
  const { code, stderr } = await callStreamCli(['events'], { HEADEND_API: other.url, HEADEND_TOKEN: api.tokens[0] });
  expect([code, stderr]).toEqual([
    3,
    `${other.url} is not Headend's control API: it gave an answer of another shape.\n`,
  ]);
});

test('a wrong token and an API without a feed exit with 1', async () => {
  const { url } = await startFeed();
  const HEADEND_TOKEN = generateSecret(randomBytes);
  const stranger = await callStreamCli(['events'], { HEADEND_API: url, HEADEND_TOKEN });
  expect(stranger).toEqual({ code: 1, stdout: '', stderr: 'Refused (401): This admin token is not valid.\n' });
  const cloud = await callStreamCli(['events'], api.environment);
  expect(cloud).toEqual({ code: 1, stdout: '', stderr: 'Refused (404): There is nothing at this path.\n' });
});

test.each(['HEADEND_TOKEN', '--token-file'])('a token from %s does not appear in the process list', async (source) => {
  const { url, followed } = await startFeed();
  const folder = await mkdtemp(join(tmpdir(), 'headend-cli-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  await writeFile(path, api.tokens[0]);
  const isFile = source === '--token-file';
  const { child } = follow(isFile ? ['--token-file', path] : [], {
    HEADEND_API: url,
    ...(isFile ? {} : { HEADEND_TOKEN: api.tokens[0] }),
  });
  await followed();
  const commandLine = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
  expect(commandLine).toContain('events');
  expect(commandLine).not.toContain(api.tokens[0]);
});

test('an event about a stream has its title, unless the stream is gone', async () => {
  const { feed, url, followed } = await startFeed();
  const created = await callStreamCli(['create', '--title', 'Friday talk', '--json'], {
    ...{ HEADEND_API: `${api.url}/api`, HEADEND_TOKEN: api.tokens[0] },
  });
  const { id } = JSON.parse(created.stdout);
  // The feed and the API have one address, as on a laptop.
  const { nextLine } = follow([], { HEADEND_API: await joined(url), HEADEND_TOKEN: api.tokens[0] });
  await followed();
  for (const [streamId, shown] of [
    [id, `stream.live             title="Friday talk"  streamId=${id}`],
    ['aaaaaaaaaaaaaaaa', 'stream.live             streamId=aaaaaaaaaaaaaaaa'],
  ]) {
    const line = nextLine();
    feed.publish({ id: 'event-2', time: EVENT.time, type: 'stream.live', streamId, playbackId: 'public' });
    expect(await line).toBe(`${EVENT.time}  ${shown}  playbackId=public`);
  }
});

/** The address of a server that has the feed at `/api/events`, and the API otherwise. */
async function joined(feedUrl: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const base = request.url === '/api/events' ? feedUrl : api.url;
    const headers = { authorization: String(request.headers.authorization) };
    const answer = await fetch(`${base}${request.url}`, { headers });
    response.writeHead(answer.status, { 'content-type': String(answer.headers.get('content-type')) });
    response.flushHeaders();
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  });
  const { url, close } = await listenOnLoopback(server);
  cleanups.push(close);
  return `${url}/api`;
}
