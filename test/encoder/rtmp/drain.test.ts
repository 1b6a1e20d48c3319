import type { IngestAuthResponse } from '#domain/ingest-auth.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';
import { COMMAND, RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import { deferred } from '#test/support/deferred.ts';
import { RecordingServer, type RecordingServerOptions, sendSound, streamOf } from './recording-server.ts';

const REPLACED = {
  level: 'error',
  code: 'NetStream.Publish.Rejected',
  description: 'The server is being replaced; connect again',
};
const RECONNECT = {
  level: 'status',
  code: 'NetConnection.Connect.ReconnectRequest',
  description: REPLACED.description,
};
const CAN_RECONNECT = { capsEx: 1 };
const LONG_MS = 60_000;

let server: RecordingServer;
const start = async (options?: RecordingServerOptions) => {
  server = await RecordingServer.start(options);
};
const open = () => RtmpClient.open(server.port);
afterEach(() => server.close());

async function liveClient(details: Readonly<Record<string, AmfValue>> = {}): Promise<RtmpClient> {
  const client = await open();
  expect(await client.publish('key', details)).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
  return client;
}

describe('a server that drains', () => {
  test('says so', async () => {
    await start();
    expect(server.isDraining).toBe(false);
    const drained = server.drain();
    expect(server.isDraining).toBe(true);
    await drained;
  });

  test('refuses a publish without a look at its key, and takes no connection away from others', async () => {
    const keys: string[] = [];
    await start({
      authorise: async ({ streamKey }) => {
        keys.push(streamKey);
        return { allow: true, stream: streamOf(streamKey) };
      },
    });
    const early = await open();
    await early.prepare();
    await server.drain();
    early.sendCommand(1, 'publish', 3, null, 'early', 'live');
    expect(await early.answer('onStatus')).toMatchObject({ 3: REPLACED });
    expect(await (await open()).publish('late')).toMatchObject({ 3: REPLACED });
    await early.closed;
    expect(keys).toEqual([]);
    const { level: _, ...refusal } = REPLACED;
    const reported = { ...refusal, streamId: null, sourceAddress: '127.0.0.1' };
    expect(server.refusals).toEqual([reported, reported]);
  });

  test('does not count its refusals as wrong keys', async () => {
    await start({ limits: { failedKeysBeforeRefusal: 1, failedKeyDelayMs: LONG_MS } });
    await server.drain();
    for (let count = 0; count < 3; count++)
      expect(await (await open()).publish(`${count}`)).toMatchObject({ 3: REPLACED });
  });

  test('refuses a publish that is being authorised, and does not accept it later', async () => {
    const asked = deferred<void>();
    const decision = deferred<IngestAuthResponse>();
    await start({
      authorise: () => {
        asked.resolve();
        return decision.promise;
      },
    });
    const status = (await open()).publish('key');
    await asked.promise;
    const drained = server.drain();
    expect(await status).toMatchObject({ 3: REPLACED });
    decision.resolve({ allow: true, stream: streamOf('key') });
    await drained;
    expect(server.recordings).toEqual([]);
  });

  test('closes the handler of a publish that was being accepted before it has drained', async () => {
    const asked = deferred<void>();
    const acceptance = deferred<void>();
    await start({
      acceptPublisher: async (publisher) => {
        asked.resolve();
        await acceptance.promise;
        return server.record(publisher);
      },
    });
    const status = (await open()).publish('key');
    await asked.promise;
    const drained = server.drain();
    expect(await status).toMatchObject({ 3: REPLACED });
    acceptance.resolve();
    await drained;
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test('ends the publish of software that does not know the request to connect again', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const client = await liveClient();
    await server.drain();
    expect(server.recordings[0]?.closes).toBe(1);
    const status = await client.answer('onStatus');
    expect(status).toMatchObject({ 3: REPLACED });
    expect(client.messageStreamIdOf(status)).toBe(1);
    await client.closed;
    expect(client.answers).toEqual([]);
  });

  test('asks other software to connect again, and takes its media until it leaves', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const client = await liveClient(CAN_RECONNECT);
    const drained = server.drain();
    const request = await client.answer('onStatus');
    expect(request).toEqual(['onStatus', 0, null, RECONNECT]);
    expect(client.messageStreamIdOf(request)).toBe(0);
    sendSound(client, 'after the request');
    await server.until(() => server.recordings[0]?.tags.length === 1);
    expect(server.recordings[0]?.closes).toBe(0);
    client.sendCommand(0, 'deleteStream', 4, null, 1);
    await drained;
    expect(await client.answer('onStatus')).toMatchObject({ 3: { code: 'NetStream.Unpublish.Success' } });
    client.socket.end();
    await client.closed;
    // It comes back, so viewers must not be told that the broadcaster has stopped.
    expect(server.recordings[0]).toMatchObject({ closes: 1, departure: 'lost' });
    expect(client.answers).toEqual([]);
    expect(server.refusals).toEqual([]);
  });

  test('ends a publish that stays after the request', async () => {
    await start({ limits: { reconnectTimeoutMs: 20 } });
    const client = await liveClient(CAN_RECONNECT);
    await server.drain();
    expect(await client.answer('onStatus')).toMatchObject({ 3: RECONNECT });
    expect(await client.answer('onStatus')).toMatchObject({ 3: REPLACED });
    await client.closed;
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test('asks once, however often it is told to drain', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const client = await liveClient(CAN_RECONNECT);
    const drains = [server.drain(), server.drain()];
    expect(await client.answer('onStatus')).toMatchObject({ 3: RECONNECT });
    await client.roundTrip();
    expect(client.answers).toEqual([]);
    client.destroy();
    await Promise.all(drains);
  });

  test('asks a publisher once that was sent away before', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const client = await liveClient(CAN_RECONNECT);
    server.recordings[0]?.publisher.sendAway();
    expect(await client.answer('onStatus')).toMatchObject({ 3: RECONNECT });
    const drained = server.drain();
    await client.roundTrip();
    expect(client.answers).toEqual([]);
    client.destroy();
    await drained;
  });

  test('leaves nothing that keeps a closed server from ending', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
    const before = timers();
    const client = await liveClient(CAN_RECONNECT);
    const drained = server.drain();
    await client.answer('onStatus');
    await server.close();
    await drained;
    // lru-cache has short timers of its own.
    await waitFor('the end of all timers', () => timers() <= before, { timeoutMs: 500, intervalMs: 10 });
    expect(await client.answer('onStatus')).toMatchObject({ 3: { description: expect.stringContaining('shutting') } });
  });
});

