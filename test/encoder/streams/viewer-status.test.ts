import type { RunDescription } from '#encoder/media/media-run.ts';
import { recordedStatus, viewerStatus } from '#encoder/streams/viewer-status.ts';
import { makeBroadcastState } from '#kit/stream-record.ts';

const RUN: Pick<RunDescription, 'video' | 'audio'> = {
  video: [
    { name: '360p', width: 202, height: 360, videoKbps: 600 },
    { name: '720p', width: 406, height: 720, videoKbps: 2_500 },
  ],
  audio: { sampleRateHz: 48_000, channels: 2, audioKbps: 128 },
};
const SINCE_MS = Date.parse('2026-01-02T03:04:05Z');
const GONE_MS = SINCE_MS + 60_000;
const VIEWED = {
  status: 'live',
  title: 'A title',
  broadcast: { liveSinceMs: SINCE_MS, absence: null },
  run: RUN,
} as const;

test('a live stream has a title, a beginning, the aspect of its best picture, sound, and no reason', () => {
  expect(viewerStatus(VIEWED)).toEqual({
    ...{ status: 'live', title: 'A title', startedAt: '2026-01-02T03:04:05.000Z', aspect: '9:16', hasAudio: true },
  });
});

test.each([
  ['publisher-stopped', 'publisher-stopped'],
  ['publisher-lost', 'publisher-lost'],
  ['key-rotated', 'publisher-lost'],
  ['encoder-failed', 'failed'],
  ['no-keyframe', 'failed'],
] as const)('a live stream whose publisher is gone by %s says %s, and no end', (reason, told) => {
  const broadcast = { liveSinceMs: SINCE_MS, absence: { sinceMs: GONE_MS, reason } };
  const { reason: found, endedAt } = viewerStatus({ ...VIEWED, broadcast });
  expect([found, endedAt]).toEqual([told, undefined]);
});

test('an ended stream says since when, until when and why', () => {
  const broadcast = { liveSinceMs: SINCE_MS, absence: { sinceMs: GONE_MS, reason: 'stopped' } } as const;
  expect(viewerStatus({ ...VIEWED, status: 'ended', broadcast })).toMatchObject({
    ...{ startedAt: '2026-01-02T03:04:05.000Z', endedAt: '2026-01-02T03:05:05.000Z', reason: 'stopped' },
  });
});

test('an idle stream has a title at most, whatever came before', () => {
  const absence = { sinceMs: GONE_MS, reason: 'shutdown' } as const;
  const idle = { ...VIEWED, status: 'idle', broadcast: { liveSinceMs: SINCE_MS, absence } } as const;
  expect(viewerStatus(idle)).toEqual({ status: 'idle', title: 'A title' });
  expect(viewerStatus({ ...idle, title: null, run: null })).toEqual({ status: 'idle' });
  expect(viewerStatus({ ...idle, title: '' })).toEqual({ status: 'idle' });
});

test('what has only sound, or only a picture, says so', () => {
  expect(viewerStatus({ ...VIEWED, run: { ...RUN, video: [] } })).not.toHaveProperty('aspect');
  expect(viewerStatus({ ...VIEWED, run: { ...RUN, audio: null } })).toMatchObject({ hasAudio: false });
});

test('what a holder wrote down before it died says as much', () => {
  const written = {
    liveSinceMs: SINCE_MS,
    publisherGoneAtMs: GONE_MS,
    publisherGoneReason: 'publisher-stopped',
  } as const;
  const broadcast = makeBroadcastState(written);
  expect(recordedStatus('live', broadcast)).toMatchObject({
    startedAt: '2026-01-02T03:04:05.000Z',
    reason: 'publisher-stopped',
  });
  const { publisherGoneReason: _, ...former } = broadcast;
  expect(recordedStatus('live', former)).toMatchObject({ reason: 'publisher-lost' });
  expect(recordedStatus('idle', null)).toEqual({ status: 'idle' });
});
