import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import type { IngestAuthResponse } from '#domain/ingest-auth.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { LogLimiter } from '#encoder/guard/log-limiter.ts';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';
import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { ConnectionLog } from '#encoder/rtmp/connection-log.ts';
import { Publish, type PublishConnection } from '#encoder/rtmp/publish.ts';
import { type Publisher, type PublisherHandler, PublishRefusal } from '#encoder/rtmp/publisher.ts';
import { PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { deferred } from '#test/support/deferred.ts';
import { RecordingServer, type RecordingServerOptions, sendSound, streamOf } from './recording-server.ts';

const BAD_NAME = 'NetStream.Publish.BadName';
const REJECTED = 'NetStream.Publish.Rejected';
const STARTED = { 3: { level: 'status', code: 'NetStream.Publish.Start' } };
const LONG_MS = 60_000;
const ALLOWED: IngestAuthResponse = { allow: true, stream: streamOf('key') };

let server: RecordingServer;
const start = async (options?: RecordingServerOptions) => {
  server = await RecordingServer.start(options);
};
const open = () => RtmpClient.open(server.port);
afterEach(() => server.close());

const soundsOf = (index: number) => server.recordings[index]?.tags.map((tag) => tag.payload.toString());

/** Sends `publish` and a tag at once. The server has read both by the time it has served another client. */
async function publishEagerly(client: RtmpClient): Promise<void> {
  await client.prepare();
  client.sendCommand(1, 'publish', 3, null, 'key', 'live');
  sendSound(client, 'early');
  const other = await open();
  await other.prepare();
  other.destroy();
}

describe('before a publish is live', () => {
  test('authorise gets the key and the address of the publisher', async () => {
    const requests: unknown[] = [];
    await start({
      authorise: async (request) => {
        requests.push(request);
        return ALLOWED;
      },
    });
    await (await open()).publish('a-key');
    expect(requests).toEqual([{ streamKey: 'a-key', sourceAddress: '127.0.0.1' }]);
  });

  test.each([
    ['its name', 'FMLE/3.0 (compatible)', 'FMLE/3.0 (compatible)'],
    ['what can be printed of it', 'a\u0007b\nä', 'a?b??'],
    ['its beginning', 'x'.repeat(1_000), 'x'.repeat(64)],
    ['nothing else', 17, null],
  ])('the software of the publisher is known by %s', async (_, flashVer, software) => {
    await start();
    await (await open()).publish('a-key', { flashVer });
    expect(server.recordings[0]?.publisher.software).toBe(software);
  });

  test('the command is not answered and no tag is passed on until the publish is authorised', async () => {
    const decision = deferred<IngestAuthResponse>();
    await start({ authorise: () => decision.promise });
    const client = await open();
    await publishEagerly(client);
    expect(client.answers).toEqual([]);
    expect(server.recordings).toEqual([]);
    decision.resolve(ALLOWED);
    expect(await client.answer('onStatus')).toMatchObject(STARTED);
    sendSound(client, 'late');
    await server.until(() => server.recordings[0]?.tags.length === 2);
    expect(soundsOf(0)).toEqual(['early', 'late']);
  });

  test('the command is not answered and no tag is passed on until the publisher is accepted', async () => {
    const acceptance = deferred<void>();
    await start({ acceptPublisher: (publisher) => acceptance.promise.then(() => server.record(publisher)) });
    const client = await open();
    await publishEagerly(client);
    expect(client.answers).toEqual([]);
    acceptance.resolve();
    expect(await client.answer('onStatus')).toMatchObject(STARTED);
    sendSound(client, 'late');
    await server.until(() => server.recordings[0]?.tags.length === 2);
    expect(soundsOf(0)).toEqual(['early', 'late']);
  });

  test.each(['rejects', 'throws'])(
    'the publish is refused if authorise %s, and the error is logged without the key',
    async (how) => {
      const key = generateSecret(randomBytes);
      await start({
        authorise: ({ streamKey }) => {
          const error = new Error(`no answer for ${streamKey}`);
          if (how === 'throws') throw error;
          return Promise.reject(error);
        },
      });
      const client = await open();
      const [, , , status] = await client.publish(key);
      expect(status).toMatchObject({
        level: 'error',
        code: REJECTED,
        description: expect.stringContaining('try again'),
      });
      await client.closed;
      await server.logged('connection closed');
      expect(await server.logged('authorisation failed')).toMatchObject({ error: 'Error: no answer for [stream key]' });
      expect(JSON.stringify([server.logLines, status])).not.toContain(key);
      expect(server.recordings).toEqual([]);
    },
  );

  test('the publish is refused if acceptPublisher rejects', async () => {
    await start({ acceptPublisher: () => Promise.reject(new Error('no lease')) });
    const client = await open();
    expect(await client.publish('key')).toMatchObject({ 3: { level: 'error', code: REJECTED } });
    await client.closed;
    expect(await server.logged('stream not accepted')).toMatchObject({
      streamId: 'stream-key',
      error: 'Error: no lease',
    });
  });

  test('a PublishRefusal refuses with its own code and message, and is not logged as an error', async () => {
    await start({ acceptPublisher: () => Promise.reject(new PublishRefusal(BAD_NAME, 'Not on a Sunday')) });
    const client = await open();
    expect(await client.publish('key')).toMatchObject({
      3: { level: 'error', code: BAD_NAME, description: 'Not on a Sunday' },
    });
    await client.closed;
    expect(await server.logged('publish refused')).toMatchObject({ streamId: 'stream-key', code: BAD_NAME });
    expect(server.logLines.map(({ msg }) => msg)).not.toContain('stream not accepted');
  });

  test('acceptPublisher may end the publish itself', async () => {
    await start({
      acceptPublisher: async (publisher) => {
        publisher.end(BAD_NAME, 'This stream was deleted');
        throw new Error('deleted');
      },
    });
    const client = await open();
    expect(await client.publish('key')).toMatchObject({
      3: { code: BAD_NAME, description: 'This stream was deleted' },
    });
    await client.closed;
    expect(client.answers).toEqual([]);
  });

  test('the publish is refused if no decision comes in time, and a later decision is ignored', async () => {
    const decision = deferred<IngestAuthResponse>();
    await start({ authorise: () => decision.promise, limits: { decisionTimeoutMs: 20 } });
    const client = await open();
    expect(await client.publish('key')).toMatchObject({ 3: { level: 'error', code: REJECTED } });
    await client.closed;
    decision.resolve(ALLOWED);
    await (await open()).handshake();
    expect(server.recordings).toEqual([]);
  });

  test('the handler is closed if the publisher leaves while it is being accepted', async () => {
    const acceptance = deferred<void>();
    await start({ acceptPublisher: (publisher) => acceptance.promise.then(() => server.record(publisher)) });
    const client = await open();
    await publishEagerly(client);
    client.destroy();
    await server.logged('connection closed');
    acceptance.resolve();
    await server.until(() => server.recordings[0]?.closes === 1);
    expect(server.logLines.map((line) => line.msg)).not.toContain('publish accepted');
  });
});

describe('the end of a live publish', () => {
  test('by the server tells the broadcaster why, closes the socket and passes on no further tag', async () => {
    await start();
    const client = await open();
    await client.publish('key');
    sendSound(client, 'before');
    await server.until(() => server.recordings[0]?.tags.length === 1);
    const publisher = server.recordings[0]?.publisher;
    publisher?.end(BAD_NAME, 'The key was rotated: ä');
    publisher?.end(REJECTED, 'again');
    sendSound(client, 'after');
    const status = { level: 'error', code: BAD_NAME, description: 'The key was rotated: ?' };
    expect(await client.answer('onStatus')).toMatchObject({ 3: status });
    await client.closed;
    await server.logged('connection closed');
    expect(client.answers).toEqual([]);
    expect(soundsOf(0)).toEqual(['before']);
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test.each([
    ['destroying the socket', (client: RtmpClient) => client.destroy()],
    ['closing the socket', (client: RtmpClient) => client.socket.end()],
  ])('by %s counts as lost, closes the handler once and ends the connection', async (_, leave) => {
    await start();
    const client = await open();
    await client.publish('key');
    leave(client);
    await client.closed;
    await server.logged('connection closed');
    expect(server.recordings[0]).toMatchObject({ closes: 1, departure: 'lost' });
  });

  describe('by its broadcaster', () => {
    const fcUnpublish = (client: RtmpClient) => client.sendCommand(0, 'FCUnpublish', 4, null, 'key');
    const deleteStream = (client: RtmpClient) => client.sendCommand(0, 'deleteStream', 5, null, 1);
    const closeStream = (client: RtmpClient) => client.sendCommand(1, 'closeStream', 0, null);

    /** A broadcaster that has been told that its publish is over. */
    async function unpublished(unpublishGraceMs: number, ...leave: ((client: RtmpClient) => void)[]) {
      await start({ limits: { unpublishGraceMs, closeGraceMs: 100 } });
      const client = await open();
      await client.publish('key');
      sendSound(client, 'before');
      for (const command of leave) command(client);
      const status = await client.answer('onStatus');
      expect(status).toMatchObject({ 3: { level: 'status', code: 'NetStream.Unpublish.Success' } });
      expect(client.messageStreamIdOf(status)).toBe(1);
      return client;
    }

    test.each([
      ['deleteStream', [deleteStream]],
      ['closeStream', [closeStream]],
      ['FCUnpublish', [fcUnpublish]],
      ['all of them, as OBS and FFmpeg do', [fcUnpublish, closeStream, deleteStream]],
    ])('counts as stopped at once and once, and the broadcaster closes the connection: %s', async (_, leave) => {
      const client = await unpublished(LONG_MS, ...leave);
      await server.until(() => server.recordings[0]?.closes === 1);
      sendSound(client, 'after');
      // By then the server has read all that, and would have closed the connection.
      await (await open()).publish('other');
      expect(client.socket.readableEnded).toBe(false);
      client.socket.end();
      await client.closed;
      expect(await server.logged('connection closed')).toMatchObject({ reason: 'unpublished by the broadcaster' });
      expect(server.recordings[0]).toMatchObject({ closes: 1, departure: 'stopped' });
      expect(soundsOf(0)).toEqual(['before']);
      expect(client.answers).toEqual([]);
      expect(server.violations).toBe(0);
    });

    test('ends the connection if the broadcaster stays', async () => {
      const client = await unpublished(30, fcUnpublish);
      await client.closed;
      expect(await server.logged('connection closed')).toMatchObject({ reason: 'unpublished by the broadcaster' });
    });

    test('ends the connection if the broadcaster goes on sending', async () => {
      const client = await unpublished(LONG_MS, fcUnpublish);
      client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(100_000) });
      await client.closed;
      expect(server.recordings[0]).toMatchObject({ closes: 1, departure: 'stopped' });
    });
  });

  test('is not caused by deleting another message stream or by a clean-up before the publish', async () => {
    await start();
    const client = await open();
    await client.prepare();
    client.sendCommand(0, 'FCUnpublish', 3, null, 'key');
    client.sendCommand(0, 'deleteStream', 3, null, null);
    client.sendCommand(1, 'publish', 3, null, 'key', 'live');
    await client.answer('onStatus');
    client.sendCommand(0, 'deleteStream', 4, null, 7);
    await client.roundTrip();
    expect(server.recordings[0]?.closes).toBe(0);
  });

  test('follows if its handler throws, and the server keeps running', async () => {
    const fail = (): never => {
      throw new Error('handler bug');
    };
    await start({
      acceptPublisher: async (): Promise<PublisherHandler> => ({
        onTag: fail,
        onClose: fail,
        isPlayable: () => false,
        onContested: () => undefined,
      }),
    });
    const client = await open();
    await client.publish('key');
    sendSound(client, 'any');
    expect(await client.answer('onStatus')).toMatchObject({ 3: { level: 'error', code: REJECTED } });
    await client.closed;
    await server.logged('publisher handler failed to close');
    expect(await (await open()).publish('key')).toMatchObject(STARTED);
  });
});

describe('a second publisher', () => {
  /** Accepts every publisher and records the order of acceptances and closes. */
  function noting(events: string[]) {
    const names = new Map<string, string>();
    const nameOf = (publisher: Publisher) => {
      const name = names.get(publisher.id) ?? `publisher ${names.size + 1}`;
      names.set(publisher.id, name);
      return name;
    };
    return async (publisher: Publisher): Promise<PublisherHandler> => {
      const name = nameOf(publisher);
      events.push(`${name} accepted`);
      const recorder = server.record(publisher);
      return {
        onTag: (tag, receivedAtMs) => recorder.onTag(tag, receivedAtMs),
        onClose: (departure) => {
          events.push(`${name} closed`);
          recorder.onClose(departure);
        },
        isPlayable: () => false,
        onContested: () => undefined,
      };
    };
  }

  test('of the same stream replaces the former one, which is closed before the new one is accepted', async () => {
    const events: string[] = [];
    await start({ acceptPublisher: noting(events) });
    const clients = [await open(), await open(), await open()] as const;
    for (const client of clients) expect(await client.publish('key')).toMatchObject(STARTED);
    for (const former of clients.slice(0, 2)) {
      const description = expect.stringMatching(/replaced by a newer connection/i);
      expect(await former.answer('onStatus')).toMatchObject({ 3: { level: 'error', code: BAD_NAME, description } });
      await former.closed;
    }
    sendSound(clients[2], 'newest');
    await server.until(() => server.recordings[2]?.tags.length === 1);
    expect(events).toEqual([
      'publisher 1 accepted',
      'publisher 1 closed',
      'publisher 2 accepted',
      'publisher 2 closed',
      'publisher 3 accepted',
    ]);
  });

  test('of the same stream waits for a former one that is still being accepted', async () => {
    const events: string[] = [];
    const firstAcceptance = deferred<void>();
    let calls = 0;
    const note = noting(events);
    await start({
      acceptPublisher: async (publisher) => {
        calls++;
        if (calls === 1) await firstAcceptance.promise;
        return note(publisher);
      },
    });
    const former = await open();
    await publishEagerly(former);
    const next = await open();
    await publishEagerly(next);
    expect(await former.answer('onStatus')).toMatchObject({ 3: { code: BAD_NAME } });
    expect(calls).toBe(1);
    firstAcceptance.resolve();
    expect(await next.answer('onStatus')).toMatchObject(STARTED);
    expect(events).toEqual(['publisher 1 accepted', 'publisher 1 closed', 'publisher 2 accepted']);
  });

  test('of another stream replaces nobody', async () => {
    await start();
    const one = await open();
    await one.publish('one');
    const other = await open();
    await other.publish('other');
    sendSound(one, 'still here');
    await server.until(() => server.recordings[0]?.tags.length === 1);
    expect(server.recordings.map(({ closes }) => closes)).toEqual([0, 0]);
  });
});

describe('a refused publish is reported once', () => {
  const refusalOf = (description: unknown, streamId: string | null, code: string = REJECTED) => [
    { streamId, code, description, sourceAddress: '127.0.0.1' },
  ];
  const contains = (text: string) => expect.stringContaining(text);
  const closed = async (client: RtmpClient) => {
    await client.closed;
    await server.logged('connection closed');
  };

  test.each([
    ['an unknown key', { allow: false, code: BAD_NAME, description: 'Unknown' }, null],
    [
      'a stream that may not be published now',
      { allow: false, code: BAD_NAME, description: 'Later', streamId: 's' },
      's',
    ],
  ] as const)('for %s, with a description that hides the key', async (_, decision, streamId) => {
    await start({
      authorise: async ({ streamKey }) => ({ ...decision, description: `${decision.description}: ${streamKey}` }),
    });
    const client = await open();
    const key = generateSecret(randomBytes);
    await client.publish(key);
    await closed(client);
    expect(server.refusals).toEqual(refusalOf(`${decision.description}: [stream key]`, streamId, BAD_NAME));
  });

  test.each([
    ['a missing key', '', async () => ALLOWED, 'missing', BAD_NAME],
    ['an authorisation that fails', 'key', () => Promise.reject(new Error('down')), 'could not be checked', REJECTED],
    ['no decision in time', 'key', () => new Promise<never>(() => undefined), 'in time', REJECTED],
  ])('for %s', async (_, key, authorise, description, code) => {
    await start({ authorise, limits: { decisionTimeoutMs: 50 } });
    const client = await open();
    await client.publish(key);
    await closed(client);
    expect(server.refusals).toEqual(refusalOf(contains(description), null, code));
  });

  test('even if the broadcaster leaves before the answer', async () => {
    const decision = deferred<IngestAuthResponse>();
    await start({ authorise: () => decision.promise });
    const client = await open();
    await publishEagerly(client);
    client.destroy();
    await server.until(() => server.logLines.filter(({ msg }) => msg === 'connection closed').length === 2);
    expect(server.refusals).toEqual([]);
    decision.resolve({ allow: false, code: BAD_NAME, description: 'Unknown', streamId: 's' });
    await server.until(() => server.refusals.length > 0);
    expect(server.refusals).toEqual(refusalOf('Unknown', 's', BAD_NAME));
  });

  test('for too many earlier wrong keys', async () => {
    await start({
      authorise: async () => ({ allow: false, code: BAD_NAME, description: 'Unknown' }),
      limits: { failedKeysBeforeRefusal: 1 },
    });
    for (let count = 0; count < 2; count++) {
      const client = await open();
      await client.publish('wrong');
      await client.closed;
    }
    await server.until(() => server.refusals.length === 2);
    expect(server.refusals[1]).toMatchObject({ code: REJECTED, description: contains('Too many wrong stream keys') });
  });

  test.each([
    ['a codec that cannot be decoded', { enhancedCodecs: new Set<never>() }, 'HEVC'],
    ['too high a bitrate', { now: () => 0 }, '12 Mbit/s'],
    ['no media', { limits: { idleTimeoutMs: 50 } }, 'No media'],
  ])('for %s, unless viewers already had something to play', async (_, options, description) => {
    await start(options);
    for (const isPlayable of [false, true]) {
      const client = await open();
      await client.publish(`key-${isPlayable}`);
      const recording = server.recordings.at(-1);
      if (recording !== undefined) recording.isPlayable = isPlayable;
      if (description === 'HEVC')
        client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from('\x90hvc1', 'latin1') });
      if (description === '12 Mbit/s')
        client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(8_000_000) });
      expect(await client.answer('onStatus')).toMatchObject({ 3: { description: contains(description) } });
      await client.closed;
    }
    expect(server.refusals).toEqual(refusalOf(contains(description), 'stream-key-false'));
  });

  test('but not by the RTMP server if acceptPublisher rejected it or a newer connection replaced it', async () => {
    await start({
      acceptPublisher: async (publisher) => {
        if (publisher.stream.streamId === 'stream-full') throw new Error('no room');
        return server.record(publisher);
      },
    });
    const [full, former, next] = [await open(), await open(), await open()];
    await full.publish('full');
    await former.publish('key');
    await next.publish('key');
    await former.closed;
    next.destroy();
    await server.until(() => server.recordings[1]?.closes === 1);
    expect(server.refusals).toEqual([]);
  });
});

