import { setVolume } from '#site/watch/controls.ts';

test('as many steps down as up end in silence, and one up switches the sound on', () => {
  const video = { volume: 1, muted: false } as HTMLVideoElement;
  for (let step = 0; step < 10; step += 1) setVolume(video, video.volume - 0.1);
  expect(video).toEqual({ volume: 0, muted: true });
  setVolume(video, video.volume + 0.1);
  expect(video).toEqual({ volume: 0.1, muted: false });
});

test('the volume stays within its limits', () => {
  const video = { volume: 1, muted: true } as HTMLVideoElement;
  setVolume(video, 1.1);
  expect(video).toEqual({ volume: 1, muted: false });
  setVolume(video, -0.1);
  expect(video).toEqual({ volume: 0, muted: true });
});
