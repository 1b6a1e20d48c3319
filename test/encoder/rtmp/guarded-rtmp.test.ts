import { randomBytes } from 'node:crypto';
import { DEFAULT_RTMP_LIMITS } from '#encoder/guard/rtmp-limits.ts';
import { AUDIO_TAG, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { RtmpParser } from '#encoder/rtmp/rtmp-parser.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { COMMAND, RtmpClient, type RtmpMessage, SET_CHUNK_SIZE } from '#kit/rtmp-client.ts';
import { RecordingServer, streamOf } from './recording-server.ts';

const ABORT = 2;
const WINDOW_ACKNOWLEDGEMENT_SIZE = 5;
const AMF3_DATA = 15;
const AMF3_COMMAND = 17;
const WITNESS_TAGS = 40;

const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

let server: RecordingServer;
let witness: RtmpClient;
beforeEach(async () => {
  server = await RecordingServer.start({
    limits: { closeGraceMs: 50 },
    authorise: async ({ streamKey }) =>
      streamKey.startsWith('bad')
        ? { allow: false, code: 'NetStream.Publish.BadName', description: 'Unknown stream key' }
        : { allow: true, stream: { ...streamOf(streamKey), streamId: streamKey } },
  });
  witness = await RtmpClient.open(server.port);
  await witness.publish('witness');
  sendWitnessTags();
});
/** Whatever the other connections did, the witness's publish has received all of its own tags and no other tags. */
afterEach(async () => {
  sendWitnessTags();
  const tagsOfWitness = () => server.recordings[0]?.tags ?? [];
  await server.until(() => tagsOfWitness().length >= 2 * WITNESS_TAGS);
  const numbers = [...Array(WITNESS_TAGS).keys()].map((index) => `frame ${index}`);
  expect(tagsOfWitness().map((tag) => tag.payload.toString())).toEqual([...numbers, ...numbers]);
  expect(server.recordings[0]?.closes).toBe(0);
  await server.close();
});

function sendWitnessTags(): void {
  for (let index = 0; index < WITNESS_TAGS; index++) {
    witness.send({
      type: VIDEO_TAG,
      messageStreamId: 1,
      payload: Buffer.from(`frame ${index}`),
      timestampMs: index * 33,
    });
  }
}

const openClient = () => RtmpClient.open(server.port);

/** Sends one chunk of a message of 1000 bytes, and then another full header with the changed fields. */
function changeHalfWay(client: RtmpClient, changed: Partial<RtmpMessage>): void {
  const message = { type: COMMAND, messageStreamId: 0, payload: Buffer.alloc(128), declaredBytes: 1000 };
  client.send(message);
  client.send({ ...message, ...changed });
}

describe('only the offending connection is closed on', () => {
  test.each<[string, (client: RtmpClient) => void]>([
    ['a request in another protocol', (client) => client.socket.write('GET / HTTP/1.1\r\nHost: live\r\n\r\n')],
    ['another RTMP version', (client) => client.socket.write(Buffer.from([6]))],
  ])('%s', async (_, attack) => {
    const client = await openClient();
    attack(client);
    client.socket.resume();
    await client.closed;
    expect(await server.logged('connection closed')).toMatchObject({ reason: 'not an RTMP handshake' });
  });

  test.each<[string, Omit<RtmpMessage, 'messageStreamId'> | readonly Omit<RtmpMessage, 'messageStreamId'>[]]>([
    ['a chunk size of 0', { type: SET_CHUNK_SIZE, payload: uint32(0) }],
    ['a chunk size below 128 bytes', { type: SET_CHUNK_SIZE, payload: uint32(127) }],
    ['a chunk size with the top bit set', { type: SET_CHUNK_SIZE, payload: uint32(0x80000000) }],
    ['a chunk size message of two bytes', { type: SET_CHUNK_SIZE, payload: Buffer.alloc(2) }],
    ['an abort message without a chunk stream id', { type: ABORT, payload: Buffer.alloc(1) }],
    ['a window size message of three bytes', { type: WINDOW_ACKNOWLEDGEMENT_SIZE, payload: Buffer.alloc(3) }],
    ['a video message that announces 16 MiB', { type: VIDEO_TAG, payload: Buffer.alloc(9), declaredBytes: 0xffffff }],
    ['a command that announces 65 KiB', { type: COMMAND, payload: Buffer.alloc(9), declaredBytes: 65 * 1024 }],
    ['a script message that announces 1 MiB', { type: SCRIPT_TAG, payload: Buffer.alloc(9), declaredBytes: 2 ** 20 }],
    ['a command that is not AMF0', { type: COMMAND, payload: Buffer.alloc(64, 0xff) }],
    [
      'a command that ends early',
      { type: COMMAND, payload: encodeAmf0('connect', 1, { app: 'live' }).subarray(0, 30) },
    ],
    ['an AMF3 command whose body is not AMF0', { type: AMF3_COMMAND, payload: Buffer.alloc(8, 0x11) }],
    ['an AMF3 command of one byte', { type: AMF3_COMMAND, payload: Buffer.alloc(1) }],
    ['a command named like a property of every object', { type: COMMAND, payload: encodeAmf0('constructor', 1) }],
    ['arrays nested 10,000 deep', { type: COMMAND, payload: Buffer.alloc(50_000, Buffer.from([10, 0, 0, 0, 1])) }],
    ['connect without arguments', { type: COMMAND, payload: encodeAmf0('connect') }],
    ['connect without a transaction id', { type: COMMAND, payload: encodeAmf0('connect', null, { app: 'live' }) }],
    ['connect without an application', { type: COMMAND, payload: encodeAmf0('connect', 1, {}) }],
    ['connect with null instead of arguments', { type: COMMAND, payload: encodeAmf0('connect', 1, null) }],
    ['connect to an application that is a number', { type: COMMAND, payload: encodeAmf0('connect', 1, { app: 5 }) }],
    [
      'connect to an application of 50,000 slashes',
      { type: COMMAND, payload: encodeAmf0('connect', 1, { app: `${'/'.repeat(50_000)}x` }) },
    ],
    ['createStream without a transaction id', { type: COMMAND, payload: encodeAmf0('createStream') }],
    ['publish before connect', { type: COMMAND, payload: encodeAmf0('publish', 1, null, 'key', 'live') }],
    ['play before connect', { type: COMMAND, payload: encodeAmf0('play', 1, null, 'key') }],
    [
      'more chunk streams than allowed',
      [...Array(20).keys()].map((index) => ({ type: VIDEO_TAG, payload: Buffer.alloc(1), chunkStreamId: 10 + index })),
    ],
    [
      'messages on several chunk streams that together announce too many bytes',
      [...Array(8).keys()].map((index) => ({
        type: VIDEO_TAG,
        payload: Buffer.alloc(128),
        declaredBytes: 20_000,
        chunkStreamId: 10 + index,
      })),
    ],
    [
      'media that exceeds the byte limit before a publish',
      Array(80).fill({ type: VIDEO_TAG, payload: Buffer.alloc(1000) }),
    ],
  ])('%s', async (_, messages) => {
    const client = await openClient();
    await client.handshake();
    for (const message of [messages].flat()) client.send({ messageStreamId: 0, ...message });
    await client.closed;
    expect(await server.logged('connection closed')).toMatchObject({ reason: expect.stringMatching(/\w/) });
  });

  test('too many messages before a publish', async () => {
    const client = await openClient();
    await client.prepare();
    for (let count = 0; count < 100; count++) client.sendCommand(0, 'FCPublish', 3, null, 'key');
    await client.closed;
    expect(await server.logged('connection closed')).toMatchObject({ reason: 'too many messages before a publish' });
  });

  test.each<[string, Partial<RtmpMessage>]>([
    ['a length that grows half-way through a message', { declaredBytes: 60_000 }],
    ['a length that shrinks half-way through a message', { declaredBytes: 10 }],
    ['a type that changes half-way through a message', { type: VIDEO_TAG }],
  ])('%s', async (_, changed) => {
    const client = await openClient();
    await client.handshake();
    changeHalfWay(client, changed);
    await client.closed;
    const reason = 'a message changed its length or type half-way';
    expect(await server.logged('connection closed')).toMatchObject({ reason });
  });

  test.each([
    ['no stream name', []],
    ['an empty stream name', ['']],
    ['only a query string as its stream name', ['?key']],
    ['a number as its stream name', [5]],
    ['an object as its stream name', [{ toString: 'x' }]],
  ])('a publish with %s, after an error status for the peer', async (_, names) => {
    const client = await openClient();
    await client.prepare();
    client.sendCommand(1, 'publish', 3, null, ...names);
    expect(await client.answer('onStatus')).toMatchObject({ 3: { level: 'error', code: 'NetStream.Publish.BadName' } });
    await client.closed;
  });

  test('a play command followed by media, after an error status for the peer', async () => {
    const client = await openClient();
    await client.prepare();
    client.sendCommand(1, 'play', 3, null, 'witness');
    client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from('from a player') });
    expect(await client.answer('onStatus')).toMatchObject({ 3: { level: 'error', code: 'NetStream.Play.Failed' } });
    await client.closed;
  });

  test('media after a refused publish', async () => {
    const client = await openClient();
    const status = client.publish('bad-key');
    expect(await status).toMatchObject({ 3: { code: 'NetStream.Publish.BadName', description: 'Unknown stream key' } });
    client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from('from a refused one') });
    await client.closed;
    expect(server.recordings).toHaveLength(1);
  });

  test.each(['other', 'witness'])('a second publish on one connection, for the stream %s', async (streamName) => {
    const client = await openClient();
    await client.publish('first');
    client.sendCommand(0, 'createStream', 4, null);
    client.sendCommand(2, 'publish', 5, null, streamName, 'live');
    await client.closed;
    await server.until(() => server.recordings[1]?.closes === 1);
    expect(server.recordings).toHaveLength(2);
  });

  test('messages of a live publisher that together exceed the buffer limit', async () => {
    const client = await openClient();
    await client.publish('first');
    for (const chunkStreamId of [4, 5, 6]) {
      const message = { type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(128) };
      client.send({ ...message, declaredBytes: 9_000_000, chunkStreamId });
    }
    await client.closed;
    const closed = await server.logged('connection closed');
    expect(closed).toMatchObject({ reason: expect.stringContaining('in flight'), streamId: 'first' });
  });

  test.each([1, 2, 3, 4, 5])('random bytes after the handshake and then a FIN, round %i', async () => {
    const client = await openClient();
    await client.handshake();
    client.socket.end(randomBytes(60_000));
    await client.closed;
  });
});

