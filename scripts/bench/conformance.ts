import { setTimeout as sleep } from 'node:timers/promises';
import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { makeClip } from '#kit/clip.ts';
import { findLiveFfmpeg } from '#kit/encoder-processes.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import type { TimedResponse } from '#scripts/check-hls/http-client.ts';
import { watchStream } from '#scripts/check-hls/stream-watch.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { reportFlaws } from './cluster/flaws.ts';
import { startHeadend } from './systems/headend.ts';

const START_TIMEOUT_SECONDS = 60;
const AWAY_MS = 3_000;
/** Two rungs, so that there is something to compare. */
const LADDER = '480p';
const CLIP = { width: 854, height: 480, videoKbps: 1_500 } as const;
const OK = 200;

/**
 * What the checker of `npm run check:hls` finds in a live stream of each profile. In a quarter of the time FFmpeg is killed, in half
 * of it the publisher ends its publish, and in three quarters its connection breaks. Each time, it is away for some seconds.
 */
export const conformance: readonly Benchmark[] = LATENCY_NAMES.map((latency) => ({
  name: `conformance/${latency}`,
  targets: { findings: { atMost: 0 } },
  run: (context: BenchContext) => measure(context, latency),
}));

async function measure(context: BenchContext, latency: LatencyName): Promise<Figures> {
  const { seconds, signal } = context;
  const running = await startHeadend(context, latency, { ladder: LADDER });
  const publisher = new ReturningPublisher({
    ...{ clipPath: await makeClip(CLIP), rtmpUrl: running.publishUrl, retryDelayMs: AWAY_MS },
  });
  context.defer(() => publisher.stop());
  const url = running.multivariantPlaylistUrl;
  const patience = { signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 };
  await waitFor('a playlist with media', () => isPlayable(url, signal), patience);

  const silence = new PlaylistSilence();
  const end = signalWithin(seconds * 1000, signal);
  const watching = watchStream({ url, signal: end, onAnswer: (answer) => silence.add(answer) });
  const troubles = [
    async () => {
      const pid = await waitFor('an FFmpeg to kill', () => findLiveFfmpeg(running.encoderPid), patience);
      process.kill(pid, 'SIGKILL');
    },
    () => publisher.endPublish(),
    () => publisher.breakConnection(),
  ];
  const quarter = () => sleep((seconds / 4) * 1000, undefined, { signal });
  const trouble = async () => {
    for (const make of troubles) {
      await quarter();
      await make();
    }
  };
  const [{ checker, answers, watchedSeconds, failure }] = await Promise.all([watching, trouble()]);
  if (failure !== null) throw new Error(`the stream could not be watched: ${failure}`);
  const findings = checker.findings().map(({ rule, section, evidence }) => `${rule} (${section}): ${evidence}`);
  reportFlaws(`conformance/${latency}`, findings);
  return {
    findings: findings.length,
    answers,
    watchedSeconds,
    publishes: publisher.acceptedAtMs.length,
    longestSilenceSeconds: silence.longestSeconds,
  };
}

/** The longest time in which a media playlist had nothing new. */
class PlaylistSilence {
  readonly #newest = new Map<string, { readonly text: string; readonly atMs: number }>();
  #longestMs = 0;

  get longestSeconds(): number {
    return this.#longestMs / 1000;
  }

  add({ url, status, body, endedAtMs }: TimedResponse): void {
    const [path = ''] = url.split('?');
    if (status !== OK || !path.endsWith('/media.m3u8')) return;
    const newest = this.#newest.get(path);
    const text = body.toString();
    if (text === newest?.text) return;
    this.#newest.set(path, { text, atMs: endedAtMs });
    this.#longestMs = Math.max(this.#longestMs, endedAtMs - (newest?.atMs ?? endedAtMs));
  }
}
