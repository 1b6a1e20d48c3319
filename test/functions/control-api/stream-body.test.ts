import type { LiveRecord } from '#domain/streams.ts';
import { toStreamBody } from '#functions/control-api/stream-body.ts';
import { makeStreamRecord, STREAM_HEALTH } from '#kit/stream-record.ts';

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
  playbackId: 'playback-id',
  ladder: '1080p',
  latency: 'ultra',
  playback: 'public',
  notBefore: '2025-01-01T00:00:00.000Z',
  notAfter: '2025-12-31T00:00:00.000Z',
  allowedSources: ['192.0.2.0/24'],
  version: 7,
  status: 'idle',
  startedAt: null,
  health: null,
  createdAt: '2025-01-02T03:04:05.678Z',
  updatedAt: '2025-01-03T00:00:00.000Z',
  ingest: { rtmpUrl: 'rtmp://ingest.example.com/live' },
  playbackUrl: 'https://live.example.com/live/playback-id/master.m3u8',
  watchUrl: 'https://live.example.com/watch/playback-id',
};

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
  expect(toStreamBody(stream, live, addresses, NOW_MS)).toEqual({
    ...idle,
    status: 'live',
    startedAt: live.startedAt,
    health: live.health,
  });
});

test.each([NOW_MS, NOW_MS - 1])('a lease until %d has expired', (leaseUntilMs) => {
  expect(toStreamBody(stream, { ...live, leaseUntilMs }, addresses, NOW_MS)).toEqual(idle);
});
