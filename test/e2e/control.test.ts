import { randomBytes } from 'node:crypto';
import type { HeadendEvent } from '#domain/events.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { type ClipOptions, makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { assertNoSecret, countSecrets, rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const SMALL: Partial<ClipOptions> = { width: 320, height: 180, seconds: 24, videoKbps: 300 };

let platform: TestPlatform;
let reader: EventReader;

beforeAll(async () => {
  platform = await startTestPlatform();
  reader = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
});
afterAll(async () => {
  reader.close();
  await closeTestPlatforms();
});

interface ApiStream {
  readonly status: string;
  readonly health: {
    readonly warnings: readonly string[];
    readonly keyframeIntervalSeconds: number | null;
    readonly encoderSpeed: number | null;
    readonly videoCodec: string | null;
  } | null;
}

async function call(method: string, path: string, body?: unknown, token = platform.adminToken): Promise<Response> {
  return fetch(`${platform.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function apiStream({ id }: TestStream): Promise<ApiStream> {
  return (await call('GET', `/streams/${id}`)).json() as Promise<ApiStream>;
}

async function publish(rtmpUrl: string, clip: Partial<ClipOptions> = {}): Promise<TestPublisher> {
  return startPublisher({ clipPath: await makeClip({ ...SMALL, ...clip }), rtmpUrl });
}

/** Published and watchable. */
async function goLive(clip: Partial<ClipOptions> = {}): Promise<{ stream: TestStream; publisher: TestPublisher }> {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const publisher = await publish(stream.publishUrl, clip);
  await eventOf(stream, 'stream.live');
  return { stream, publisher };
}

const eventsOf = ({ id }: TestStream): readonly HeadendEvent[] =>
  reader.events.filter((event) => event.streamId === id);
const typesOf = (stream: TestStream): string[] => eventsOf(stream).map(({ type }) => type);
const eventOf = (stream: TestStream, type: HeadendEvent['type'], count = 1): Promise<HeadendEvent> =>
  waitFor(`${count} of ${type}`, async () => eventsOf(stream).filter((event) => event.type === type)[count - 1]);

const playlist = async (stream: TestStream): Promise<string> =>
  (await fetch(`${stream.liveUrl}/360p/media.m3u8`)).text();

test('live is said when there is something to play, and not before', async () => {
  const { stream, publisher } = await goLive();
  expect((await fetch(`${stream.liveUrl}/master.m3u8`)).status).toBe(200);
  expect(await playlist(stream)).not.toContain('#EXT-X-ENDLIST');
  await publisher.kill();
});

test('stop cuts the publisher and ends the playlist at once; the key is good for the next broadcast', async () => {
  const { stream, publisher } = await goLive();
  const answer = await call('POST', `/streams/${stream.id}/stop`);
  expect(answer.status).toBe(202);
  const { code } = await publisher.exited;
  expect(code).not.toBe(0);
  expect(await eventOf(stream, 'stream.ended')).toMatchObject({ reason: 'stopped' });
  expect(await playlist(stream)).toContain('#EXT-X-ENDLIST');
  expect((await apiStream(stream)).status).toBe('idle');
  const next = await publish(stream.publishUrl);
  await eventOf(stream, 'stream.live', 2);
  expect(await playlist(stream)).not.toContain('#EXT-X-ENDLIST');
  await next.kill();
});

test('a rotated key cuts its publisher, opens nothing any more, and the new one goes on', async () => {
  const { stream, publisher } = await goLive();
  const answer = await call('POST', `/streams/${stream.id}/key`);
  expect(answer.status).toBe(200);
  const { streamKey } = (await answer.json()) as { streamKey: string };
  rememberSecret(streamKey);
  expect((await publisher.exited).code).not.toBe(0);
  const old = await publish(stream.publishUrl);
  expect((await old.exited).stderrTail).toMatch(/stream key/i);
  const next = await publish(`${platform.rtmpUrl}/${streamKey}`);
  await waitFor('the stream to be live', async () => (await apiStream(stream)).status === 'live');
  expect(await playlist(stream)).not.toContain('#EXT-X-ENDLIST');
  await call('POST', `/streams/${stream.id}/stop`);
  await next.exited;
  await eventOf(stream, 'stream.ended');
  expect(typesOf(stream)).toEqual(['stream.live', 'stream.ended']);
});

test('delete cuts the publisher, ends the playlist and leaves nothing to publish to', async () => {
  const { stream, publisher } = await goLive();
  expect((await call('DELETE', `/streams/${stream.id}`)).status).toBe(204);
  expect((await publisher.exited).code).not.toBe(0);
  expect(await eventOf(stream, 'stream.ended')).toMatchObject({ reason: 'deleted' });
  expect(await playlist(stream)).toContain('#EXT-X-ENDLIST');
  expect((await call('GET', `/streams/${stream.id}`)).status).toBe(404);
  expect((await (await publish(stream.publishUrl)).exited).code).not.toBe(0);
});

test('the feed tells of a stream that goes live, loses its FFmpeg, goes on and ends', async () => {
  const { stream, publisher } = await goLive();
  const [pid] = await platform.ffmpegPids();
  if (pid === undefined) throw new Error('there is no FFmpeg');
  process.kill(pid, 'SIGKILL');
  await eventOf(stream, 'encoder.restarted');
  await call('POST', `/streams/${stream.id}/stop`);
  await publisher.exited;
  await eventOf(stream, 'stream.ended');
  expect(eventsOf(stream)).toMatchObject([
    { type: 'stream.live', playbackId: stream.playbackId },
    { type: 'encoder.restarted', reason: 'died' },
    { type: 'stream.ended', reason: 'stopped', durationSeconds: expect.any(Number) },
  ]);
  const times = eventsOf(stream).map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
});

test('a wrong key is an event with its address, without the key', async () => {
  const wrongKey = generateSecret(randomBytes);
  const before = reader.events.length;
  await (await publish(`${platform.rtmpUrl}/${wrongKey}`)).exited;
  const refused = await waitFor('the refusal', async () =>
    reader.events.slice(before).find(({ type }) => type === 'stream.refused'),
  );
  expect(refused).toMatchObject({
    ...{ streamId: null, code: 'NetStream.Publish.BadName', sourceAddress: '127.0.0.1' },
  });
});

test('keyframes every 8 s are a warning that says what to set', async () => {
  const { stream, publisher } = await goLive({ keyframeSeconds: 8 });
  const warning = 'keyframe interval is 8 s, set it to 2 s';
  const health = await waitFor('the warning', async () => {
    const { health: now } = await apiStream(stream);
    return now?.warnings.includes(warning) ? now : null;
  });
  expect(health).toMatchObject({ keyframeIntervalSeconds: 8, videoCodec: 'h264' });
  await publisher.kill();
});

test('an admin token that the API makes opens it until it is revoked', async () => {
  const made = await call('POST', '/tokens', { name: 'end to end' });
  expect(made.status).toBe(201);
  const { id, token } = (await made.json()) as { id: string; token: string };
  rememberSecret(token);
  expect((await call('GET', '/streams', undefined, token)).status).toBe(200);
  expect((await call('DELETE', `/tokens/${id}`)).status).toBe(204);
  expect((await call('GET', '/streams', undefined, token)).status).toBe(401);
  const wrongToken = generateSecret(randomBytes);
  rememberSecret(wrongToken);
  expect((await call('GET', '/streams', undefined, wrongToken)).status).toBe(401);
});

test('no secret is in an event, in a line of the log, or on a stream of the process', async () => {
  reader.close();
  // That nothing was printed is a condition of every platform's end.
  const { code } = await platform.stop();
  expect(code).toBe(0);
  expect(await platform.log()).toContain('stream.refused');
  expect(reader.events.map(({ type }) => type)).toContain('stream.refused');
  expect(countSecrets()).toBeGreaterThan(8);
  assertNoSecret(JSON.stringify(reader.events), 'an event');
});
