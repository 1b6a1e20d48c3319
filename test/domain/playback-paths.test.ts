import { masterPath, statusPath, watchPath } from '#domain/playback-paths.ts';

test('the paths of a public stream', () => {
  expect(masterPath('abcdefghij234567')).toBe('/live/abcdefghij234567/master.m3u8');
  expect(statusPath('abcdefghij234567')).toBe('/live/abcdefghij234567/status.json');
  expect(watchPath('abcdefghij234567')).toBe('/watch/abcdefghij234567');
});

test('the paths with a viewer token', () => {
  const id = 'tabcdefghij234567';
  const token = 'a.1800000000.b-_';
  expect(masterPath(id, token)).toBe('/t/a.1800000000.b-_/live/tabcdefghij234567/master.m3u8');
  expect(statusPath(id, token)).toBe('/t/a.1800000000.b-_/live/tabcdefghij234567/status.json');
  expect(watchPath(id, token)).toBe('/watch/tabcdefghij234567#token=a.1800000000.b-_');
});
