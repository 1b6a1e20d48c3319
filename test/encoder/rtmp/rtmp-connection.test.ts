import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { IngestAuthResponse } from '#domain/ingest-auth.ts';
import { AUDIO_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { COMMAND, RtmpClient } from '#kit/rtmp-client.ts';
import { RecordingServer, type RecordingServerOptions, streamOf } from './recording-server.ts';

const ACKNOWLEDGEMENT = 3;
const WINDOW_ACKNOWLEDGEMENT_SIZE = 5;
const LONG_MS = 60_000;

let server: RecordingServer;
const start = async (limits: RecordingServerOptions['limits'] = {}) => {
  server = await RecordingServer.start({ limits });
};
const open = () => RtmpClient.open(server.port);
afterEach(() => server.close());

describe('a connection is closed', () => {
  test('when the peer sends nothing', async () => {
    await start({ handshakeTimeoutMs: 20, publishTimeoutMs: LONG_MS });
    await (await open()).closed;
    expect(await server.logged('connection closed')).toMatchObject({ reason: 'handshake timed out', receivedBytes: 0 });
  });

  test('when the peer sends its handshake too slowly', async () => {
    await start({ handshakeTimeoutMs: 100, publishTimeoutMs: LONG_MS });
    const client = await open();
    client.socket.write(Buffer.from([3]));
    const dribble = setInterval(() => client.socket.write(Buffer.alloc(1)), 10);
    await client.closed;
    clearInterval(dribble);
    expect(await server.logged('connection closed')).toMatchObject({ reason: 'handshake timed out' });
  });

  test('when the peer does not publish in time', async () => {
    await start({ handshakeTimeoutMs: LONG_MS, publishTimeoutMs: 30 });
    const client = await open();
    await client.handshake();
    await client.closed;
    expect(await server.logged('connection closed')).toMatchObject({ reason: 'no publish in time' });
  });

  test('when the media stops, after an error status for the broadcaster', async () => {
    await start({ publishTimeoutMs: LONG_MS, idleTimeoutMs: 50 });
    const client = await open();
    await client.publish('key');
    expect(await client.answer('onStatus')).toMatchObject({
      3: { level: 'error', description: expect.stringContaining('No media') },
    });
    await client.closed;
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test('even if the peer keeps its side open', async () => {
    await start({ closeGraceMs: 30 });
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    socket.write('no RTMP');
    await once(socket, 'end');
    await server.logged('connection closed');
    socket.destroy();
  });

  test('when the peer sends requests but never reads the answers', async () => {
    await start({ maxUnsentBytes: 1024, maxMessagesPerSecond: 1_000_000 });
    const client = await open();
    await client.publish('key');
    client.socket.pause();
    const questions = Buffer.concat(Array(2000).fill(createStreamMessage()));
    const ask = () => {
      while (client.socket.write(questions));
    };
    client.socket.on('drain', ask);
    ask();
    const closed = await server.logged('connection closed');
    expect(closed).toMatchObject({ reason: 'the peer does not read' });
    client.destroy();
  });
});

test('a connection stays open as long as media arrives', async () => {
  await start({ handshakeTimeoutMs: 100, publishTimeoutMs: 100, decisionTimeoutMs: 100, idleTimeoutMs: 500 });
  const client = await open();
  await client.publish('key');
  let sent = 0;
  const media = setInterval(() => {
    sent++;
    client.send({ type: AUDIO_TAG, messageStreamId: 1, payload: Buffer.from([0xaf, 1]), chunkStreamId: 4 });
  }, 20);
  await server.until(() => (server.recordings[0]?.tags.length ?? 0) >= 40);
  clearInterval(media);
  expect(sent).toBeGreaterThanOrEqual(40);
  expect(server.recordings[0]?.closes).toBe(0);
});

/** pino's number for the level `info`. */
const INFO_LEVEL = 30;

test.each([
  ['closes', (socket: Socket) => void socket.end()],
  ['resets', (socket: Socket) => void socket.resetAndDestroy()],
])(
  'a health check that connects and %s without sending a byte is only logged at level debug and is no violation',
  async (_, leave) => {
    await start();
    const addresses = Array.from({ length: 6 }, (_, index) => `127.0.2.${1 + (index % 3)}`);
    for (const address of addresses) {
      const check = await RtmpClient.open(server.port, address);
      leave(check.socket);
    }
    await server.until(() => server.logLines.filter(({ msg }) => msg === 'connection closed').length === 6);
    expect(server.logLines.filter(({ level }) => Number(level) >= INFO_LEVEL)).toEqual([]);
    expect(server.violations).toBe(0);
  },
);

test('the number of connections per address is limited, and a connection that closes makes room', async () => {
  await start({ maxConnectionsPerAddress: 2 });
  const [first, second] = [await open(), await open()];
  await Promise.all([first.handshake(), second.handshake()]);
  const third = await open();
  third.socket.resume();
  await third.closed;
  expect(await server.logged('connections refused: too many')).toMatchObject({ remoteAddress: '127.0.0.1' });
  first.destroy();
  await server.logged('connection closed');
  expect(await (await open()).publish('key')).toMatchObject({ 3: { level: 'status' } });
});

test('refused connections are logged once a second, with the number of lines left out', async () => {
  let nowMs = 0;
  server = await RecordingServer.start({ limits: { maxConnectionsPerAddress: 1 }, now: () => nowMs });
  const first = await open();
  await first.handshake();
  const knock = async () => {
    const client = await open();
    client.socket.resume();
    await client.closed;
  };
  for (let count = 0; count < 5; count++) await knock();
  nowMs = 1_000;
  await knock();
  await server.until(() => server.logLines.filter(({ msg }) => msg === 'connections refused: too many').length === 2);
  const lines = server.logLines.filter(({ msg }) => msg === 'connections refused: too many');
  expect(lines.map(({ leftOut }) => leftOut)).toEqual([undefined, 4]);
});

describe('acknowledgements', () => {
  test('are sent only after the window that the peer has set is full', async () => {
    await start();
    const client = await open();
    await client.publish('key');
    const window = Buffer.alloc(4);
    window.writeUInt32BE(100_000);
    client.send({ type: WINDOW_ACKNOWLEDGEMENT_SIZE, messageStreamId: 0, payload: window, chunkStreamId: 2 });
    await client.roundTrip();
    expect(client.receivedTypes).not.toContain(ACKNOWLEDGEMENT);
    client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(120_000) });
    await client.received(ACKNOWLEDGEMENT);
  });

  test('follow a default window if the peer sets none, and a minimum window if the peer sets a tiny one', async () => {
    await start();
    const client = await open();
    await client.publish('key');
    client.send({ type: WINDOW_ACKNOWLEDGEMENT_SIZE, messageStreamId: 0, payload: Buffer.alloc(4), chunkStreamId: 2 });
    for (let count = 0; count < 10; count++) await client.roundTrip();
    expect(client.receivedTypes).not.toContain(ACKNOWLEDGEMENT);
    const other = await open();
    await other.publish('other');
    other.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(2_600_000) });
    await other.received(ACKNOWLEDGEMENT);
  });
});

