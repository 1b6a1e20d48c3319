import {
  initialWatchdogMemory,
  WATCH_INTERVAL_MS,
  type WatchdogAction,
  type WatchdogSample,
  watch,
} from '#site/watch/watchdog.ts';

const STANDING = { currentTime: 10, isMeantToMove: true, bufferedAheadSeconds: 0, liveSyncPosition: 10 };

/** Watches a playback that stands still. Playlists keep arriving unless `sample` says otherwise. */
function actionsWithin(seconds: number, sample: Partial<WatchdogSample>): [number, WatchdogAction][] {
  let memory = { ...initialWatchdogMemory(0), currentTime: 10 };
  const actions: [number, WatchdogAction][] = [];
  for (let nowMs = 0; nowMs <= seconds * 1000; nowMs += WATCH_INTERVAL_MS) {
    const verdict = watch(memory, { ...STANDING, nowMs, playlistAtMs: nowMs, ...sample });
    memory = verdict.memory;
    if (verdict.action !== 'none') actions.push([nowMs, verdict.action]);
  }
  return actions;
}

test('media is buffered but playback stands: nudges, then jumps, then gives up', () => {
  expect(actionsWithin(6, { bufferedAheadSeconds: 2 })).toEqual([
    [2000, 'nudge'],
    [2800, 'jump'],
    [5200, 'give-up'],
  ]);
});

test('the stream is further ahead: jumps once, then gives up', () => {
  const actions = actionsWithin(10.2, { liveSyncPosition: 20 });
  expect(actions).toEqual([
    [2600, 'jump'],
    [10_200, 'give-up'],
  ]);
});

test('waits for an absent publisher for half a minute while playlists arrive', () => {
  expect(actionsWithin(30, {})).toEqual([]);
  expect(actionsWithin(30, { liveSyncPosition: null })).toEqual([]);
});

test('no playlist arrives: gives up', () => {
  expect(actionsWithin(8.2, { playlistAtMs: 0 })).toEqual([[8200, 'give-up']]);
});

test('leaves playback alone that is not meant to move', () => {
  expect(actionsWithin(30, { isMeantToMove: false, bufferedAheadSeconds: 5, playlistAtMs: 0 })).toEqual([]);
});

test('tells playback from a standstill, and a seek from playback', () => {
  const sample = { ...STANDING, nowMs: 4500, playlistAtMs: 4500 };
  const memory = { currentTime: 10, sampledAtMs: 4300, movedAtMs: 0, remedies: 2 };
  expect(watch(memory, sample)).toMatchObject({ isMoving: false, isStarved: true });
  expect(watch(memory, { ...sample, currentTime: 10.2 })).toMatchObject({
    isMoving: true,
    isStarved: false,
    memory: { movedAtMs: 4500, remedies: 0 },
  });
  expect(watch(memory, { ...sample, currentTime: 20 })).toMatchObject({ isMoving: false, isStarved: true });
  expect(watch(memory, { ...sample, currentTime: 5 })).toMatchObject({ isMoving: false, isStarved: true });
});

test('a minute between two samples, as in a hidden page, may bring a minute of playback', () => {
  const memory = { currentTime: 10, sampledAtMs: 0, movedAtMs: 0, remedies: 0 };
  const sample = { ...STANDING, nowMs: 60_000, playlistAtMs: 60_000 };
  expect(watch(memory, { ...sample, currentTime: 70 })).toMatchObject({
    isMoving: true,
    memory: { sampledAtMs: 60_000, movedAtMs: 60_000 },
  });
  expect(watch(memory, { ...sample, currentTime: 80 })).toMatchObject({ isMoving: false, memory: { movedAtMs: 0 } });
});