describe('the server tolerates', () => {
  test.each([
    ['connect with a tcUrl that is not a URL', { app: 'live', tcUrl: 'no url' }],
    ['connect without a tcUrl', { app: 'live' }],
    ['connect with a property that is named "constructor"', { app: 'live', __proto__: null, constructor: 'x' }],
  ])('%s', async (_, details) => {
    const client = await openClient();
    await client.handshake();
    client.sendCommand(0, 'connect', 1, details);
    expect(await client.answer('_result')).toMatchObject({ 3: { code: 'NetConnection.Connect.Success' } });
    client.destroy();
  });

  test('unknown commands, which broadcasting software sends before a publish', async () => {
    const client = await openClient();
    await client.prepare();
    client.sendCommand(0, 'releaseStream', 3, null, 'key');
    client.sendCommand(0, 'FCPublish', 4, null, 'key');
    client.sendCommand(0, '_checkbw', 5, null);
    await client.roundTrip();
  });

  test('media of other message streams, empty media and an aborted message, and passes none of it on', async () => {
    const client = await openClient();
    await client.publish('first');
    const send = (message: Partial<RtmpMessage>) =>
      client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.alloc(0), chunkStreamId: 6, ...message });
    send({ messageStreamId: 7, payload: Buffer.from('other stream') });
    send({ type: VIDEO_TAG });
    send({ type: AUDIO_TAG });
    send({ type: SCRIPT_TAG });
    send({ type: AMF3_DATA });
    send({ payload: Buffer.alloc(128), declaredBytes: 500 });
    client.send({ type: ABORT, messageStreamId: 0, payload: uint32(6), chunkStreamId: 2 });
    send({ payload: Buffer.from('first of its own') });
    await server.until(() => server.recordings[1]?.tags.length === 1);
    expect(server.recordings[1]?.tags[0]?.payload.toString()).toBe('first of its own');
  });
});

