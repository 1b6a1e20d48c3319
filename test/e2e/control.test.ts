import { randomBytes } from 'node:crypto';
import type { HeadendEvent, TimelineEvent } from '#domain/events.ts';
import type { HealthReport } from '#domain/health-report.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { readPictureHeader } from '#functions/control-api/picture-header.ts';
import type { ClipOptions } from '#kit/clip.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { assertNoSecret, countSecrets, rememberSecret } from '#kit/secrets.ts';
import { waitFor } from '#kit/wait-for.ts';
import { fetchMediaPlaylist, publish, SMALL_CLIP } from '#test/support/broadcast.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

let platform: TestPlatform;
let reader: EventReader;
/** It has to be on air for some time, in which the other tests run. */
let slowKeyframes: Awaited<ReturnType<typeof goLive>>;

beforeAll(async () => {
  platform = await startTestPlatform();
  reader = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
  slowKeyframes = await goLive({ seconds: 24, keyframeSeconds: 8 });
});
afterAll(async () => {
  reader.close();
  await closeTestPlatforms();
});

interface ApiStream {
  readonly status: string;
  readonly publisher: { readonly state: string };
  readonly health: {
    readonly warnings: readonly string[];
    readonly keyframeIntervalSeconds: number | null;
    readonly encoderSpeed: number | null;
    readonly videoCodec: string | null;
  } | null;
}

async function apiStream({ id }: TestStream): Promise<ApiStream> {
  return (await platform.callApi('GET', `/streams/${id}`)).json();
}

/** Publishes to a new stream. The event says that it is live as soon as there is something to play, and not before. */
async function goLive(clip: Partial<ClipOptions> = {}): Promise<{ stream: TestStream; publisher: TestPublisher }> {
  const stream = await platform.createStream({ ladder: '360p', latency: 'ultra' });
  const publisher = await publish(stream.publishUrl, { ...SMALL_CLIP, ...clip });
  await eventOf(stream, 'stream.live');
  expect((await fetch(`${stream.liveUrl}/master.m3u8`)).status).toBe(200);
  return { stream, publisher };
}

const eventsOf = ({ id }: TestStream): readonly HeadendEvent[] =>
  reader.events.filter((event) => event.streamId === id);
const typesOf = (stream: TestStream): string[] => eventsOf(stream).map(({ type }) => type);
const eventOf = (stream: TestStream, type: HeadendEvent['type'], count = 1): Promise<HeadendEvent> =>
  waitFor(`${count} of ${type}`, () => eventsOf(stream).filter((event) => event.type === type)[count - 1]);

test('stop cuts the publisher and ends the playlist at once; the key stays good for the next broadcast', async () => {
  const { stream, publisher } = await goLive();
  expect(await fetchMediaPlaylist(stream, '360p')).not.toContain('#EXT-X-ENDLIST');
  const answer = await platform.callApi('POST', `/streams/${stream.id}/stop`);
  expect(answer.status).toBe(202);
  const { code } = await publisher.exited;
  expect(code).not.toBe(0);
  expect(await eventOf(stream, 'stream.ended')).toMatchObject({ reason: 'stopped' });
  expect(await fetchMediaPlaylist(stream, '360p')).toContain('#EXT-X-ENDLIST');
  expect((await apiStream(stream)).status).toBe('idle');
  const next = await publish(stream.publishUrl);
  await eventOf(stream, 'stream.live', 2);
  expect(await fetchMediaPlaylist(stream, '360p')).not.toContain('#EXT-X-ENDLIST');
  await next.kill();
});

test('rotating the key cuts the publisher; the old key is refused and the new one continues the stream', async () => {
  const { stream, publisher } = await goLive();
  const answer = await platform.callApi('POST', `/streams/${stream.id}/key`);
  expect(answer.status).toBe(200);
  const { streamKey } = (await answer.json()) as { streamKey: string };
  rememberSecret(streamKey);
  expect((await publisher.exited).code).not.toBe(0);
  const old = await publish(stream.publishUrl);
  expect((await old.exited).stderrTail).toMatch(/stream key/i);
  const next = await publish(`${platform.rtmpUrl}/${streamKey}`);
  await waitFor('the new publisher', async () => (await apiStream(stream)).publisher.state === 'connected');
  expect(await fetchMediaPlaylist(stream, '360p')).not.toContain('#EXT-X-ENDLIST');
  await platform.callApi('POST', `/streams/${stream.id}/stop`);
  await next.exited;
  await eventOf(stream, 'stream.ended');
  expect(typesOf(stream)).toEqual(['stream.live', 'stream.ended']);
});

test('delete cuts the publisher, takes the playlist away and refuses the key from then on', async () => {
  const { stream, publisher } = await goLive();
  expect((await platform.callApi('DELETE', `/streams/${stream.id}`)).status).toBe(204);
  expect((await publisher.exited).code).not.toBe(0);
  expect(await eventOf(stream, 'stream.ended')).toMatchObject({ reason: 'deleted' });
  expect((await fetch(`${stream.liveUrl}/360p/media.m3u8`)).status).toBe(404);
  expect((await platform.callApi('GET', `/streams/${stream.id}`)).status).toBe(404);
  expect((await (await publish(stream.publishUrl)).exited).code).not.toBe(0);
});

