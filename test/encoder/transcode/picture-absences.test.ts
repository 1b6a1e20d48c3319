import { PictureAbsences } from '#encoder/transcode/picture-absences.ts';

test('an absence counts from the last picture until the next one', () => {
  const absences = new PictureAbsences();
  absences.begin(2000);
  absences.begin(2200);
  expect([1000, 2000, 2001, 9000].map((ms) => absences.missingMsAt(ms))).toEqual([0, 0, 1, 7000]);
  absences.end(9000);
  absences.end(9040);
  expect([8999, 9000, 20_000].map((ms) => absences.missingMsAt(ms))).toEqual([6999, 0, 0]);
});

test('FFmpeg is behind its source: what was missing a little earlier is remembered', () => {
  const absences = new PictureAbsences();
  for (const fromMs of [1000, 11_000, 21_000]) {
    absences.begin(fromMs);
    absences.end(fromMs + 6000);
  }
  expect([6000, 8000, 16_000, 26_000].map((ms) => absences.missingMsAt(ms))).toEqual([5000, 0, 5000, 5000]);
});

test('a picture that comes and goes for ever takes no more memory: old absences are forgotten', () => {
  const absences = new PictureAbsences();
  for (let fromMs = 0; fromMs < 100_000; fromMs += 2000) {
    absences.begin(fromMs);
    absences.end(fromMs + 1000);
  }
  expect([500, 98_500].map((ms) => absences.missingMsAt(ms))).toEqual([0, 500]);
});
