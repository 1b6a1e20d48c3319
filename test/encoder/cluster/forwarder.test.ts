import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import pino from 'pino';
import { Forwarder, MISDIRECTED_STATUS } from '#encoder/cluster/forwarder.ts';
import { OwnerDirectory } from '#encoder/cluster/owner-directory.ts';
import { TaskClient } from '#encoder/cluster/task-client.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';

test('a request that asks a task again and again leaves no listener on its signal behind', async () => {
  const abort = new AbortController();
  const listeners: number[] = [];
  const server = await listenOnLoopback(
    createServer((_request, response) => {
      listeners.push(getEventListeners(abort.signal, 'abort').length);
      if (listeners.length === 4) abort.abort('the client has gone');
      response.writeHead(MISDIRECTED_STATUS).end();
    }),
  );
  const held = {
    ...{ streamId: 'stream', epoch: 1_000, leaseUntilMs: Date.now() + 60_000, broadcast: makeBroadcastState() },
    requestedEnd: null,
    holder: makeStreamHolder({ taskId: 'other', address: new URL(server.url).host }),
  };
  const client = new TaskClient({ authorization: async () => '', accepts: async () => true });
  const forwarder = new Forwarder({
    ...{ taskId: 'own', client, now: Date.now },
    directory: new OwnerDirectory({
      store: { findHeld: async () => held },
      ...{ now: Date.now, log: pino({ level: 'silent' }) },
    }),
    settleAbandoned: async () => false,
    answerHere: async () => {
      throw new Error('not here');
    },
  });
  const { playbackId } = held.holder;
  const answer = await forwarder.answer(
    { kind: 'multivariant-playlist', playbackId },
    { method: 'GET', url: `/live/${playbackId}/master.m3u8`, headers: {}, acceptsGzip: false, signal: abort.signal },
  );
  expect(answer.status).toBe(503);
  expect(listeners).toEqual([1, 1, 1, 1]);
  expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  client.close();
  await server.close();
});
