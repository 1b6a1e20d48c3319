import { qualityOptions } from '#player/quality-menu.ts';

const level = (width: number, height: number) => ({ width, height });

test('offers levels by their shorter side, best first', () => {
  expect(qualityOptions([level(640, 360), level(1280, 720)])).toEqual([
    { index: -1, label: 'Auto' },
    { index: 1, label: '720p' },
    { index: 0, label: '360p' },
  ]);
  expect(qualityOptions([level(360, 640), level(720, 1280)]).map(({ label }) => label)).toEqual([
    'Auto',
    '720p',
    '360p',
  ]);
});

test('offers nothing where there is no choice', () => {
  expect(qualityOptions([])).toEqual([]);
  expect(qualityOptions([level(640, 360)])).toEqual([]);
  expect(qualityOptions([level(0, 0), level(0, 0)])).toEqual([]);
});