describe('the server reads', () => {
  test('messages of several chunks, and copies each payload', async () => {
    const client = await openClient();
    await client.publish('first');
    const payloads = [randomBytes(5_000), randomBytes(4_000), randomBytes(4_500)];
    for (const payload of payloads) client.send({ type: VIDEO_TAG, messageStreamId: 1, payload });
    await server.until(() => server.recordings[1]?.tags.length === 3);
    expect(server.recordings[1]?.tags.map((tag) => tag.payload)).toEqual(payloads);
  });

  test.each([
    ['AMF0', SCRIPT_TAG, Buffer.alloc(0)],
    ['AMF3', AMF3_DATA, Buffer.alloc(1)],
  ])('%s script data as an FLV tag, without @setDataFrame', async (_, type, prefix) => {
    const client = await openClient();
    await client.publish('first');
    const script = encodeAmf0('onMetaData', { width: 320 });
    for (const payload of [script, Buffer.concat([encodeAmf0('@setDataFrame'), script])]) {
      client.send({ type, messageStreamId: 1, payload: Buffer.concat([prefix, payload]) });
    }
    await server.until(() => server.recordings[1]?.tags.length === 2);
    const tag = { type: SCRIPT_TAG, timestampMs: 0, payload: script };
    expect(server.recordings[1]?.tags).toEqual([tag, tag]);
  });

  test('extended timestamps, even when they wrap after 49 days', async () => {
    const client = await openClient();
    await client.publish('first');
    const video = [VIDEO_TAG, 1, 0, 0, 0];
    const fullHeader = [6, 0xff, 0xff, 0xff, 0, 0, 1, ...video, 0xff, 0xff, 0xff, 0xf0];
    const deltaHeader = [0x46, 0, 0, 0x20, 0, 0, 1, VIDEO_TAG];
    client.socket.write(Buffer.from([...fullHeader, 0x17, ...deltaHeader, 0x27, ...deltaHeader, 0x27]));
    await server.until(() => server.recordings[1]?.tags.length === 3);
    expect(server.recordings[1]?.tags.map((tag) => tag.timestampMs)).toEqual([0xfffffff0, 0x10, 0x30]);
  });
});

test('a connection allocates no buffer for the FLV parser, which is unused', () => {
  const parser = new RtmpParser(
    { limits: DEFAULT_RTMP_LIMITS, enhancedCodecs: new Set(), phase: () => 'stranger' },
    { onOutput: () => {}, onPublish: () => {}, onUnpublish: () => {}, onMessage: () => {}, onTag: () => {} },
  );
  expect(parser.flv.parserTagData).toHaveLength(0);
});