function createStreamMessage(): Buffer {
  const payload = encodeAmf0('createStream', 9, null);
  return Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, payload.length, COMMAND, 0, 0, 0, 0]), payload]);
}

describe('media that arrives before the publish is answered', () => {
  const frames = Array.from({ length: 40 }, (_, index) => Buffer.alloc(index === 0 ? 100_000 : 10_000, index));
  const sendFrames = (client: RtmpClient) => {
    for (const payload of frames) client.send({ type: VIDEO_TAG, messageStreamId: 1, payload, chunkStreamId: 6 });
  };

  test('is delivered completely and in order once the publish is allowed, whatever its size', async () => {
    let allow: (answer: IngestAuthResponse) => void = () => undefined;
    const decision = new Promise<IngestAuthResponse>((resolve) => {
      allow = resolve;
    });
    server = await RecordingServer.start({ authorise: () => decision });
    const client = await open();
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, 'key', 'live');
    sendFrames(client);
    await (await open()).prepare(); // By then the server has read all that it reads before the answer.
    expect(server.recordings).toEqual([]);
    expect(server.violations).toBe(0);
    allow({ allow: true, stream: streamOf('key') });
    await server.until(() => server.recordings[0]?.tags.length === frames.length);
    expect(server.recordings[0]?.tags.map(({ payload }) => payload.equals(frames[payload[0] ?? 0] ?? payload))).toEqual(
      frames.map(() => true),
    );
    expect(server.recordings[0]?.tags.map(({ payload }) => payload[0])).toEqual(frames.map((_, index) => index));
  });

  test('is discarded without being parsed if the publish is refused', async () => {
    server = await RecordingServer.start({
      authorise: async () => ({ allow: false, code: 'NetStream.Publish.BadName', description: 'Unknown' }),
    });
    const client = await open();
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, 'key', 'live');
    sendFrames(client);
    expect(await client.answer('onStatus')).toMatchObject({ 3: { description: 'Unknown' } });
    await client.closed;
    expect({ violations: server.violations, recordings: server.recordings }).toEqual({ violations: 0, recordings: [] });
  });

  test('does not keep the connection open if no answer comes in time', async () => {
    server = await RecordingServer.start({
      limits: { decisionTimeoutMs: 100, closeGraceMs: 50 },
      authorise: () => new Promise(() => undefined),
    });
    const client = await open();
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, 'key', 'live');
    client.socket.pause(); // The peer neither reads nor leaves.
    sendFrames(client);
    expect(await server.logged('connection closed')).toMatchObject({
      reason: 'The server did not decide in time; try again',
    });
    client.destroy();
  });
});