test('an internal error ends only its own publish, which still closes its handler', async () => {
  const lines: Record<string, unknown>[] = [];
  const ends: string[] = [];
  const connection: PublishConnection = {
    id: 'id',
    remoteAddress: '192.0.2.1',
    software: null,
    startPublish: () => {
      throw new Error('a fault');
    },
    refuse: (code) => ends.push(code),
    sendAway: () => undefined,
  };
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
  const limiter = new LogLimiter(Date.now);
  await start();
  const publish = new Publish({
    ...{ connection, streamKey: 'key', registry: new PublisherRegistry({ now: Date.now }), now: Date.now, log },
    ...{ enhancedCodecs: new Set(), limits: DEFAULT_RTMP_LIMITS, onRefused: () => undefined },
    authorise: async () => ALLOWED,
    acceptPublisher: async (publisher) => server.record(publisher),
    connectionLog: new ConnectionLog({ network: '192.0.2.1', limiter, wasLive: () => false, log }),
  });
  await publish.closed;
  expect(ends).toEqual([REJECTED]);
  expect(server.recordings[0]?.closes).toBe(1);
  const line = { msg: 'publish failed', streamId: 'stream-key', error: expect.stringContaining('a fault') };
  expect(lines).toContainEqual(expect.objectContaining(line));
});
