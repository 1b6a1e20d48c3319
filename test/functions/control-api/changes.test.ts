import { hashSecret } from '#domain/stream-ids.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

const CREATED_AT = '2025-01-02T03:04:05.678Z';
let nowMs: number;
let api: ApiWithDatabase;

beforeAll(async () => {
  api = await startApiWithDatabase(() => nowMs);
});
beforeEach(() => {
  nowMs = Date.parse(CREATED_AT);
});
afterAll(() => api.close());

async function create(body: unknown = {}) {
  const { json } = await api.call('POST', '/api/streams', { body });
  const { streamKey, ...stream } = json;
  return { stream, streamKey, path: `/api/streams/${stream.id}` };
}

const goLive = (streamId: string) =>
  api.live.begin(makePublish(streamId, { startedAt: CREATED_AT, nowMs: Date.now() + 3_600_000 }));

describe('PATCH', () => {
  const WINDOW = { notBefore: '2025-06-01T00:00:00.000Z', notAfter: '2025-06-02T00:00:00.000Z' };
  const TEXTS = { title: 'New', description: 'Two\nlines', category: 'Talks', listed: false };
  const ALL = { ...TEXTS, ladder: '480p', latency: 'ultra', ...WINDOW, allowedSources: ['192.0.2.0/24', '::1'] };

  test('changes every setting, and nothing else', async () => {
    const { stream, path } = await create();
    nowMs += 1_000;
    const changed = { ...stream, ...ALL, version: 2, updatedAt: '2025-01-02T03:04:06.678Z' };
    const { status, json, headers } = await api.call('PATCH', path, { body: ALL });
    expect({ status, json, tag: headers.get('ETag') }).toEqual({ status: 200, json: changed, tag: '"2"' });
    expect((await api.call('GET', path)).json).toEqual(changed);
  });

  test.each(Object.entries(ALL))('of %s alone does not change the others', async (field, value) => {
    const { stream, path } = await create({ title: 'Old', ladder: '1080p', latency: 'standard' });
    const { json } = await api.call('PATCH', path, { body: { [field]: value } });
    expect(json).toEqual({ ...stream, [field]: value, version: 2 });
  });

  test.each([{}, { title: 'Old', allowedSources: ['::1'] }])(
    'of %j, which changes nothing, is no new version',
    async (body) => {
      const { stream, path } = await create({ title: 'Old', allowedSources: ['::1'] });
      nowMs += 1_000;
      const { status, json, headers } = await api.call('PATCH', path, { body });
      expect({ status, json, tag: headers.get('ETag') }).toEqual({ status: 200, json: stream, tag: '"1"' });
      expect((await api.call('GET', path)).json).toEqual(stream);
    },
  );

  test('removes a window and an allow-list', async () => {
    const { path } = await create(ALL);
    const none = { notBefore: null, notAfter: null, allowedSources: [] };
    expect((await api.call('PATCH', path, { body: none })).json).toMatchObject(none);
  });

  test('stores moments in UTC', async () => {
    const { path } = await create();
    const { json } = await api.call('PATCH', path, { body: { notBefore: '2025-06-01T02:00:00+02:00' } });
    expect(json.notBefore).toBe('2025-06-01T00:00:00.000Z');
  });

  test.each([
    [{ title: '' }, 'title'],
    [{ title: null }, 'title'],
    [{ ladder: '4k' }, 'ladder'],
    [{ latency: null }, 'latency'],
    [{ playback: 'private' }, 'playback'],
    [{ id: 'aaaaaaaaaaaaaaaa' }, 'id'],
    [{ keyHash: 'mine' }, 'keyHash'],
    [{ version: 7 }, 'version'],
    // The first moment of the year 10000 in UTC, and the last of the year before 0.
    [{ notAfter: '9999-12-31T23:59:59-23:59' }, 'notAfter'],
    [{ notBefore: '0000-01-01T00:00:00+23:59' }, 'notBefore'],
    [{ notBefore: 'tomorrow' }, 'notBefore'],
    [{ notBefore: '2025-06-01' }, 'notBefore'],
    [{ notBefore: '2025-02-30T00:00:00Z' }, 'notBefore'],
    [{ notAfter: '2025-06-01T00:00:00' }, 'notAfter'],
    [{ notAfter: 0 }, 'notAfter'],
    [{ ...WINDOW, notAfter: WINDOW.notBefore }, 'notAfter'],
    [{ notBefore: WINDOW.notAfter, notAfter: WINDOW.notBefore }, 'notAfter'],
    // In UTC, these are in the years 10000 and -1, whose texts are sorted before and after all others.
    [{ notBefore: '9999-12-31T23:59:59-23:59', notAfter: WINDOW.notAfter }, 'notBefore'],
    [{ notAfter: '0000-01-01T00:00:00+23:59' }, 'notAfter'],
    [{ allowedSources: '192.0.2.1' }, 'allowedSources'],
    [{ allowedSources: ['localhost'] }, 'allowedSources.0'],
    [{ allowedSources: ['::1', '192.0.2.1/33'] }, 'allowedSources.1'],
    [{ allowedSources: Array(51).fill('192.0.2.1') }, 'allowedSources'],
  ])('of %j is a 422 that names %s and changes nothing', async (body, field) => {
    const { stream, path } = await create();
    const { status, json } = await api.call('PATCH', path, { body });
    expect(status).toBe(422);
    expect(json.errors).toEqual([{ field, detail: expect.any(String) }]);
    expect((await api.call('GET', path)).json).toEqual(stream);
  });

  test('compares moments, not texts', async () => {
    const { path } = await create();
    const window = { notBefore: '2025-06-01T23:00:00+23:59', notAfter: '2025-06-01T00:00:00-23:59' };
    const { status, json } = await api.call('PATCH', path, { body: window });
    expect([status, json.notBefore, json.notAfter]).toEqual([
      200,
      '2025-05-31T23:01:00.000Z',
      '2025-06-01T23:59:00.000Z',
    ]);
    const swapped = { notBefore: window.notAfter, notAfter: window.notBefore };
    expect((await api.call('PATCH', path, { body: swapped })).status).toBe(422);
  });

  test('checks the window that results from the change', async () => {
    const { path } = await create({ notBefore: WINDOW.notAfter });
    const { status, json } = await api.call('PATCH', path, { body: { notAfter: WINDOW.notBefore } });
    expect([status, json.errors[0].field]).toEqual([422, 'notAfter']);
  });

  test('and POST check the same window', async () => {
    const { status, json } = await api.call('POST', '/api/streams', {
      body: { notBefore: WINDOW.notAfter, notAfter: WINDOW.notBefore },
    });
    expect([status, json.errors[0].field]).toEqual([422, 'notAfter']);
  });

  test('of an unknown stream is a 404', async () => {
    expect((await api.call('PATCH', '/api/streams/aaaaaaaaaaaaaaaa', { body: {} })).status).toBe(404);
  });

  test('does not disconnect a live publisher', async () => {
    const { stream, path } = await create();
    await goLive(stream.id);
    await api.call('PATCH', path, { body: ALL });
    expect(await api.live.get(stream.id)).toMatchObject({ owner: 'connection-1' });
  });
});

