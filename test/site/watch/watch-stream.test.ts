import type { Playback, PlaybackOutcome } from '#site/watch/playback.ts';
import type { ProbeResult } from '#site/watch/probe-result.ts';
import { watchStream } from '#site/watch/watch-stream.ts';

/** Runs `watchStream` with scripted results and outcomes. Returns what it did, in order. */
async function run(
  results: ProbeResult[],
  outcomes: (PlaybackOutcome | 'gains')[],
  pauses: boolean[] = [],
): Promise<string[]> {
  const done: string[] = [];
  const ending = new AbortController();
  const queue = [...results];
  let started = 0;
  let outcome: PlaybackOutcome | 'gains' = 'failed';
  const next = async (): Promise<ProbeResult> => {
    const found = queue.shift();
    if (found === undefined) ending.abort();
    return found ?? 'absent';
  };
  await watchStream({
    probe: next,
    nextChange: () => {
      done.push('waits');
      return next();
    },
    startPlayback: (): Playback => {
      started += 1;
      const name = `playback ${started}`;
      outcome = outcomes.shift() ?? 'failed';
      done.push(`start ${name}`);
      return {
        outcome: outcome === 'gains' ? new Promise(() => undefined) : Promise.resolve(outcome),
        hls: null,
        firstOffer: Promise.resolve(null),
        latencySeconds: () => null,
        targetLatencySeconds: () => null,
        delaySeconds: () => null,
        behindSeconds: () => null,
        hasSound: () => null,
        pauseLoading: () => undefined,
        resumeLoading: () => undefined,
        stayBehind: () => undefined,
        jumpToLive: () => undefined,
        close: () => done.push(`close ${name}`),
      };
    },
    pause: () => (pauses.shift() ? Promise.resolve().then(() => void done.push('resumes')) : null),
    gainsTrack: async () => outcome === 'gains',
    onEvent: (event) => done.push(event),
    sleep: async (milliseconds) => {
      done.push(`${milliseconds} ms`);
    },
    signal: ending.signal,
  });
  return done;
}

test('waits until the stream is live', async () => {
  expect(await run(['unreachable', 'absent', 'absent'], [])).toEqual([
    ...['unreachable', 'waits', 'absent', 'waits', 'absent', 'waits'],
  ]);
});

test('tries again soon after a failure, and keeps the last picture until then', async () => {
  expect(await run(['live', 'unreachable', 'live'], ['failed', 'ended'])).toEqual([
    ...['live', 'start playback 1', 'failed', '300 ms'],
    ...['unreachable', 'waits'],
    ...['live', 'close playback 1', 'start playback 2', 'ended', '1200 ms', 'close playback 2'],
  ]);
});

test('starts again when the stream is live again after its end', async () => {
  expect(await run(['over', 'live'], ['ended'])).toEqual([
    ...['over', 'waits', 'live', 'start playback 1', 'ended', '1200 ms', 'close playback 1'],
  ]);
});

test('a viewer who has paused sees the next broadcast when they go on, if it is still there', async () => {
  expect(await run(['live', 'live', 'live'], ['ended', 'ended'], [false, true])).toEqual([
    ...['live', 'start playback 1', 'ended', '1200 ms'],
    ...['live', 'close playback 1', 'resumes', 'live', 'start playback 2', 'ended', '1200 ms', 'close playback 2'],
  ]);
  expect(await run(['live', 'over'], [], [true])).toEqual(['live', 'resumes', 'over', 'waits']);
});

test('stops when the viewer is refused, and removes the last picture', async () => {
  expect(await run(['refused', 'live'], [])).toEqual(['refused']);
  expect(await run(['live', 'refused', 'live'], ['failed'])).toEqual([
    ...['live', 'start playback 1', 'failed', '300 ms'],
    ...['refused', 'close playback 1'],
  ]);
});

test('starts again at once if the stream has gained a picture or sound, without a word to the viewer', async () => {
  expect(await run(['live', 'live'], ['gains', 'ended'])).toEqual([
    ...['live', 'start playback 1', 'outdated', '0 ms'],
    ...['live', 'close playback 1', 'start playback 2', 'ended', '1200 ms', 'close playback 2'],
  ]);
});