describe('the capability to connect again', () => {
  const isAsked = async (client: RtmpClient) => {
    void server.drain();
    const [, , , info] = await client.answer('onStatus');
    return (info as Readonly<Record<string, AmfValue>>).code === RECONNECT.code;
  };

  test('is announced by the server', async () => {
    await start();
    const client = await open();
    await client.handshake();
    client.sendCommand(0, 'connect', 1, { app: 'live' });
    expect(await client.answer('_result')).toMatchObject({ 2: { capsEx: 1 | 4 } });
  });

  test.each<[string, AmfValue, boolean]>([
    ['the bit alone', 1, true],
    ['the bit among others', 0b1111, true],
    ['other bits', 0b1110, false],
    ['the bit in a negative number', -1, true],
    ['no number', Number.NaN, false],
    ['infinity', Number.POSITIVE_INFINITY, false],
    ['a fraction', 1.5, false],
    ['a number above 32 bits without the bit', 2 ** 40, false],
    ['a string', '1', false],
    ['a boolean', true, false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['an object', { capsEx: 1 }, false],
  ])('is read from %s', async (_, capsEx, expected) => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    expect(await isAsked(await liveClient({ capsEx }))).toBe(expected);
  });

  test('is not inherited from an object that the peer sends as the prototype', async () => {
    await start({ limits: { reconnectTimeoutMs: LONG_MS } });
    const details = Object.fromEntries([['__proto__', { capsEx: 1 }]]);
    expect(await isAsked(await liveClient(details))).toBe(false);
  });

  test('is not read from an array or a date, and they break nothing', async () => {
    const array = Buffer.from([10, 0, 0, 0, 1, ...encodeAmf0(1)]);
    const date = Buffer.concat([Buffer.from([11]), Buffer.alloc(10, 1)]);
    for (const value of [array, date]) {
      await start({ limits: { reconnectTimeoutMs: LONG_MS } });
      const client = await open();
      await client.handshake();
      const details = encodeAmf0({ app: 'live', capsEx: 'X' });
      const marker = encodeAmf0('X');
      const at = details.lastIndexOf(marker);
      const hostile = Buffer.concat([details.subarray(0, at), value, details.subarray(at + marker.length)]);
      client.send({ type: COMMAND, messageStreamId: 0, payload: Buffer.concat([encodeAmf0('connect', 1), hostile]) });
      client.sendCommand(0, 'createStream', 2, null);
      client.sendCommand(1, 'publish', 3, null, 'key', 'live');
      expect(await client.answer('onStatus')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
      expect(await isAsked(client)).toBe(false);
      await server.close();
    }
  });
});
