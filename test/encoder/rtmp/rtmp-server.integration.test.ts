import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { generateSecret } from '#domain/stream-ids.ts';
import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoKeyframe,
  isVideoSequenceHeader,
  SCRIPT_TAG,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';
import { parseScriptMetadata } from '#encoder/media/script-metadata.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { H264, publishWithFfmpeg, testAudio, testVideo } from '../media/ffmpeg.ts';
import { RecordingServer, type RecordingServerOptions, streamOf } from './recording-server.ts';

const CLIP = [...testVideo('160x90', '30', 1), ...testAudio(1), ...H264, '-c:a', 'aac'];
const REJECTED = 'NetStream.Publish.Rejected';

let server: RecordingServer;
const start = async (options?: RecordingServerOptions) => {
  server = await RecordingServer.start(options);
};
afterEach(() => server.close());

const ofType = (tags: readonly FlvTag[], type: FlvTag['type']) => tags.filter((tag) => tag.type === type);

describe('a broadcast by FFmpeg', () => {
  test('arrives complete: metadata, sequence headers, then every frame with rising timestamps', async () => {
    await start({ now: () => 1_700_000_000_000 });
    const { code, stderr } = await publishWithFfmpeg(server.url('key'), CLIP);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await server.until(() => server.recordings[0]?.closes === 1);
    const tags = server.recordings[0]?.tags ?? [];
    const metadata = ofType(tags, SCRIPT_TAG).map((tag) => parseScriptMetadata(tag.payload));
    expect(metadata[0]?.get('width')).toBe(160);
    expect(isVideoSequenceHeader(ofType(tags, VIDEO_TAG)[0] ?? tagOf(SCRIPT_TAG))).toBe(true);
    expect(isAudioSequenceHeader(ofType(tags, AUDIO_TAG)[0] ?? tagOf(SCRIPT_TAG))).toBe(true);
    const pictures = ofType(tags, VIDEO_TAG).filter((tag) => tag.payload[1] === 1);
    expect(pictures).toHaveLength(30);
    expect(pictures.map(isVideoKeyframe).indexOf(true)).toBe(0);
    const frameGapsMs = pictures.slice(1).map((tag, index) => tag.timestampMs - (pictures[index]?.timestampMs ?? 0));
    expect(new Set(frameGapsMs)).toEqual(new Set([33, 34]));
    const audioTimes = ofType(tags, AUDIO_TAG).map((tag) => tag.timestampMs);
    expect(audioTimes.length).toBeGreaterThan(40);
    expect(audioTimes).toEqual([...audioTimes].sort((a, b) => a - b));
    expect(new Set(server.recordings[0]?.receivedAtMs)).toEqual(new Set([1_700_000_000_000]));
  });

  test('is logged with its connection, address and stream, and never with its key', async () => {
    await start({ authorise: async () => ({ allow: true, stream: { ...streamOf('any'), streamId: 'stream-1' } }) });
    const key = generateSecret(randomBytes);
    await publishWithFfmpeg(server.url(key), CLIP);
    const closed = await server.logged('connection closed');
    expect(closed).toMatchObject({ remoteAddress: '127.0.0.1', reason: 'unpublished by the broadcaster' });
    expect(closed.receivedBytes).toBeGreaterThan(10_000);
    expect(closed.durationMs).toBeGreaterThan(0);
    expect(await server.logged('publish accepted')).toMatchObject({
      connectionId: server.recordings[0]?.publisher.id,
      streamId: 'stream-1',
    });
    expect(JSON.stringify(server.logLines)).not.toContain(key);
  });

  test.each([
    ['NetStream.Publish.BadName', 'The stream key was revoked'],
    [REJECTED, 'All encoders are busy; try again in a minute'],
  ] as const)('is refused with %s, and FFmpeg prints why', async (code, description) => {
    await start({ authorise: async () => ({ allow: false, code, description }) });
    const ffmpeg = await publishWithFfmpeg(server.url('key'), CLIP);
    expect(ffmpeg.code).not.toBe(0);
    expect(ffmpeg.stderr).toContain(description);
    expect(server.recordings).toEqual([]);
    expect(await server.logged('publish refused')).toMatchObject({ code, description });
  });

  test('ends when the server drains, and FFmpeg prints why', async () => {
    await start();
    const long = ['-re', ...testVideo('160x90', '30', 60), ...H264];
    const ffmpeg = publishWithFfmpeg(server.url('key'), long);
    await server.until(() => (server.recordings[0]?.tags.length ?? 0) > 10);
    await server.drain();
    expect(server.recordings[0]?.closes).toBe(1);
    const { code, stderr } = await ffmpeg;
    expect(code).not.toBe(0);
    expect(stderr).toContain('The server is being replaced; connect again');
    const again = await publishWithFfmpeg(server.url('key'), CLIP);
    expect(again.stderr).toContain('The server is being replaced; connect again');
    expect(server.recordings).toHaveLength(1);
  });

  test('to another application is refused, and FFmpeg prints the right address', async () => {
    await start();
    const ffmpeg = await publishWithFfmpeg(server.url('key').replace('/live/', '/studio/'), CLIP);
    expect(ffmpeg.code).not.toBe(0);
    expect(ffmpeg.stderr).toContain('rtmp://HOST/live');
    expect(server.recordings).toEqual([]);
  });
});

test('the query string is removed from the stream name', async () => {
  await start();
  const client = await RtmpClient.open(server.port);
  expect(await client.publish('key?bandwidthtest=true')).toMatchObject({ 3: { code: 'NetStream.Publish.Start' } });
  expect(server.recordings[0]?.publisher.stream.streamId).toBe('stream-key');
});

test('an application name with a trailing slash is accepted, because some broadcasters type one', async () => {
  await start();
  const client = await RtmpClient.open(server.port);
  await expect(client.prepare('live/')).resolves.toBeUndefined();
});

test('closing the server tells publishers to come back, closes their handlers and leaves no socket open', async () => {
  await start();
  const publisher = await RtmpClient.open(server.port);
  await publisher.publish('key');
  const stranger = await RtmpClient.open(server.port);
  await server.close();
  expect(await publisher.answer('onStatus')).toMatchObject({ 3: { level: 'error', code: REJECTED } });
  await Promise.all([publisher.closed, stranger.closed]);
  expect(server.recordings[0]?.closes).toBe(1);
  const late = connect(server.port, '127.0.0.1');
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await start();
});

test('starting on a port that is in use rejects with the error of the socket', async () => {
  await start();
  await expect(RecordingServer.start({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

function tagOf(type: FlvTag['type']): FlvTag {
  return { type, timestampMs: 0, payload: Buffer.alloc(0) };
}