test('a stream that goes live, loses its FFmpeg, goes on and ends is three events, in order of time', async () => {
  // The FFmpegs of earlier streams wait for their publishers.
  const others = await platform.ffmpegPids();
  const { stream, publisher } = await goLive();
  const pid = (await platform.ffmpegPids()).find((each) => !others.includes(each));
  if (pid === undefined) throw new Error('there is no FFmpeg');
  process.kill(pid, 'SIGKILL');
  await eventOf(stream, 'encoder.restarted');
  await platform.callApi('POST', `/streams/${stream.id}/stop`);
  await publisher.exited;
  await eventOf(stream, 'stream.ended');
  expect(eventsOf(stream)).toMatchObject([
    { type: 'stream.live', playbackId: stream.playbackId },
    { type: 'encoder.restarted', reason: 'died' },
    { type: 'stream.ended', reason: 'stopped', durationSeconds: expect.any(Number) },
  ]);
  const seen = await waitFor('the timeline', async () => {
    const { events } = await (await platform.callApi('GET', `/streams/${stream.id}/events`)).json();
    return events.length >= 5 && (events as TimelineEvent[]);
  });
  expect(seen.map((event) => (event.type === 'stream.changed' ? event.action : event.type)).toReversed()).toEqual([
    ...['POST /api/streams', 'stream.live', 'encoder.restarted'],
    ...['POST /api/streams/{id}/stop', 'stream.ended'],
  ]);
  const times = eventsOf(stream).map(({ time }) => time);
  expect(times).toEqual(times.toSorted());
});

test('a publish with a wrong key is an event with the address of the publisher', async () => {
  const wrongKey = generateSecret(randomBytes);
  const before = reader.events.length;
  await (await publish(`${platform.rtmpUrl}/${wrongKey}`)).exited;
  const refused = await waitFor('the refusal', () =>
    reader.events.slice(before).find(({ type }) => type === 'stream.refused'),
  );
  expect(refused).toMatchObject({
    streamId: null,
    code: 'NetStream.Publish.BadName',
    sourceAddress: '127.0.0.1',
  });
});

test('those who broadcast see health and history, viewers do not, and everybody sees the newest picture', async () => {
  const { stream } = slowKeyframes;
  const answer = await platform.callApi('POST', `/streams/${stream.id}/preview-tokens`);
  const { embedUrl, healthUrl } = (await answer.json()) as { embedUrl: string; healthUrl: string };
  expect((await fetch(embedUrl)).status).toBe(200);
  const report = await waitFor('a history', async () => {
    const now = (await (await fetch(healthUrl)).json()) as HealthReport;
    return now.history.audioLevelDb.some((level) => level !== null) && now;
  });
  expect(report).toMatchObject({ now: { videoCodec: 'h264', audioCodec: 'aac' }, startedAt: expect.any(String) });
  expect((await fetch(`${stream.liveUrl}/health.json`)).status).toBe(403);
  const poster = await fetch(`${stream.liveUrl}/poster.jpg`);
  expect([poster.status, poster.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  const picture = readPictureHeader(Buffer.from(await poster.arrayBuffer()));
  expect(picture.width / picture.height).toBeCloseTo(16 / 9, 1);
});

test('keyframes every 8 s are a warning that says what to set', async () => {
  const { stream, publisher } = slowKeyframes;
  const warning =
    'Keyframes come every 8 s; set the keyframe interval to 2 s (OBS: Settings > Output > Streaming > Keyframe Interval)';
  const health = await waitFor('the warning', async () => {
    const { health: now } = await apiStream(stream);
    return now?.warnings.includes(warning) ? now : null;
  });
  expect(health).toMatchObject({ keyframeIntervalSeconds: 8, videoCodec: 'h264' });
  await publisher.kill();
});

test('the link of the ready line signs the owner in, once, and the cookie opens the API through the edge', async () => {
  const { origin, pathname, hash } = new URL(platform.studioUrl);
  expect([origin, pathname]).toEqual([platform.playbackBaseUrl, '/studio/']);
  const open = () =>
    fetch(`${platform.apiUrl}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ invite: hash.replace('#invite=', '') }),
    });
  const [cookie = ''] = (await open()).headers.getSetCookie().map((header) => header.split(';', 1)[0] ?? '');
  rememberSecret(cookie.split('=')[1] ?? '');
  const current = await fetch(`${platform.apiUrl}/sessions/current`, { headers: { cookie } });
  expect([current.status, await current.json()]).toMatchObject([200, { name: 'Owner', role: 'owner' }]);
  const create = (headers: Record<string, string>) =>
    fetch(`${platform.apiUrl}/streams`, { method: 'POST', headers: { cookie, ...headers } });
  expect((await create({})).status).toBe(403);
  const created = await create({ origin });
  rememberSecret((await created.json()).streamKey);
  expect([created.status, (await open()).status]).toEqual([201, 401]);
});

test('no secret is in an event, in the log, or in the output of the process', async () => {
  reader.close();
  // `stop` rejects if the log or the output has a secret.
  const { code } = await platform.stop();
  expect(code).toBe(0);
  expect(await platform.log()).toContain('stream.refused');
  expect(reader.events.map(({ type }) => type)).toContain('stream.refused');
  expect(countSecrets()).toBeGreaterThan(5);
  assertNoSecret(JSON.stringify(reader.events), 'an event');
});
