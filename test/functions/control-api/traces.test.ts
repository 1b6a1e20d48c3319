import { makeTrace } from '#kit/stream-record.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;
/** What happens while a request waits for a task. */
let onPause = async (): Promise<void> => undefined;

beforeAll(async () => {
  api = await startApiWithDatabase(Date.now, { pause: () => onPause() });
});
afterEach(() => {
  onPause = async () => undefined;
});
afterAll(() => api.close());

async function createStream(): Promise<{ readonly id: string; readonly path: string }> {
  const { json } = await api.call('POST', '/api/streams');
  return { id: json.id, path: `/api/streams/${json.id}/trace` };
}

const traceOf = (streamId: string) => makeTrace({ streamId, recordedAt: new Date().toISOString() });

test('of a stream that is off air, the trace of its last publish is shown', async () => {
  const { id, path } = await createStream();
  expect((await api.call('GET', path)).status).toBe(404);
  const trace = traceOf(id);
  await api.traces.put({ trace, requestedAtMs: null });
  const { status, json } = await api.call('GET', path);
  expect([status, json]).toEqual([200, trace]);
});

test('of a stream on air, its task is asked, and the answer is what it stores then', async () => {
  const { id, path } = await createStream();
  await api.live.begin(makePublish(id));
  const old = traceOf(id);
  await api.traces.put({ trace: old, requestedAtMs: null });
  const trace = { ...old, recordedAt: new Date(Date.parse(old.recordedAt) + 1_000).toISOString() };
  // What a task does while the request waits.
  onPause = async () => {
    const { traceRequestedAtMs = null } = await api.live.heartbeat(makeHeartbeat(id));
    expect(traceRequestedAtMs).not.toBeNull();
    await api.traces.put({ trace, requestedAtMs: traceRequestedAtMs });
  };
  expect((await api.call('GET', path)).json).toEqual(trace);
});

test('a task that does not answer is not waited for for ever, and there is the last trace', async () => {
  const { id, path } = await createStream();
  await api.live.begin(makePublish(id));
  const trace = traceOf(id);
  await api.traces.put({ trace, requestedAtMs: null });
  expect((await api.call('GET', path)).json).toEqual(trace);
});

test('a deleted stream has none, and gets none any more', async () => {
  const { id, path } = await createStream();
  await api.traces.put({ trace: traceOf(id), requestedAtMs: null });
  expect((await api.call('DELETE', `/api/streams/${id}`)).status).toBe(204);
  await api.traces.put({ trace: traceOf(id), requestedAtMs: null });
  expect(await api.traces.get(id, Date.now())).toBeNull();
  expect((await api.call('GET', path)).status).toBe(404);
});

test.each(['aaaaaaaaaaaaaaaa', 'unknown'])('stream %s has none', async (id) => {
  expect((await api.call('GET', `/api/streams/${id}/trace`)).status).toBe(404);
});

test('whoever may read a stream may read its trace, and nobody else', async () => {
  const { id, path } = await createStream();
  await api.traces.put({ trace: traceOf(id), requestedAtMs: null });
  const tokenFor = async (body: object) => (await api.call('POST', '/api/tokens', { body })).json.token as string;
  const settings = { name: 'reader', scope: 'streams:read' };
  const other = await createStream();
  const statuses = await Promise.all(
    [settings, { ...settings, streamId: id }, { ...settings, streamId: other.id }].map(async (body) => {
      return (await api.call('GET', path, { token: await tokenFor(body) })).status;
    }),
  );
  expect(statuses).toEqual([200, 200, 404]);
});
