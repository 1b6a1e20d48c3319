import { displayAspect } from '#domain/display-aspect.ts';

test.each([
  [1920, 1080, '16:9'],
  [1280, 720, '16:9'],
  [854, 480, '16:9'],
  [426, 240, '16:9'],
  [1366, 768, '16:9'],
  [1080, 1920, '9:16'],
  [608, 1080, '9:16'],
  [480, 854, '9:16'],
  [640, 480, '4:3'],
  [720, 720, '1:1'],
  [2560, 1080, '64:27'],
  [1998, 1080, '37:20'],
  [2, 2, '1:1'],
  [7680, 2, '3840:1'],
])('a picture of %i x %i is shown as %s', (width, height, aspect) => {
  expect(displayAspect(width, height)).toBe(aspect);
});
