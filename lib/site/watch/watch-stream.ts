import type { Playback, PlaybackOutcome } from './playback.ts';
import type { ProbeResult } from './probe-result.ts';

/** Milliseconds until the next probe, after each playback outcome. */
const NEXT_PROBE_MS: Readonly<Record<PlaybackOutcome, number>> = {
  // Another presentation may follow. Before that, a cache may still say that the stream is live (status.json).
  ended: 1200,
  failed: 300,
  outdated: 0,
};

export interface WatchStreamOptions {
  /** What is known of the stream now. */
  readonly probe: () => Promise<ProbeResult>;
  /** Resolves when something else is known of it. */
  readonly nextChange: () => Promise<ProbeResult>;
  readonly startPlayback: () => Playback;
  /** Null, or the end of a pause of the viewer's. No other broadcast starts in it, and none again. */
  readonly pause: () => Promise<void> | null;
  /** Resolves to whether the stream has gained a picture or sound since, to false when `signal` aborts. Never rejects. */
  readonly gainsTrack: (signal: AbortSignal) => Promise<boolean>;
  /** Called with every probe result and every playback outcome, in order. */
  readonly onEvent: (event: ProbeResult | PlaybackOutcome) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Ends the loop. It is checked before each probe and each playback. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a stream, plays it, and starts again whenever it ends or fails. Returns when `signal` is aborted, or when
 * the viewer is refused, because the same token would be refused again.
 */
export async function watchStream(options: WatchStreamOptions): Promise<void> {
  const { probe, nextChange, startPlayback, pause, gainsTrack, onEvent, sleep, signal } = options;
  let playback: Playback | null = null;
  let found = await probe();
  while (!signal.aborted) {
    onEvent(found);
    if (found === 'refused') break;
    if (found !== 'live') {
      found = await nextChange();
      continue;
    }
    // The last picture of a failed playback stays until there is a new one to replace it.
    playback?.close();
    const paused = pause();
    if (paused !== null) {
      playback = null;
      await paused;
      found = await probe();
      continue;
    }
    playback = startPlayback();
    const outcome = await outcomeOf(playback, gainsTrack);
    onEvent(outcome);
    await sleep(NEXT_PROBE_MS[outcome]);
    found = await probe();
  }
  playback?.close();
}

async function outcomeOf(playback: Playback, gainsTrack: WatchStreamOptions['gainsTrack']): Promise<PlaybackOutcome> {
  const ending = new AbortController();
  const gained = gainsTrack(ending.signal).then((hasGained) => (hasGained ? 'outdated' : playback.outcome));
  const outcome = await Promise.race([playback.outcome, gained]);
  ending.abort();
  return outcome;
}
