import { type EndedPause, PauseWatch } from '#site/watch/pause-watch.ts';

/** A page with a video that plays. It tells which pauses were over, and how often the viewer was taken for back. */
function openPage() {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible', pictureInPictureElement: null });
  const keys = new Map<string, () => void>();
  const setActionHandler = (action: string, handler: () => void) => keys.set(action, handler);
  const globals = { document: page, window: globalThis, navigator: { mediaSession: { setActionHandler } } };
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  const video = Object.assign(new EventTarget(), {
    paused: false,
    ended: false,
    pause() {
      if (!video.paused) video.dispatchEvent(new Event('pause'));
      video.paused = true;
    },
    play() {
      video.paused = false;
      video.dispatchEvent(new Event('play'));
    },
  });
  const resumed: EndedPause[] = [];
  let returns = 0;
  new PauseWatch(video as unknown as HTMLVideoElement, {
    onIdle: () => undefined,
    onResume: (pause) => resumed.push(pause),
    onReturn: () => {
      returns += 1;
      video.play();
    },
  });
  const turn = (state: 'visible' | 'hidden'): void => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  return { video, turn, press: (key: string) => keys.get(key)?.(), resumed, returnCount: () => returns };
}

test('what the browser pauses in a hidden page plays on when the viewer is back', () => {
  const { video, turn, resumed, returnCount } = openPage();
  turn('hidden');
  video.pause();
  turn('visible');
  expect([returnCount(), resumed]).toEqual([1, [{ isByViewer: false, wasIdle: false }]]);
});

test('what the viewer pauses in a hidden page, by a key, stays paused until they play on', () => {
  const { video, turn, press, resumed, returnCount } = openPage();
  turn('hidden');
  press('pause');
  expect(video.paused).toBe(true);
  turn('visible');
  expect([returnCount(), resumed]).toEqual([0, []]);
  press('play');
  expect([video.paused, resumed]).toEqual([false, [{ isByViewer: true, wasIdle: false }]]);
});
