import { previewPlaybackId } from '#domain/playback-ids.ts';
import { hashSecret } from '#domain/stream-ids.ts';
import { decide } from '#functions/ingest-auth/decide.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { EPOCHS_PER_PUBLISH } from '#runtime/live-publishes.ts';
import { makeHeartbeat, makePublish } from '#test/support/live-store-calls.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;
beforeEach(async () => {
  api = await startApiWithDatabase();
});
afterEach(() => api.close());

async function create(body: object = { autoStart: false }) {
  const { json, status } = await api.call('POST', '/api/streams', { body });
  expect(status).toBe(201);
  const { streamKey, ...stream } = json;
  return { stream, streamKey, path: `/api/streams/${stream.id}` };
}

/** Publishes as a task does, as a preview or on air. Returns the playback id. */
async function publish(streamKey: string, owner = 'connection-1'): Promise<string | undefined> {
  const record = await api.streams.findByKeyHash(hashSecret(streamKey));
  const decision = decide(record, { streamKey, sourceAddress: '192.0.2.1' }, Date.now());
  if (!decision.allow) throw new Error(decision.description);
  const { streamId, version, playbackId, onAirPlaybackId } = decision.stream;
  const begun = await api.live.begin(
    makePublish(streamId, {
      ...{ owner, version, holder: makeStreamHolder({ playbackId }) },
      ...(onAirPlaybackId && { onAir: { playbackId: onAirPlaybackId, reconnectWindowMs: 30_000 } }),
    }),
  );
  return begun?.holder.playbackId;
}

const onAirIdOf = async (streamId: string) => (await api.live.getPresence(streamId)).onAirId;
const shown = async (path: string) => (await api.call('GET', path)).json;
const changes = async () => {
  const { entries } = (await api.call('GET', '/api/audit')).json;
  return entries.map(({ action, before, after }: Record<string, unknown>) => [action, before, after]);
};

test('a stream with autoStart false is a preview until golive, and on air from then on', async () => {
  const { stream, streamKey, path } = await create();
  expect(stream).toMatchObject({ autoStart: false, onAir: false });
  expect(await publish(streamKey)).toBe(previewPlaybackId(stream.playbackId));
  expect(await shown(path)).toMatchObject({ onAir: false, status: 'preview', publisher: { state: 'connected' } });
  const { status, json } = await api.call('POST', `${path}/golive`);
  expect([status, json]).toMatchObject([202, { id: stream.id, onAir: true }]);
  expect(await shown(path)).toEqual(json);
  expect(await publish(streamKey, 'connection-2')).toBe(stream.playbackId);
  expect(await shown(path)).toMatchObject({ onAir: true, status: 'live' });
});

test('golive may come first, and the list shows it', async () => {
  const { stream, streamKey, path } = await create();
  await api.call('POST', `${path}/golive`);
  expect((await api.call('GET', '/api/streams')).json.streams).toMatchObject([{ onAir: true, status: 'idle' }]);
  expect(await publish(streamKey)).toBe(stream.playbackId);
});

test('golive is in the audit trail once, however often it is asked for', async () => {
  const { path } = await create();
  const headers = { 'Idempotency-Key': 'once' };
  for (const settings of [headers, headers, {}])
    expect((await api.call('POST', `${path}/golive`, settings)).json).toMatchObject({ onAir: true });
  const golive = 'POST /api/streams/{id}/golive';
  expect((await changes()).filter(([action]: unknown[]) => action === golive)).toEqual([
    [golive, { onAir: false }, { onAir: true }],
  ]);
});

