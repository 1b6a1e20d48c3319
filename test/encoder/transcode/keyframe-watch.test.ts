import { KeyframeWatch } from '#encoder/transcode/keyframe-watch.ts';

test('a publish is overdue when nothing could be done with it for 10 s', () => {
  const watch = new KeyframeWatch();
  expect(watch.isOverdue(true, 1_000)).toBe(false);
  expect(watch.isOverdue(true, 10_999)).toBe(false);
  expect(watch.isOverdue(true, 11_000)).toBe(true);
});

test('each keyframe ends the wait', () => {
  const watch = new KeyframeWatch();
  watch.isOverdue(true, 0);
  watch.isOverdue(false, 9_000);
  expect(watch.isOverdue(true, 12_000)).toBe(false);
  expect(watch.isOverdue(true, 21_999)).toBe(false);
  expect(watch.isOverdue(true, 22_000)).toBe(true);
});