describe('two clients at once', () => {
  test.each(['"1"', '*', ' "7" , "1"', 'W/"1", "1"'])('If-Match %s matches the current version', async (ifMatch) => {
    const { path } = await create();
    expect((await api.call('PATCH', path, { body: {}, 'If-Match': ifMatch })).status).toBe(200);
  });

  test.each(['"2"', '"0"', 'W/"1"', '"01"', '""', '"1,1"'])('If-Match %s does not match: 412', async (ifMatch) => {
    const { stream, path } = await create();
    for (const [method, suffix] of [
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/key'],
    ] as const) {
      const body = method === 'PATCH' ? { body: { title: 'New' } } : {};
      const { status, json } = await api.call(method, `${path}${suffix}`, { ...body, 'If-Match': ifMatch });
      expect([status, json.status]).toEqual([412, 412]);
    }
    expect((await api.call('GET', path)).json).toEqual(stream);
  });

  test.each(['1', '"1', '"1" "2"', '**', '"1",', 'w/"1"'])('If-Match %s is malformed: 422', async (ifMatch) => {
    const { path } = await create();
    const { status, json } = await api.call('PATCH', path, { body: {}, 'If-Match': ifMatch });
    expect([status, json.errors[0].field]).toEqual([422, 'if-match']);
  });

  test('that read the same version: one change is stored, all others are refused', async () => {
    for (const [ifMatch, refusal] of [
      [undefined, 409],
      ['"1"', 412],
    ] as const) {
      const { path } = await create();
      const titles = Array.from({ length: 6 }, (_, index) => `title ${index}`);
      const answers = await Promise.all(
        titles.map((title) =>
          api.call('PATCH', path, { body: { title }, ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }) }),
        ),
      );
      const stored = answers.filter(({ status }) => status === 200);
      const { json: stream } = await api.call('GET', path);
      expect(stored.length).toBe(stream.version - 1);
      expect(stored.map(({ json }) => json.title)).toContain(stream.title);
      for (const { status } of answers) expect([200, refusal]).toContain(status);
      if (ifMatch !== undefined) expect(stored).toHaveLength(1);
    }
  });
});

describe('DELETE', () => {
  test('removes the stream and its key, and disconnects the publisher', async () => {
    const { stream, streamKey, path } = await create();
    await goLive(stream.id);
    const { status, json } = await api.call('DELETE', path);
    expect([status, json]).toEqual([204, null]);
    expect((await api.call('GET', path)).status).toBe(404);
    expect(await api.streams.findByKeyHash(hashSecret(streamKey))).toBeNull();
    expect(await api.live.heartbeat(makeHeartbeat(stream.id))).toEqual({ held: false, reason: 'deleted' });
    expect((await api.call('DELETE', path)).status).toBe(404);
  });

  test('that was interrupted hides the stream, and the next DELETE completes it', async () => {
    const { stream, streamKey, path } = await create();
    await goLive(stream.id);
    const stored = await api.streams.get(stream.id);
    if (stored === null) throw new Error('not stored');
    await api.streams.replace({ ...stored, version: 2, deletedAt: CREATED_AT });
    for (const [method, suffix] of [
      ['GET', ''],
      ['PATCH', ''],
      ['POST', '/key'],
      ['POST', '/stop'],
      ['POST', '/viewer-tokens'],
    ] as const) {
      const body = method === 'PATCH' ? { body: {} } : {};
      expect((await api.call(method, `${path}${suffix}`, body)).status).toBe(404);
    }
    const { json } = await api.call('GET', '/api/streams');
    expect(json.streams.map(({ id }: { id: string }) => id)).not.toContain(stream.id);

    expect((await api.call('DELETE', path)).status).toBe(204);
    expect(await api.live.heartbeat(makeHeartbeat(stream.id))).toEqual({ held: false, reason: 'deleted' });
    expect(await api.streams.get(stream.id)).toBeNull();
    expect(await api.streams.findByKeyHash(hashSecret(streamKey))).toBeNull();
  });
});
