import { randomBytes } from 'node:crypto';
import {
  isPreview,
  needsViewerToken,
  PLAYBACK_ID_SOURCE,
  previewPlaybackId,
  streamPlaybackIds,
  VIEWERS_PLAYBACK_ID_PATTERN,
} from '#domain/playback-ids.ts';
import { generatePlaybackId } from '#domain/stream-ids.ts';

const PLAYBACK_ID_PATTERN = new RegExp(`^${PLAYBACK_ID_SOURCE}$`);

test.each([
  ['public', 16, false],
  ['token', 17, true],
] as const)(
  'the id of a stream with playback "%s" has %i characters, and needs a token: %s',
  (mode, length, needsToken) => {
    for (let index = 0; index < 200; index += 1) {
      const id = generatePlaybackId(mode, randomBytes);
      expect(id).toMatch(PLAYBACK_ID_PATTERN);
      expect(id).toMatch(VIEWERS_PLAYBACK_ID_PATTERN);
      expect([id.length, needsViewerToken(id)]).toEqual([length, needsToken]);
    }
  },
);

test('a public id may begin with t', () => {
  expect(needsViewerToken('tttttttttttttttt')).toBe(false);
  expect(needsViewerToken('ttttttttttttttttt')).toBe(true);
});

test.each([
  '',
  'a',
  'abcdefghij23456',
  'aabcdefghij234567',
  'ptabcdefghij234567',
  'ttabcdefghij234567',
  'ABCDEFGHIJ234567',
  'abcdefghij23456\n',
])('%j is not a playback id', (id) => {
  expect(id).not.toMatch(PLAYBACK_ID_PATTERN);
});

test.each(['public', 'token'] as const)(
  'the preview of a stream with playback "%s" has an id that needs a token',
  (mode) => {
    const id = generatePlaybackId(mode, randomBytes);
    const preview = previewPlaybackId(id);
    expect(preview).toMatch(PLAYBACK_ID_PATTERN);
    expect(preview).not.toMatch(VIEWERS_PLAYBACK_ID_PATTERN);
    expect([needsViewerToken(preview), isPreview(preview), isPreview(id)]).toEqual([true, true, false]);
    expect(streamPlaybackIds(preview)).toContain(id);
    expect(streamPlaybackIds(id)).toEqual([id]);
  },
);

test('a public id may begin with p, and is no preview', () => {
  expect(isPreview('pppppppppppppppp')).toBe(false);
});
