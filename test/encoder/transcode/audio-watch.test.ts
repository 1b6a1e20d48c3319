import { AudioWatch } from '#encoder/transcode/audio-watch.ts';

/** Continuous video, and audio where `hasAudio` says so. Returns the watch's answer at each second. */
function watchSeconds(hasAudio: (timelineMs: number) => boolean, seconds: number): boolean[] {
  const watch = new AudioWatch();
  const answers: boolean[] = [];
  for (let timelineMs = 0; timelineMs <= seconds * 1000; timelineMs += 20) {
    watch.onVideo(timelineMs);
    if (hasAudio(timelineMs)) watch.onAudio(timelineMs);
    if (timelineMs % 1000 === 0) answers.push(watch.vanished);
  }
  return answers;
}

test.each([
  ['audio throughout', () => true, '00000000'],
  ['announced but never sent', () => false, '00001111'],
  ['a gap of 3 s', (ms: number) => ms <= 1000 || ms >= 4000, '00000000'],
  ['gone for good', (ms: number) => ms <= 2000, '00000011'],
  ['gone and back', (ms: number) => ms <= 1000 || ms >= 6000, '00000110'],
  ['gone and back for single frames', (ms: number) => ms <= 1000 || ms % 1000 === 0, '00000000'],
] as const)('%s', (_name, hasAudio, expected) => {
  expect(watchSeconds(hasAudio, 7).map(Number).join('')).toBe(expected);
});

test('single frames do not count as audio that is back', () => {
  const watch = new AudioWatch();
  for (let timelineMs = 0; timelineMs <= 4000; timelineMs += 40) watch.onVideo(timelineMs);
  for (let timelineMs = 4000; timelineMs <= 20_000; timelineMs += 800) watch.onAudio(timelineMs);
  expect(watch.vanished).toBe(true);
});

test('without video, audio never counts as vanished', () => {
  const watch = new AudioWatch();
  watch.onAudio(0);
  watch.onAudio(60_000);
  expect(watch.vanished).toBe(false);
});
