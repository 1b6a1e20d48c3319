import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { findEncodingTask } from '#kit/encoder-processes.ts';
import { epochsIn } from '#kit/epochs.ts';
import { waitFor } from '#kit/wait-for.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import type { ClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';
import { startWatchedStream, watchDisturbance } from './watched-stream.ts';

const TRIES = 10;
/** Time for the player to settle before each disturbance, and for the tasks to write down where the stream is. */
const SETTLE_MS = 6_000;
const POLL_MS = 20;

interface KillFigures {
  /** The longest time without a new picture. */
  readonly gapMs: number;
  /** From the accepted publish to the first playlist with a part of it. */
  readonly platformMs: number | null;
  readonly goesOn: boolean;
}

/** The task that encodes is killed, and its publisher comes back as OBS does. A viewer watches in Chromium. */
export const clusterKill: Benchmark = {
  name: 'cluster/kill',
  targets: {
    lostViewers: { atMost: 0 },
    contradictions: { atMost: 0 },
    viewerGapP95Ms: { atMost: 5_000 },
    reconnectToPartMaxMs: { atMost: 1_500 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const { stream, publisher, page, witness, poller } = await startWatchedStream(context);
    const kills: KillFigures[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await sleep(SETTLE_MS, undefined, { signal: context.signal });
      kills.push(await killOwner(page, stream, { acceptedAtMs: () => publisher.acceptedAtMs }, context.signal));
    }
    poller.stop();
    const contradictions = witness.contradictionsBesidesLosses();
    reportFlaws('cluster/kill', contradictions);
    const gapsMs = kills.map(({ gapMs }) => gapMs);
    const platformMs = kills.map((kill) => kill.platformMs ?? Number.POSITIVE_INFINITY);
    return {
      kills: TRIES,
      lostViewers: kills.filter(({ goesOn }) => !goesOn).length,
      contradictions: contradictions.length,
      endLists: witness.hasEndList ? 1 : 0,
      viewerGapP50Ms: percentile(gapsMs, 50),
      viewerGapP95Ms: percentile(gapsMs, 95),
      reconnectToPartP50Ms: percentile(platformMs, 50),
      reconnectToPartMaxMs: percentile(platformMs, 100),
    };
  },
};

async function killOwner(
  page: Page,
  stream: ClusterStream,
  publisher: { acceptedAtMs(): readonly number[] },
  signal: AbortSignal,
): Promise<KillFigures> {
  const owner = await findEncodingTask(stream.platformPid);
  const [liveUrl = ''] = stream.liveUrls;
  const known = new Set(epochsIn(await (await fetch(`${liveUrl}/360p/media.m3u8`, { signal })).text()));
  const publishes = publisher.acceptedAtMs().length;
  let platformMs: number | null = null;
  const seen = await watchDisturbance(
    page,
    async () => {
      process.kill(owner.pid, 'SIGKILL');
      const partAtMs = await firstNewPart(`${liveUrl}/360p/media.m3u8`, known, signal);
      const acceptedAtMs = publisher.acceptedAtMs()[publishes];
      if (acceptedAtMs !== undefined) platformMs = Math.max(0, partAtMs - acceptedAtMs);
    },
    signal,
  );
  return { ...seen, platformMs };
}

/** When a playlist first has a part of a run that was not known, in milliseconds since 1970. */
function firstNewPart(url: string, known: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
  return waitFor(
    'a part of the new run',
    async () => {
      const response = await fetch(url, { signal: signalWithin(1_000, signal) }).catch(() => null);
      const text = response?.ok === true ? await response.text().catch(() => '') : '';
      return epochsIn(text).some((epoch) => !known.has(epoch)) ? Date.now() : null;
    },
    { signal, intervalMs: POLL_MS },
  );
}
