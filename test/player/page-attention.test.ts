import { PageAttention } from '#player/page-attention.ts';

const MINUTE_MS = 60_000;

function openPage() {
  const page = new EventTarget() as EventTarget & { visibilityState: 'visible' | 'hidden' };
  page.visibilityState = 'visible';
  const clock = { nowMs: 0 };
  const attention = new PageAttention(page as unknown as Document, () => clock.nowMs);
  const turn = (state: 'visible' | 'hidden'): void => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  const isWatched = (): Promise<boolean> =>
    Promise.race([attention.whenWatched().then(() => true), new Promise<boolean>((done) => setImmediate(done, false))]);
  return { clock, turn, isWatched, attention };
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
