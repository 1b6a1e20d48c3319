import { PageAttention } from '#site/watch/page-attention.ts';

const MINUTE_MS = 60_000;

function openPage() {
  const page = Object.assign(new EventTarget(), {
    visibilityState: 'visible',
    pictureInPictureElement: null as EventTarget | null,
  });
  const video = Object.assign(new EventTarget(), { paused: true, ended: false });
  const clock = { nowMs: 0 };
  const attention = new PageAttention({ document: page as unknown as Document, video, now: () => clock.nowMs });
  const turn = (state: 'visible' | 'hidden'): void => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  const isWatched = (): Promise<boolean> =>
    Promise.race([attention.whenWatched().then(() => true), new Promise<boolean>((done) => setImmediate(done, false))]);
  return { page, video, clock, turn, isWatched, attention };
}

test('a page is watched while it is shown, and for ten minutes after that', async () => {
  const { clock, turn, isWatched } = openPage();
  clock.nowMs = 60 * MINUTE_MS;
  expect(await isWatched()).toBe(true);
  turn('hidden');
  clock.nowMs += 9 * MINUTE_MS;
  expect(await isWatched()).toBe(true);
  clock.nowMs += MINUTE_MS;
  expect(await isWatched()).toBe(false);
});

test('a page that is shown again is watched at once', async () => {
  const { clock, turn, isWatched, attention } = openPage();
  turn('hidden');
  clock.nowMs = 20 * MINUTE_MS;
  const watched = attention.whenWatched();
  turn('visible');
  await watched;
  turn('hidden');
  expect(await isWatched()).toBe(true);
});

test('a hidden page is watched while its picture is in another window, and while it plays', async () => {
  const { page, video, clock, turn, isWatched } = openPage();
  turn('hidden');
  page.pictureInPictureElement = video;
  clock.nowMs = 20 * MINUTE_MS;
  expect(await isWatched()).toBe(true);
  page.pictureInPictureElement = null;
  video.paused = false;
  clock.nowMs += 20 * MINUTE_MS;
  expect(await isWatched()).toBe(true);
  video.ended = true;
  clock.nowMs += 9 * MINUTE_MS;
  expect(await isWatched()).toBe(true);
  clock.nowMs += MINUTE_MS;
  expect(await isWatched()).toBe(false);
});

test('a hidden page that plays again is watched at once', async () => {
  const { video, clock, turn, attention } = openPage();
  turn('hidden');
  clock.nowMs = 20 * MINUTE_MS;
  const watched = attention.whenWatched();
  video.paused = false;
  video.dispatchEvent(new Event('play'));
  await watched;
});
