import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { findEncodingTask } from '#kit/encoder-processes.ts';
import { epochsIn } from '#kit/epochs.ts';
import type { ReturningPublisher } from '#kit/returning-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import type { ClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';
import { startWatchedStream, watchDisturbance } from './watched-stream.ts';

const TRIES = 10;
const SETTLE_MS = 6_000;
const POLL_MS = 20;

interface ReconnectFigures {
  /** The longest time without a new picture. */
  readonly gapMs: number;
  /** How much of it is not the publisher's: it was away for the rest. */
  readonly ownShareMs: number;
  /** From the accepted publish to the first part after it. */
  readonly toPartMs: number;
  readonly goesOn: boolean;
  /** Whether another FFmpeg encodes than before. */
  readonly isNewEncoder: boolean;
}

/** The publisher's connection breaks, and the next one reaches any of three tasks. A viewer watches in Chromium. */
export const clusterReconnect: Benchmark = {
  name: 'cluster/reconnect',
  targets: {
    lostViewers: { atMost: 0 },
    newEncoders: { atMost: 0 },
    contradictions: { atMost: 0 },
    reconnectToPartMaxMs: { atMost: 1_500 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const { stream, publisher, page, witness, poller } = await startWatchedStream(context);
    const tries: ReconnectFigures[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await sleep(SETTLE_MS, undefined, { signal: context.signal });
      tries.push(await breakConnection(page, stream, publisher, context.signal));
    }
    poller.stop();
    const contradictions = witness.contradictions();
    reportFlaws('cluster/reconnect', contradictions);
    const spread = (of: (figures: ReconnectFigures) => number, share: number): number | null =>
      percentile(tries.map(of), share);
    return {
      reconnects: TRIES,
      lostViewers: tries.filter(({ goesOn }) => !goesOn).length,
      newEncoders: tries.filter(({ isNewEncoder }) => isNewEncoder).length,
      contradictions: contradictions.length,
      viewerGapP50Ms: spread(({ gapMs }) => gapMs, 50),
      viewerGapP95Ms: spread(({ gapMs }) => gapMs, 95),
      ownShareOfGapP50Ms: spread(({ ownShareMs }) => ownShareMs, 50),
      ownShareOfGapMaxMs: spread(({ ownShareMs }) => ownShareMs, 100),
      reconnectToPartP50Ms: spread(({ toPartMs }) => toPartMs, 50),
      reconnectToPartMaxMs: spread(({ toPartMs }) => toPartMs, 100),
    };
  },
};

async function breakConnection(
  page: Page,
  stream: ClusterStream,
  publisher: ReturningPublisher,
  signal: AbortSignal,
): Promise<ReconnectFigures> {
  const encoderBefore = await encoderOf(stream);
  const publishes = publisher.acceptedAtMs.length;
  const playlistUrl = `${stream.liveUrls[0]}/360p/media.m3u8`;
  const brokenAtMs = Date.now();
  let acceptedAtMs = 0;
  let partAtMs = 0;
  const seen = await watchDisturbance(
    page,
    async () => {
      await publisher.breakConnection();
      acceptedAtMs = await waitFor('the next publish', () => publisher.acceptedAtMs[publishes], {
        ...{ signal, intervalMs: POLL_MS },
      });
      const before = lastPart(await playlistOf(playlistUrl, signal));
      partAtMs = await waitFor(
        'a part',
        async () => (lastPart(await playlistOf(playlistUrl, signal)) === before ? null : Date.now()),
        { signal, intervalMs: POLL_MS },
      );
    },
    signal,
  );
  return {
    ...seen,
    ownShareMs: Math.max(0, seen.gapMs - (acceptedAtMs - brokenAtMs)),
    toPartMs: partAtMs - acceptedAtMs,
    isNewEncoder: (await encoderOf(stream)) !== encoderBefore,
  };
}

const playlistOf = async (url: string, signal: AbortSignal): Promise<string> => (await fetch(url, { signal })).text();
const lastPart = (playlist: string): string | undefined => playlist.match(/^#EXT-X-PART:.*$/gm)?.at(-1);

/** The process that encodes, with the newest run that its stream has. */
async function encoderOf({ platformPid, liveUrls }: ClusterStream): Promise<string> {
  const { pid } = await findEncodingTask(platformPid);
  const playlist = await (await fetch(`${liveUrls[0]}/360p/media.m3u8`)).text();
  return `${pid} ${epochsIn(playlist).at(-1)}`;
}