test('the oldest stranger of the busiest network makes room for a newcomer, and live publishers stay', async () => {
  await start({ maxConnections: 3, handshakeTimeoutMs: LONG_MS });
  const [live, other] = [
    await RtmpClient.open(server.port, '127.0.2.1'),
    await RtmpClient.open(server.port, '127.0.2.2'),
  ];
  await live.publish('live');
  await other.publish('other');
  const idle = [];
  for (const address of ['127.0.2.3', '127.0.2.4', '127.0.2.4']) idle.push(await RtmpClient.open(server.port, address));
  for (const { socket } of idle) socket.resume();
  const newcomer = await RtmpClient.open(server.port, '127.0.2.5');
  expect(await newcomer.publish('new')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
  await idle[1]?.closed;
  expect(idle.map(({ socket }) => socket.destroyed)).toEqual([false, true, false]);
  expect(await server.logged('connections refused: too many')).toMatchObject({ remoteAddress: '127.0.2.4' });
  expect(server.recordings.map(({ closes }) => closes)).toEqual([0, 0, 0]);
  for (const client of idle) client.destroy();
});

test('a stranger that keeps reconnecting is logged once a second, with the number of lines left out', async () => {
  let nowMs = 0;
  server = await RecordingServer.start({
    now: () => nowMs,
    limits: { failedKeyDelayMs: 0 },
    authorise: async () => ({ allow: false, code: 'NetStream.Publish.BadName', description: 'Unknown' }),
  });
  const knock = async () => {
    const client = await open();
    await client.publish('wrong');
    await client.closed;
  };
  for (let count = 0; count < 20; count++) await knock();
  nowMs = 1_000;
  await knock();
  const closed = () => server.logLines.filter(({ msg }) => msg === 'connection closed').length;
  await server.until(() => closed() === 21);
  const lines = server.logLines.filter(({ level }) => Number(level) >= INFO_LEVEL);
  expect(lines).toMatchObject([
    { msg: 'publish refused', code: 'NetStream.Publish.BadName' },
    { msg: 'publish refused' },
  ]);
  expect(lines.map(({ leftOut }) => leftOut)).toEqual([undefined, 19]);
});

describe('a live publisher is disconnected and told why', () => {
  test('when it exceeds the bitrate limit for longer than a burst', async () => {
    let nowMs = 0;
    server = await RecordingServer.start({ limits: { inputBurstSeconds: 1 }, now: () => nowMs });
    const client = await open();
    await client.publish('key');
    const tag = { type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(140_000) };
    for (; nowMs < 5_000; nowMs += 100) {
      client.send({ ...tag, timestampMs: nowMs });
      await client.roundTrip();
    }
    for (let count = 0; count < 20; count++) client.send({ ...tag, timestampMs: nowMs });
    const status = {
      level: 'error',
      code: 'NetStream.Publish.Rejected',
      description: expect.stringContaining('12 Mbit/s'),
    };
    expect(await client.answer('onStatus')).toMatchObject({ 3: status });
    await client.closed;
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test('when FFmpeg cannot decode its codec', async () => {
    server = await RecordingServer.start({ enhancedCodecs: new Set(['av01']) });
    const client = await open();
    await client.publish('key');
    const send = (fourCc: string) =>
      client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from(`\x90${fourCc}`, 'latin1') });
    send('av01');
    send('hvc1');
    expect(await client.answer('onStatus')).toMatchObject({ 3: { description: expect.stringContaining('HEVC') } });
    await client.closed;
    expect(server.recordings[0]?.tags).toHaveLength(1);
  });
});

test('media that comes faster than it may be read stays with the publisher, who is not idle meanwhile', async () => {
  server = await RecordingServer.start({ limits: { inputBacklogSeconds: 1, idleTimeoutMs: 1_000 } });
  const client = await open();
  await client.publish('key');
  const startedAtMs = performance.now();
  client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(5_000_000) });
  await server.until(() => server.recordings[0]?.tags.length === 1);
  // A second's worth is read at once, and then 1.5 MB a second. Timers are never early.
  expect(performance.now() - startedAtMs).toBeGreaterThan(2_000);
  expect(await client.answer('onStatus')).toMatchObject({ 3: { description: expect.stringContaining('No media') } });
});

