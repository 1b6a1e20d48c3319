import { randomBytes } from 'node:crypto';
import { LADDER_NAMES, maxInputKbps } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { previewPlaybackId } from '#domain/playback-ids.ts';
import {
  generateId,
  generatePlaybackId,
  generateSecret,
  hashSecret,
  ID_PATTERN,
  secretId,
} from '#domain/stream-ids.ts';
import { parseWebhookAnswer } from '#functions/ingest-auth/webhook-answer.ts';

const secret = generateSecret(randomBytes);
const streamKey = 'alice-2025';
const defaults = { ladder: '1080p', latency: 'ultra', codecs: ['h264', 'hevc'] } as const;
const parse = (answer: unknown, key = streamKey, withSecret = secret) =>
  parseWebhookAnswer(JSON.stringify(answer), { streamKey: key, secret: withSecret, defaults });
const idsOf = (answer: unknown, key?: string, withSecret?: string) => {
  const { streamId, playbackId } = parse(answer, key, withSecret) ?? {};
  return { streamId, playbackId };
};

test("the backend's values are used", () => {
  const stream = { streamId: 'Alice_1-x', playbackId: generateId(randomBytes), ladder: '1080p', latency: 'ultra' };
  expect(parse({ ...stream, title: 'Ünïcode 🎥', more: 'is ignored' })).toEqual({
    ...{ ...stream, codecs: ['h264', 'hevc'], version: null, maxInputKbps: maxInputKbps('1080p') },
    title: 'Ünïcode 🎥',
  });
});

test.each([
  [
    ['hevc', 'h264'],
    ['hevc', 'h264'],
  ],
  [['h264'], ['h264']],
  [['hevc'], undefined],
  [['h264', 'h264'], undefined],
  [['h264', 'vp8'], undefined],
  [[], undefined],
])('a backend that names the codecs %j gets %j', (codecs, expected) => {
  expect(parse({ codecs })?.codecs).toEqual(expected);
});

test('the playback id may be that of a protected stream', () => {
  const playbackId = generatePlaybackId('token', randomBytes);
  expect(parse({ playbackId })).toMatchObject({ playbackId });
  expect(parse({ playbackId: `x${playbackId.slice(1)}` })).toBeNull();
  // The streams of a backend have no previews.
  expect(parse({ playbackId: previewPlaybackId(playbackId) })).toBeNull();
});

test.each([...LADDER_NAMES.map((ladder) => ({ ladder })), ...LATENCY_NAMES.map((latency) => ({ latency }))])(
  '%j is accepted',
  (settings) => {
    expect(parse(settings)).toMatchObject(settings);
  },
);

test("an empty object means a stream with the deployment's defaults", () => {
  expect(parse({})).toMatchObject(defaults);
});

describe('ids that the backend leaves out', () => {
  test('are always the same for a key, and differ between keys', () => {
    const ids = idsOf({});
    expect(idsOf({})).toEqual(ids);
    expect(ids.streamId).toMatch(ID_PATTERN);
    expect(ids.playbackId).toMatch(ID_PATTERN);
    expect(ids.playbackId).not.toBe(ids.streamId);
    const others = idsOf({}, 'bob-2025');
    expect(others.streamId).not.toBe(ids.streamId);
    expect(others.playbackId).not.toBe(ids.playbackId);
  });

  test("can't be computed from a guessed key without the secret", () => {
    const guesses = [streamKey, `stream:${streamKey}`, `stream:${hashSecret(streamKey)}`].map((text) =>
      secretId(hashSecret(text)),
    );
    const { streamId, playbackId } = idsOf({});
    for (const guess of guesses) expect([streamId, playbackId]).not.toContain(guess);
    expect(idsOf({}, streamKey, generateSecret(randomBytes))).not.toEqual(idsOf({}));
  });

  test("keep viewers' URLs if a stream gets another key", () => {
    expect(idsOf({ streamId: 'alice' }, 'another-key')).toEqual(idsOf({ streamId: 'alice' }));
    expect(idsOf({ streamId: 'alice' }).playbackId).not.toBe(idsOf({ streamId: 'bob' }).playbackId);
  });
});

test.each([
  null,
  [],
  'yes',
  true,
  7,
  { streamId: '' },
  { streamId: null },
  { streamId: 'a/b' },
  { streamId: 'a b' },
  { streamId: 'a'.repeat(65) },
  { streamId: 7 },
  { playbackId: '../../x' },
  { playbackId: 'short' },
  { playbackId: 'A'.repeat(16) },
  { title: 7 },
  { title: 'a'.repeat(201) },
  { ladder: '4k' },
  { ladder: null },
  { latency: 'toString' },
])('%j is invalid', (answer) => {
  expect(parse(answer)).toBeNull();
});

test.each(['', '{', 'OK', '{}{}', '\u0000'])('%j is not JSON', (body) => {
  expect(parseWebhookAnswer(body, { streamKey, secret, defaults })).toBeNull();
});

test('the key itself is not accepted as an id', () => {
  expect(parse({ streamId: streamKey })).toBeNull();
  const idLike = generateId(randomBytes);
  expect(parse({ playbackId: idLike }, idLike)).toBeNull();
});
