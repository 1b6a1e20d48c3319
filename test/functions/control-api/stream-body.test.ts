import type { HeldStream, LiveRecord, StreamPresence } from '#domain/streams.ts';
import { toStreamBody } from '#functions/control-api/stream-body.ts';
import { makeBroadcastState, makeStreamHolder, makeStreamRecord, STREAM_HEALTH } from '#kit/stream-record.ts';

const NOW_MS = 1_700_000_000_000;
const addresses = {
  rtmpUrl: 'rtmp://ingest.example.com/live',
  rtmpsUrl: null,
  playbackBaseUrl: 'https://live.example.com',
};
const stream = makeStreamRecord({
  id: 'stream-id',
  playbackId: 'playback-id',
  ladder: '1080p',
  latency: 'ultra',
  notBefore: '2025-01-01T00:00:00.000Z',
  notAfter: '2025-12-31T00:00:00.000Z',
  allowedSources: ['192.0.2.0/24'],
  version: 7,
  updatedAt: '2025-01-03T00:00:00.000Z',
});
const live: LiveRecord = {
  streamId: 'stream-id',
  owner: 'connection-1',
  epoch: 1000,
  startedAt: '2025-02-03T04:05:06.789Z',
  leaseUntilMs: NOW_MS + 1,
  health: STREAM_HEALTH,
};
const idle = {
  id: 'stream-id',
  title: 'A title',
  description: '',
  category: null,
  listed: true,
  owner: null,
  playbackId: 'playback-id',
  ladder: '1080p',
  latency: 'ultra',
  codecs: ['h264'],
  playback: 'public',
  autoStart: true,
  onAir: true,
  notBefore: '2025-01-01T00:00:00.000Z',
  notAfter: '2025-12-31T00:00:00.000Z',
  allowedSources: ['192.0.2.0/24'],
  backup: null,
  slateImage: null,
  version: 7,
  status: 'idle',
  publisher: { state: 'none', since: null },
  startedAt: null,
  health: null,
  createdAt: '2025-01-02T03:04:05.678Z',
  updatedAt: '2025-01-03T00:00:00.000Z',
  ingest: { rtmpUrl: 'rtmp://ingest.example.com/live' },
  playbackUrl: 'https://live.example.com/live/playback-id/master.m3u8',
  watchUrl: 'https://live.example.com/watch/playback-id',
};

const GONE_AT_MS = NOW_MS - 5_000;

/** A stream that viewers watch, and whose publisher has left. */
const waiting = (settings: Partial<HeldStream> = {}): StreamPresence => ({
  publish: null,
  onAirId: null,
  held: {
    ...{ streamId: 'stream-id', epoch: 1000, leaseUntilMs: NOW_MS + 1, holder: makeStreamHolder(), requestedEnd: null },
    broadcast: makeBroadcastState({ liveSinceMs: NOW_MS - 60_000, publisherGoneAtMs: GONE_AT_MS }),
    ...settings,
  },
});
const away = { state: 'away', since: new Date(GONE_AT_MS).toISOString() };

test('a stream that waits for its publisher is live for viewers', () => {
  expect(toStreamBody(stream, waiting(), addresses, NOW_MS)).toEqual({ ...idle, status: 'live', publisher: away });
});

test('it stays so with a new key, and is idle as soon as it is stopped', () => {
  const bodyAfter = (requestedEnd: HeldStream['requestedEnd']) =>
    toStreamBody(stream, waiting({ requestedEnd }), addresses, NOW_MS);
  expect(bodyAfter('key-rotated')).toMatchObject({ status: 'live', publisher: away });
  expect(bodyAfter('stopped')).toEqual(idle);
});

test('a stream whose publisher left before anybody could watch is idle, and waits', () => {
  const broadcast = makeBroadcastState({ publisherGoneAtMs: GONE_AT_MS });
  expect(toStreamBody(stream, waiting({ broadcast }), addresses, NOW_MS)).toEqual({ ...idle, publisher: away });
});

test('a stream that has ended waits for nobody', () => {
  const broadcast = makeBroadcastState({ publisherGoneAtMs: GONE_AT_MS, endedAtMs: GONE_AT_MS });
  expect(toStreamBody(stream, waiting({ broadcast }), addresses, NOW_MS)).toEqual(idle);
});

test('a stream without a live record is idle', () => {
  expect(toStreamBody(stream, null, addresses, NOW_MS)).toEqual(idle);
});

test('it has an RTMPS address if the deployment has one', () => {
  const rtmpsUrl = 'rtmps://ingest.example.com/live';
  expect(toStreamBody(stream, null, { ...addresses, rtmpsUrl }, NOW_MS)).toEqual({
    ...idle,
    ingest: { rtmpUrl: 'rtmp://ingest.example.com/live', rtmpsUrl },
  });
});

test('a stream with a valid lease is live', () => {
  expect(toStreamBody(stream, { publish: live, held: null, onAirId: null }, addresses, NOW_MS)).toEqual({
    ...idle,
    status: 'live',
    publisher: { state: 'connected', since: live.startedAt },
    startedAt: live.startedAt,
    health: live.health,
  });
});

test.each([NOW_MS, NOW_MS - 1])('a lease until %d has expired', (leaseUntilMs) => {
  expect(
    toStreamBody(stream, { publish: { ...live, leaseUntilMs }, held: null, onAirId: null }, addresses, NOW_MS),
  ).toEqual(idle);
  expect(toStreamBody(stream, waiting({ leaseUntilMs }), addresses, NOW_MS)).toEqual(idle);
});

const PREVIEW_ID = 'pabcdefghij234567';
const gated = { ...stream, autoStart: false };
const heldAs = (playbackId: string, onAirId?: string) => ({
  ...live,
  requestedEnd: null,
  holder: makeStreamHolder({ playbackId, ...(onAirId !== undefined && { onAirId }) }),
  broadcast: makeBroadcastState({ liveSinceMs: NOW_MS - 1 }),
});

test.each([
  ['nobody publishes', gated, null, { onAir: false, status: 'idle' }],
  ['nobody publishes, and the word is given', gated, { onAirId: 'w' }, { onAir: true, status: 'idle' }],
  ['it is a preview', gated, { publish: live, held: heldAs(PREVIEW_ID) }, { onAir: false, status: 'preview' }],
  [
    'it is a preview, and the word is given',
    gated,
    { publish: live, held: heldAs(PREVIEW_ID), onAirId: 'w' },
    { onAir: true, status: 'preview' },
  ],
  ['it is on air', gated, { publish: live, held: heldAs('x', 'w'), onAirId: 'w' }, { onAir: true, status: 'live' }],
  ['the word was taken back', gated, { publish: live, held: heldAs('x', 'w') }, { onAir: false, status: 'live' }],
  ['it began by itself before', gated, { publish: live, held: heldAs('x') }, { onAir: true, status: 'live' }],
  ['it is a preview still', stream, { publish: live, held: heldAs(PREVIEW_ID) }, { onAir: false, status: 'preview' }],
  ['its preview waits', gated, { held: heldAs(PREVIEW_ID) }, { onAir: false, status: 'preview' }],
] as const)('on air or not: %s', (_, record, presence, expected) => {
  const known = presence && { publish: null, held: null, onAirId: null, ...presence };
  expect(toStreamBody(record, known, addresses, NOW_MS)).toMatchObject(expected);
});