test('a handler that takes no more is not sent more', async () => {
  let isCrowded = true;
  server = await RecordingServer.start({
    acceptPublisher: async (publisher) => ({ ...server.record(publisher), isCrowded: () => isCrowded }),
  });
  const client = await open();
  await client.publish('key');
  const tag = { type: AUDIO_TAG, messageStreamId: 1, payload: Buffer.from([0xaf, 1]), chunkStreamId: 4 };
  client.send(tag);
  await server.until(() => server.recordings[0]?.tags.length === 1);
  client.send(tag);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.recordings[0]?.tags).toHaveLength(1);
  isCrowded = false;
  await server.until(() => server.recordings[0]?.tags.length === 2);
});

test('the answer to connect names the codecs that can be decoded', async () => {
  server = await RecordingServer.start({ enhancedCodecs: new Set(['hvc1', 'Opus']) });
  const client = await open();
  await client.handshake();
  client.sendCommand(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://127.0.0.1/live' });
  const [, , properties] = await client.answer('_result');
  expect(properties).toMatchObject({ capsEx: 1 | 4 });
  expect(properties).toHaveProperty('videoFourCcInfoMap', { avc1: 1, hvc1: 1 });
  expect(properties).toHaveProperty('audioFourCcInfoMap', { mp4a: 1, '.mp3': 1, Opus: 1 });
});

describe('a publish that ends in the middle of a read is no violation', () => {
  const tag = (bytes: number) => ({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(bytes, 0x27) });
  const sendTags = (client: RtmpClient, count: number, bytes: number) => {
    for (let index = 0; index < count; index++) client.send({ ...tag(bytes), chunkStreamId: 6 });
  };

  test.each<[string, (client: RtmpClient) => void]>([
    ['with 200 tags behind it', (client) => sendTags(client, 200, 10)],
    [
      'with a long tag behind it',
      (client) => {
        sendTags(client, 1, 10);
        sendTags(client, 1, 150_000);
      },
    ],
  ])('by its handler, %s', async (_, send) => {
    server = await RecordingServer.start({
      acceptPublisher: async (publisher) => ({
        ...server.record(publisher),
        onTag: () => publisher.end('NetStream.Publish.Rejected', 'No more'),
      }),
    });
    const client = await open();
    await client.publish('key');
    client.socket.cork();
    send(client);
    client.socket.uncork();
    await client.closed;
    await server.logged('connection closed');
    expect(server.violations).toBe(0);
    expect(server.recordings[0]?.closes).toBe(1);
  });

  test('by the broadcaster, with 200 tags behind it', async () => {
    await start({ unpublishGraceMs: 20 });
    const client = await open();
    await client.publish('key');
    client.socket.cork();
    client.sendCommand(0, 'FCUnpublish', 4, null, 'key');
    sendTags(client, 200, 10);
    client.socket.uncork();
    await client.closed;
    await server.logged('connection closed');
    expect(server.violations).toBe(0);
  });

  test('by its flood of messages', async () => {
    await start({ maxMessagesPerSecond: 50, inputBurstSeconds: 1 });
    const client = await open();
    await client.publish('key');
    client.socket.cork();
    sendTags(client, 300, 10);
    client.socket.uncork();
    await client.closed;
    await server.logged('connection closed');
    expect(server.violations).toBe(0);
  });
});

test('violations are counted and logged with the address, and leaving is not a violation', async () => {
  let nowMs = 0;
  server = await RecordingServer.start({ now: () => nowMs });
  for (const count of [1, 2]) {
    nowMs += 1_000;
    const client = await open();
    client.socket.resume();
    client.socket.write('GET / HTTP/1.1\r\n\r\n');
    await client.closed;
    await server.until(() => server.violations === count);
  }
  const client = await open();
  await client.publish('key');
  client.destroy();
  await server.until(() => server.recordings[0]?.closes === 1);
  expect(server.violations).toBe(2);
  const line = server.logLines.findLast(({ msg }) => msg === 'protocol violated');
  expect(line).toMatchObject({ remoteAddress: '127.0.0.1', reason: 'not an RTMP handshake', violations: 2 });
});

test('an address that hangs up still holds its decision slots, and other addresses are not affected', async () => {
  const asked: string[] = [];
  server = await RecordingServer.start({
    limits: { maxDecisionsPerAddress: 5 },
    authorise: ({ streamKey }) => {
      asked.push(streamKey);
      return streamKey === 'right'
        ? Promise.resolve({ allow: true, stream: streamOf('right') })
        : new Promise(() => undefined);
    },
  });
  for (let count = 0; count < 30; count++) {
    const client = await RtmpClient.open(server.port, '127.0.3.1');
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, `wrong ${count}`, 'live');
    if (count >= 5) {
      expect(await client.answer('onStatus')).toMatchObject({ 3: { code: 'NetStream.Publish.Rejected' } });
    }
    client.socket.end();
    await client.closed;
  }
  expect(asked).toHaveLength(5);
  const guest = await RtmpClient.open(server.port, '127.0.3.2');
  expect(await guest.publish('right')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
});

test('after several wrong keys, the keys of an address are refused without a check', async () => {
  const asked: string[] = [];
  server = await RecordingServer.start({
    limits: { failedKeysBeforeDelay: 1, failedKeysBeforeRefusal: 3, failedKeyDelayMs: 20 },
    authorise: async ({ streamKey }) => {
      asked.push(streamKey);
      return { allow: false, code: 'NetStream.Publish.BadName', description: 'Unknown stream key' };
    },
  });
  const codes: unknown[] = [];
  for (const key of ['one', 'two', 'three', 'four', 'five']) {
    const client = await open();
    const status = await client.publish(key);
    codes.push(Object(status[3]).code);
    await client.closed;
  }
  const [badName, rejected] = ['NetStream.Publish.BadName', 'NetStream.Publish.Rejected'];
  expect(codes).toEqual([badName, badName, badName, rejected, rejected]);
  expect(asked).toEqual(['one', 'two', 'three']);
});
