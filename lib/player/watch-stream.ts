import type { Playback, PlaybackOutcome } from './playback.ts';
import type { ProbeResult } from './stream-probe.ts';

/** Milliseconds until the next probe, after each probe result or playback outcome. */
const NEXT_PROBE_MS: Readonly<Record<Exclude<ProbeResult, 'live' | 'refused'> | PlaybackOutcome, number>> = {
  absent: 1000,
  unreachable: 1000,
  over: 3000,
  // Another presentation may follow. Before that, a cache may still say that the stream is live (status.json).
  ended: 1200,
  failed: 300,
  outdated: 0,
};

export interface WatchStreamOptions {
  readonly probe: () => Promise<ProbeResult>;
  readonly startPlayback: () => Playback;
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
  const { probe, startPlayback, gainsTrack, onEvent, sleep, signal } = options;
  let playback: Playback | null = null;
  while (!signal.aborted) {
    const found = await probe();
    if (signal.aborted) break;
    onEvent(found);
    if (found === 'refused') break;
    if (found !== 'live') {
      await sleep(NEXT_PROBE_MS[found]);
      continue;
    }
    // The last picture of a failed playback stays until there is a new one to replace it.
    playback?.close();
    playback = startPlayback();
    const outcome = await outcomeOf(playback, gainsTrack);
    onEvent(outcome);
    await sleep(NEXT_PROBE_MS[outcome]);
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
