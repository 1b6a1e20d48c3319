import { qualityOptions } from '#site/watch/quality-menu.ts';

const level = (width: number, height: number, codecSet = 'avc1,mp4a') => ({ width, height, codecSet });
const AUTO = { index: -1, size: null, label: 'Auto' };

test.each([
  ['landscape', [level(640, 360), level(1280, 720)]],
  ['portrait', [level(360, 640), level(720, 1280)]],
])('offers levels by their shorter side, best first: %s', (_name, levels) => {
  expect(qualityOptions(levels, 'avc1,mp4a')).toEqual([
    AUTO,
    { index: 1, size: 720, label: '720p' },
    { index: 0, size: 360, label: '360p' },
  ]);
});

test('offers each size once, with the codecs that are played if it has them', () => {
  const levels = [level(640, 360), level(640, 360, 'hvc1,mp4a'), level(1280, 720, 'hvc1,mp4a'), level(1280, 720)];
  const indexes = (codecSet: string | null) => qualityOptions(levels, codecSet).map(({ index }) => index);
  expect(indexes('avc1,mp4a')).toEqual([-1, 3, 0]);
  expect(indexes('hvc1,mp4a')).toEqual([-1, 2, 1]);
  expect(indexes(null)).toEqual([-1, 3, 1]);
  expect(qualityOptions([...levels, level(1920, 1080)], 'hvc1,mp4a').map(({ index }) => index)).toEqual([-1, 4, 2, 1]);
});

test('offers nothing where there is no choice', () => {
  expect(qualityOptions([], null)).toEqual([]);
  expect(qualityOptions([level(640, 360)], null)).toEqual([]);
  expect(qualityOptions([level(640, 360), level(640, 360, 'hvc1,mp4a')], null)).toEqual([]);
  expect(qualityOptions([level(0, 0), level(0, 0)], null)).toEqual([]);
  expect(qualityOptions([level(0, 0), level(640, 360)], null)).toEqual([]);
});
