import { getEventListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { jest } from '@jest/globals';
import pino from 'pino';
import { AnswerClient } from '#encoder/cluster/answers/answer-client.ts';
import { Forwarder, MISDIRECTED_STATUS } from '#encoder/cluster/forwarder.ts';
import { OwnerDirectory } from '#encoder/cluster/owner-directory.ts';
import type { StreamTarget } from '#encoder/origin/request-target.ts';
import { StatusWaits } from '#encoder/origin/status-waits.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';

let holder: ListeningServer;
let client: AnswerClient;
let statusWaits: StatusWaits;
let lookUps: number;
/** Whether a task holds the stream. */
let isHeld: boolean;
/** Asks a task that does not hold the stream for its multivariant playlist. */
let ask: (signal: AbortSignal, headers?: IncomingHttpHeaders) => ReturnType<Forwarder['answer']>;
let askFor: (target: StreamTarget, url: string) => ReturnType<Forwarder['answer']>;

async function start(answer: RequestListener, maxConnections = 10): Promise<void> {
  holder = await listenOnLoopback(createServer(answer));
  lookUps = 0;
  isHeld = true;
  const held = {
    ...{ streamId: 'stream', epoch: 1_000, leaseUntilMs: Date.now() + 60_000, broadcast: makeBroadcastState() },
    requestedEnd: null,
    holder: makeStreamHolder({ taskId: 'other', address: new URL(holder.url).host }),
  };
  client = new AnswerClient({
    credential: { authorization: async () => '', accepts: async () => true },
    maxConnections,
  });
  statusWaits = new StatusWaits();
  const forwarder = new Forwarder({
    ...{ taskId: 'own', client, catalogue: null, now: Date.now },
    directory: new OwnerDirectory({
      store: {
        findHeld: async () => {
          lookUps += 1;
          return isHeld ? held : null;
        },
      },
      ...{ now: Date.now, log: pino({ level: 'silent' }) },
    }),
    settleAbandoned: async () => false,
    answerHere: async () => {
      throw new Error('not here');
    },
    isHere: () => false,
    statusWaits,
  });
  const { playbackId } = held.holder;
  ask = (signal, headers = {}) =>
    forwarder.answer(
      { kind: 'multivariant-playlist', playbackId },
      { method: 'GET', url: `/live/${playbackId}/master.m3u8`, headers, acceptsGzip: false, signal },
    );
  askFor = (target, url) => {
    const { signal } = new AbortController();
    return forwarder.answer(target, { method: 'GET', url, headers: {}, acceptsGzip: false, signal });
  };
}
afterEach(async () => {
  client.close();
  await holder.close();
});

test('a request that asks a task again and again leaves no listener on its signal behind', async () => {
  const abort = new AbortController();
  const listeners: number[] = [];
  await start((_request, response) => {
    listeners.push(getEventListeners(abort.signal, 'abort').length);
    if (listeners.length === 4) abort.abort('the client has gone');
    response.writeHead(MISDIRECTED_STATUS, { 'content-length': 0 }).end();
  });
  expect(await ask(abort.signal)).toMatchObject({ status: 503 });
  expect(listeners).toEqual([1, 1, 1, 1]);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
});

test('headers that are too long for the other task are not passed on', async () => {
  const asked: IncomingHttpHeaders[] = [];
  await start(({ headers }, response) => {
    asked.push(headers);
    response.writeHead(200, { 'headend-epoch': 1_000, 'content-length': 0 }).end();
  });
  const signal = new AbortController().signal;
  const range = `bytes=${'0-0,'.repeat(2_000)}0-0`;
  expect(await ask(signal, { range, 'if-range': 'x', 'accept-encoding': 'gzip' })).toMatchObject({ status: 200 });
  expect(await ask(signal, { range: 'bytes=0-9', 'accept-encoding': 'gzip' })).toMatchObject({ status: 200 });
  expect(asked.map((headers) => [headers.range, headers['if-range'], headers['accept-encoding']])).toEqual([
    [undefined, undefined, undefined],
    ['bytes=0-9', undefined, 'gzip'],
  ]);
});

test('a request for a task that has too many already is a 503 at once', async () => {
  let waiting = 0;
  await start(() => {
    waiting += 1;
  }, 1);
  const abort = new AbortController();
  const first = ask(abort.signal);
  await waitFor('the first request', () => waiting === 1);
  expect(await ask(abort.signal)).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  abort.abort('the client has gone');
  await first;
});

test('a task that goes away asks for the status as it is, in place of the one that it waits for', async () => {
  const asked: string[] = [];
  await start(({ url = '' }, response) => {
    asked.push(url);
    if (!url.includes('?')) response.writeHead(200, { 'headend-epoch': 1_000, 'content-length': 0 }).end();
  });
  const answer = askFor({ kind: 'status', playbackId: 'id', after: 'seen.0' }, '/live/id/status.json?after=seen.0');
  await waitFor('the request that waits', () => asked.length === 1);
  statusWaits.close();
  expect(await answer).toMatchObject({ status: 200 });
  expect(asked).toEqual(['/live/id/status.json?after=seen.0', '/live/id/status.json']);
});

test('many who wait for a stream whose holder is dead cost one look', async () => {
  let asked = 0;
  await start(({ socket }) => {
    asked += 1;
    socket.destroy();
  });
  const wait = () =>
    askFor({ kind: 'status', playbackId: 'id', after: 'AAAAAAAA.0' }, '/live/id/status.json?after=AAAAAAAA.0');
  await wait();
  const [askedOnce, lookUpsOnce] = [asked, lookUps];
  for (let count = 0; count < 50; count++) expect(await wait()).toMatchObject({ status: 200 });
  expect(asked - askedOnce).toBeLessThan(10);
  expect(lookUps - lookUpsOnce).toBeLessThan(10);
});

test('a playlist of a stream that has just begun on another task waits for the next look-up', async () => {
  await start((_request, response) => {
    response.writeHead(200, { 'headend-epoch': 1_000, 'content-length': 0 }).end();
  });
  const { signal } = new AbortController();
  isHeld = false;
  // The first request looks the stream up by itself, so it need not wait.
  expect([await ask(signal), lookUps]).toMatchObject([{ status: 404 }, 1]);
  isHeld = true;
  const answers = await Promise.all([ask(signal), ask(signal)]);
  expect([answers, lookUps]).toMatchObject([[{ status: 200 }, { status: 200 }], 2]);
});

test('of a flood of requests for ids that nobody has, only so many wait, and they cost no more look-ups', async () => {
  await start(() => undefined);
  const { signal } = new AbortController();
  isHeld = false;
  await ask(signal);
  const lookUpsAtAnswer: number[] = [];
  const flood = Array.from({ length: 1_000 }, async () => {
    expect(await ask(signal)).toMatchObject({ status: 404 });
    lookUpsAtAnswer.push(lookUps);
  });
  await Promise.all(flood);
  // 200 of one stream may wait.
  expect(lookUpsAtAnswer.filter((count) => count === 1)).toHaveLength(800);
  expect(lookUps).toBe(2);
});

test('the health of a stream whose holder does not answer is a 503 at once, and nobody looks for another', async () => {
  await start(({ socket }) => socket.destroy());
  const answer = await askFor({ kind: 'stream-health', playbackId: 'id' }, '/live/id/health.json');
  expect([answer, lookUps]).toMatchObject([{ status: 503 }, 2]);
});

test('a request that has waited for long gets the status of another task as it is', async () => {
  const asked: string[] = [];
  await start(({ url = '' }, response) => {
    asked.push(url);
    response.writeHead(200, { 'headend-epoch': 1_000, 'content-length': 0 }).end();
  });
  const url = '/live/id/status.json?after=AAAAAAAA.0';
  const wait = () => askFor({ kind: 'status', playbackId: 'id', after: 'AAAAAAAA.0' }, url);
  await wait();
  jest.spyOn(statusWaits, 'remainingMs').mockReturnValue(statusWaits.limitMs - 3_001);
  await wait();
  expect(asked).toEqual([url, '/live/id/status.json']);
});
