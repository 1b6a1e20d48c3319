import { hashSecret } from '#domain/stream-ids.ts';
import { STREAM_HEALTH } from '#kit/stream-record.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const NOW_MS = Date.parse('2025-01-02T03:04:05.678Z');

let api: ApiWithDatabase;

beforeEach(async () => {
  api = await startApiWithDatabase(() => NOW_MS);
});
afterEach(() => api.close());

const authorization = () => ({ Authorization: `Bearer ${api.tokens[0]}` });

async function create(body: unknown) {
  const headers = { ...authorization(), 'Content-Type': 'application/json' };
  const response = await fetch(`${api.url}/api/streams`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { response, stream: await response.json() };
}

async function read(path: string) {
  const response = await fetch(`${api.url}${path}`, { headers: authorization() });
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  return { status: response.status, body: await response.json() };
}

test('a new stream has defaults, addresses and a key', async () => {
  const { response, stream } = await create({});
  expect(response.status).toBe(201);
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/);
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  expect(response.headers.get('Location')).toBe(`/api/streams/${stream.id}`);
  expect(stream).toEqual({
    id: expect.stringMatching(/^[a-z2-7]{16}$/),
    title: 'Untitled stream',
    description: '',
    category: null,
    listed: true,
    owner: null,
    playbackId: expect.stringMatching(/^[a-z2-7]{16}$/),
    ladder: '720p',
    latency: 'low',
    codecs: ['h264'],
    playback: 'public',
    autoStart: true,
    onAir: true,
    notBefore: null,
    notAfter: null,
    allowedSources: [],
    backup: null,
    slateImage: null,
    version: 1,
    status: 'idle',
    publisher: { state: 'none', since: null },
    startedAt: null,
    health: null,
    createdAt: '2025-01-02T03:04:05.678Z',
    updatedAt: '2025-01-02T03:04:05.678Z',
    ingest: { rtmpUrl: 'rtmp://127.0.0.1:1935/live' },
    playbackUrl: `http://127.0.0.1:8080/live/${stream.playbackId}/master.m3u8`,
    watchUrl: `http://127.0.0.1:8080/watch/${stream.playbackId}`,
    streamKey: expect.stringMatching(/^[a-z2-7]{32}$/),
  });
});

test('all settings are stored, and a title keeps its characters', async () => {
  const settings = { title: '  Ünïcode 🎥 <b>"it"</b>  ', ladder: '2160p', latency: 'ultra', playback: 'public' };
  const { response, stream } = await create(settings);
  expect(response.status).toBe(201);
  expect(stream).toMatchObject({ ...settings, title: 'Ünïcode 🎥 <b>"it"</b>' });
});

test('a description has lines, a category one, and a stream may be unlisted', async () => {
  const { stream } = await create({
    description: ' One\r\n\r\nTwo\rThree 🎥 <b>\n ',
    category: ' Talks ',
    listed: false,
  });
  expect(stream).toMatchObject({ description: 'One\n\nTwo\nThree 🎥 <b>', category: 'Talks', listed: false });
  const { stream: longest } = await create({ description: '🎥'.repeat(1_000), category: 'é'.repeat(50) });
  expect(longest).toMatchObject({ description: '🎥'.repeat(1_000), category: 'é'.repeat(50) });
});

test('a request without a body makes a stream with defaults', async () => {
  const response = await fetch(`${api.url}/api/streams`, { method: 'POST', headers: authorization() });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ title: 'Untitled stream', ladder: '720p', latency: 'low' });
});

test('a chunked body is accepted', async () => {
  const response = await fetch(`${api.url}/api/streams`, {
    method: 'POST',
    headers: { ...authorization(), 'Content-Type': 'application/json; charset=utf-8' },
    body: new Blob(['{"title":', '"chunked"}']).stream(),
    duplex: 'half',
  } as RequestInit);
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ title: 'chunked' });
});

test('the key is shown once, works at once, and only its hash is stored', async () => {
  const { stream } = await create({});
  const { streamKey, ...shown } = stream;
  expect(await api.streams.findByKeyHash(hashSecret(streamKey))).toMatchObject({ id: stream.id });
  expect(await read(`/api/streams/${stream.id}`)).toEqual({ status: 200, body: shown });
  expect(await read('/api/streams')).toEqual({ status: 200, body: { streams: [shown], nextCursor: null } });
  expect(JSON.stringify(await api.streams.get(stream.id))).not.toContain(streamKey);
  expect(api.logLines.join()).not.toContain(streamKey);
});

test('streams created at the same time are distinct and all listed', async () => {
  const created = await Promise.all(Array.from({ length: 6 }, (_, index) => create({ title: `stream ${index}` })));
  for (const secret of ['id', 'playbackId', 'streamKey']) {
    expect(new Set(created.map(({ stream }) => stream[secret])).size).toBe(6);
  }
  const { body } = await read('/api/streams');
  expect(body.streams.map(({ title }: { title: string }) => title).sort()).toEqual(
    created.map(({ stream }) => stream.title).sort(),
  );
});

test('the cursors of pages lead through all streams', async () => {
  const created = await Promise.all(Array.from({ length: 5 }, () => create({})));
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { status, body } = await read(`/api/streams?limit=2${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    expect(body.streams.length).toBeLessThanOrEqual(2);
    ids.push(...body.streams.map(({ id }: { id: string }) => id));
    cursor = body.nextCursor;
  }
  expect(ids.sort()).toEqual(created.map(({ stream }) => stream.id).sort());
});

test('a stream is live, with health, while its lease is valid, and idle afterwards', async () => {
  const { stream } = await create({});
  const startedAt = '2025-01-02T03:00:00.000Z';
  await api.live.begin(makePublish(stream.id, { startedAt, nowMs: NOW_MS }));
  const beat = makeHeartbeat(stream.id, { leaseUntilMs: NOW_MS + 1, health: STREAM_HEALTH });
  await api.live.heartbeat(beat);
  const live = { status: 'live', startedAt, health: STREAM_HEALTH };
  expect((await read(`/api/streams/${stream.id}`)).body).toMatchObject(live);
  expect((await read('/api/streams')).body.streams).toEqual([expect.objectContaining(live)]);

  await api.live.heartbeat({ ...beat, leaseUntilMs: NOW_MS });
  const idle = { status: 'idle', startedAt: null, health: null };
  expect((await read(`/api/streams/${stream.id}`)).body).toMatchObject(idle);
  expect((await read('/api/streams')).body.streams).toEqual([expect.objectContaining(idle)]);
});