test('the addresses for those who broadcast are where the picture is', async () => {
  const { stream, streamKey, path } = await create();
  const addresses = async () => {
    const { embedUrl, healthUrl } = (await api.call('POST', `${path}/preview-tokens`)).json;
    return [embedUrl.replace(/#token=.+/, '#token'), healthUrl.replace(/\/t\/[^/]+/, '/t')].map((url) => new URL(url));
  };
  const ofPreview = previewPlaybackId(stream.playbackId);
  const expectPicture = async (playbackId: string, hash: string) => {
    const [embed, health] = await addresses();
    expect([embed?.pathname, embed?.hash]).toEqual([`/embed/${playbackId}`, hash]);
    expect(health?.pathname).toBe(`/t/live/${playbackId}/health.json`);
  };
  await expectPicture(ofPreview, '#token');
  await publish(streamKey);
  await expectPicture(ofPreview, '#token');
  // Its task has yet to hear of the word.
  await api.call('POST', `${path}/golive`);
  await expectPicture(ofPreview, '#token');
  await publish(streamKey, 'connection-2');
  await expectPicture(stream.playbackId, '');
  const broadcast = makeBroadcastState({ liveSinceMs: 1, publisherGoneAtMs: 1, endedAtMs: 2 });
  const end = { owner: null, epoch: 2 * EPOCHS_PER_PUBLISH, broadcast, onAirId: (await onAirIdOf(stream.id)) ?? '' };
  await api.live.heartbeat(makeHeartbeat(stream.id, end));
  await expectPicture(ofPreview, '#token');
});

test('a repeated golive does not put a stream on air again that was stopped meanwhile', async () => {
  const { streamKey, path } = await create();
  const headers = { 'Idempotency-Key': 'once' };
  await api.call('POST', `${path}/golive`, headers);
  await api.call('POST', `${path}/stop`);
  expect((await api.call('POST', `${path}/golive`, headers)).json).toMatchObject({ onAir: false });
  await publish(streamKey);
  expect(await shown(path)).toMatchObject({ onAir: false, status: 'preview' });
});

test('a stop takes the stream off air, and leaves its publisher where it is', async () => {
  const { stream, streamKey, path } = await create();
  await api.call('POST', `${path}/golive`);
  await publish(streamKey);
  expect((await api.call('POST', `${path}/stop`)).json).toEqual({ wasLive: true });
  // The task hears that there is no word any more. The publish is its own as before.
  expect(await api.live.heartbeat(makeHeartbeat(stream.id))).toEqual({ held: true, reason: null });
  expect(await shown(path)).toMatchObject({ onAir: false, publisher: { state: 'connected' } });
});

test('a stop of a preview disconnects nobody, and one before the publish takes golive back', async () => {
  const { stream, streamKey, path } = await create();
  await api.call('POST', `${path}/golive`);
  expect((await api.call('POST', `${path}/stop`)).json).toEqual({ wasLive: false });
  expect(await publish(streamKey)).toBe(previewPlaybackId(stream.playbackId));
  expect((await api.call('POST', `${path}/stop`)).json).toEqual({ wasLive: false });
  expect(await api.live.heartbeat(makeHeartbeat(stream.id))).toEqual({ held: true, reason: null });
});

test('a stop while the publisher is away ends the wait for it', async () => {
  const { stream, streamKey, path } = await create();
  await api.call('POST', `${path}/golive`);
  await publish(streamKey);
  const broadcast = makeBroadcastState({ liveSinceMs: Date.now(), publisherGoneAtMs: Date.now() });
  await api.live.heartbeat(makeHeartbeat(stream.id, { owner: null, broadcast }));
  expect(await shown(path)).toMatchObject({ status: 'live', publisher: { state: 'away' } });
  await api.call('POST', `${path}/stop`);
  expect(await shown(path)).toMatchObject({ onAir: false, status: 'idle', publisher: { state: 'none' } });
});

test('golive changes nothing for a stream that goes on air by itself, unless its preview is still running', async () => {
  const { stream, streamKey, path } = await create({});
  expect((await api.call('POST', `${path}/golive`)).json).toMatchObject({ autoStart: true, onAir: true });
  expect((await api.live.getPresence(stream.id)).onAirId).toBeNull();
  await api.call('PATCH', path, { body: { autoStart: false } });
  await publish(streamKey);
  await api.call('PATCH', path, { body: { autoStart: true } });
  expect(await shown(path)).toMatchObject({ autoStart: true, onAir: false, status: 'preview' });
  expect((await api.call('POST', `${path}/golive`)).json).toMatchObject({ onAir: true });
  expect((await api.live.getPresence(stream.id)).onAirId).not.toBeNull();
});

test('a broadcast that began by itself stays on air when autoStart is set to false, and stop ends it as ever', async () => {
  const { stream, streamKey, path } = await create({});
  await publish(streamKey);
  await api.call('PATCH', path, { body: { autoStart: false } });
  expect(await shown(path)).toMatchObject({ autoStart: false, onAir: true, status: 'live' });
  expect((await api.call('POST', `${path}/stop`)).json).toEqual({ wasLive: true });
  expect(await api.live.heartbeat(makeHeartbeat(stream.id))).toEqual({ held: false, reason: 'stopped' });
});

test('a purge closes the preview too, and the next publish is a preview', async () => {
  const { stream, streamKey, path } = await create();
  await api.call('POST', `${path}/golive`);
  await publish(streamKey);
  const purging = api.call('POST', `${path}/purge`);
  await purging;
  const paths = api.cdn.created.flatMap((invalidation) => invalidation.paths);
  for (const playbackId of [stream.playbackId, previewPlaybackId(stream.playbackId)])
    expect(paths).toContain(`/live/${playbackId}/*`);
  const { playbackId } = await shown(path);
  expect(await publish(streamKey, 'connection-2')).toBe(previewPlaybackId(playbackId));
});

test('no stream can be a preview in a deployment whose viewers can have no tokens', async () => {
  const bare = await startApiWithDatabase(Date.now, { viewerTokenKeys: null });
  try {
    const body = { autoStart: false };
    expect((await bare.call('POST', '/api/streams', { body })).status).toBe(409);
    const { json } = await bare.call('POST', '/api/streams');
    expect((await bare.call('PATCH', `/api/streams/${json.id}`, { body })).status).toBe(409);
  } finally {
    await bare.close();
  }
});

test('there is no golive for a stream that only a backend knows', async () => {
  await api.live.begin(makePublish('known-to-a-backend'));
  expect((await api.call('POST', '/api/streams/known-to-a-backend/golive')).status).toBe(404);
});
