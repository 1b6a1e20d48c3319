import { randomBytes } from 'node:crypto';
import { LADDER_NAMES, maxInputKbps } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { decide } from '#functions/ingest-auth/decide.ts';
import { makeStreamRecord } from '#kit/stream-record.ts';

const streamKey = generateSecret(randomBytes);
const request = { streamKey, sourceAddress: '192.0.2.1' };
const NOW_MS = Date.parse('2025-06-01T12:00:00.000Z');
const stream = makeStreamRecord({
  ...{ id: 'stream-id', playbackId: 'playback-id', version: 7 },
  keyHash: hashSecret(streamKey),
});

test.each(LADDER_NAMES.flatMap((ladder) => LATENCY_NAMES.map((latency) => ({ ladder, latency }))))(
  'a known key may publish with the ladder and latency profile of its stream: %o',
  (settings) => {
    expect(decide({ ...stream, ...settings }, request, NOW_MS)).toEqual({
      allow: true,
      stream: {
        ...{ streamId: 'stream-id', playbackId: 'playback-id', version: 7, title: stream.title, ...settings },
        maxInputKbps: maxInputKbps(settings.ladder),
      },
    });
  },
);

test('either key of a stream with a backup key may publish, and says which ingest it is for', () => {
  const backupKey = generateSecret(randomBytes);
  const backed = { ...stream, backup: { keyHash: hashSecret(backupKey), failoverMs: 3000 } };
  for (const [key, ingest] of [
    [streamKey, 'primary'],
    [backupKey, 'backup'],
  ]) {
    const decision = decide(backed, { ...request, streamKey: key as string }, NOW_MS);
    expect(decision).toMatchObject({ allow: true, stream: { streamId: 'stream-id', ingest, failoverMs: 3000 } });
  }
});

test('an unknown key is refused for good', () => {
  expect(decide(null, request, NOW_MS)).toEqual({
    allow: false,
    code: 'NetStream.Publish.BadName',
    description: 'This stream key is unknown or no longer valid.',
  });
});

test.each([
  ['empty', ''],
  ['short', streamKey.slice(1)],
  ['long', `${streamKey}a`],
  ['upper case', 'A'.repeat(32)],
  ['outside of base32', `${streamKey.slice(1)}1`],
  ['followed by a line feed', `${streamKey}\n`],
  ['in quotes', `"${streamKey}"`],
])('a key that is %s is called malformed', (_name, malformed) => {
  expect(decide(null, { ...request, streamKey: malformed }, NOW_MS)).toEqual({
    allow: false,
    code: 'NetStream.Publish.BadName',
    description: 'This is not a stream key: copy it whole, without spaces.',
  });
});

const SECOND_MS = 1_000;
const at = (offsetMs: number) => new Date(NOW_MS + offsetMs).toISOString();

test.each([
  ['no window', {}, true],
  ['a window around now', { notBefore: at(-SECOND_MS), notAfter: at(SECOND_MS) }, true],
  ['a window that begins right now', { notBefore: at(0) }, true],
  ['a window that begins in the next millisecond', { notBefore: at(1) }, false],
  ['a window that ends right now', { notAfter: at(0) }, false],
  ['a window that ends in the next millisecond', { notAfter: at(1) }, true],
  ['a window that is over', { notBefore: at(-2), notAfter: at(-1) }, false],
  ['a window that ends in the year 10000', { notAfter: '+010000-01-01T23:58:59.000Z' }, true],
  ['a window that begins in the year 10000', { notBefore: '+010000-01-01T23:58:59.000Z' }, false],
  ['an end that is no moment', { notAfter: 'soon' }, false],
  ['a beginning that is no moment', { notBefore: 'soon' }, false],
  ['a window in the future', { notBefore: at(1), notAfter: at(2) }, false],
])('a key with %s', (_name, window, allow) => {
  const decision = decide({ ...stream, ...window }, request, NOW_MS);
  expect(decision.allow).toBe(allow);
  if (!decision.allow) {
    expect(decision).toMatchObject({ code: 'NetStream.Publish.BadName', streamId: 'stream-id' });
    expect(decision.description).toMatch(
      /^This stream key (is valid from|was valid until) (2025-06-01T|\+010000-|soon)/,
    );
  }
});

test('the key of a deleted stream is refused', () => {
  expect(decide({ ...stream, deletedAt: at(-1) }, request, NOW_MS)).toEqual({
    allow: false,
    code: 'NetStream.Publish.BadName',
    description: 'The stream of this key has been deleted.',
    streamId: 'stream-id',
  });
});

test('a publisher is accepted from an allowed network only, and a refusal names the address', () => {
  const restricted = { ...stream, allowedSources: ['192.0.2.0/24'] };
  expect(decide(restricted, request, NOW_MS)).toMatchObject({ allow: true });
  expect(decide(restricted, { ...request, sourceAddress: '198.51.100.7' }, NOW_MS)).toEqual({
    allow: false,
    code: 'NetStream.Publish.BadName',
    description: "This stream can't be published from the address 198.51.100.7.",
    streamId: 'stream-id',
  });
});

test.each([
  ['abcdefghij234567', 'pabcdefghij234567'],
  ['tabcdefghij234567', 'pabcdefghij234567'],
])('a stream that goes on air on a word begins as a preview: %s', (playbackId, preview) => {
  const decisionFor = (autoStart: boolean) => decide({ ...stream, playbackId, autoStart }, request, NOW_MS);
  expect(decisionFor(false)).toMatchObject({ stream: { playbackId: preview, onAirPlaybackId: playbackId } });
  expect(decisionFor(true)).toMatchObject({ stream: { playbackId } });
  expect(decisionFor(true)).not.toHaveProperty('stream.onAirPlaybackId');
});
