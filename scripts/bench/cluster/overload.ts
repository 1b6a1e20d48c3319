import { setTimeout as sleep } from 'node:timers/promises';
import { makeClip } from '#kit/clip.ts';
import { epochsIn } from '#kit/epochs.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import { followParts } from '../part-latency.ts';
import { type RunningHeadend, startHeadend } from '../systems/headend.ts';

const CLIP = { width: 1920, height: 1080, frameRate: '60', videoKbps: 6_000 } as const;
const LADDER = '720p';
/** Of the length of the other benchmarks, as long as the steps may take. */
const TIMES_TO_STEP = 4;
/** And as long as the streams are measured after them. */
const TIMES_MEASURED = 2;
/** A step up takes a minute with room, and there may be three steps to take back. */
const STEP_UP_LIMIT_MS = 400_000;
const POLL_MS = 1_000;
/** Parts whose median says how far behind a stream is. */
const PARTS_COMPARED = 10;

interface OverloadStream {
  readonly id: string;
  readonly liveUrl: string;
  readonly publisher: TestPublisher;
  hasEnded(): boolean;
}

/**
 * Two publishers on a task with two cores that are not enough for both. The task lowers the quality until it keeps up. Then one
 * publisher leaves, and the other stream gets its quality back.
 */
export const clusterOverload: Benchmark = {
  name: 'cluster/overload',
  targets: {
    notLiveAnswers: { atMost: 0 },
    endedPublishes: { atMost: 0 },
    runsAfterSteps: { atMost: 0 },
    lagPercent: { atMost: 3 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const { running, streams } = await startStreams(context);
    const [first, second] = streams;
    let notLive = 0;
    const watching = new AbortController();
    context.defer(async () => watching.abort());
    const watched = AbortSignal.any([context.signal, watching.signal]);
    const watch = followStatus(streams, watched, () => notLive++);
    await sleep(TIMES_TO_STEP * context.seconds * 1000, undefined, { signal: context.signal });
    const runsBefore = await Promise.all(streams.map(newestRun));
    const measured = await Promise.all(streams.map(({ liveUrl }) => measure(context, liveUrl)));
    const runsAfter = await Promise.all(streams.map(newestRun));
    const qualities = await Promise.all(streams.map((stream) => qualityOf(running, stream)));
    process.stderr.write(`cluster/overload: ${qualities.map((quality) => quality ?? 'full quality').join('; ')}\n`);
    const ended = streams.filter(({ hasEnded }) => hasEnded()).length;
    await second.publisher.kill();
    const leftAtMs = performance.now();
    await waitFor('full quality', async () => (await qualityOf(running, first)) === null, {
      ...{ signal: context.signal, timeoutMs: STEP_UP_LIMIT_MS, intervalMs: POLL_MS },
    });
    const fullQualityAfterSeconds = (performance.now() - leftAtMs) / 1000;
    watching.abort();
    await watch;
    return {
      notLiveAnswers: notLive,
      endedPublishes: ended,
      runs: Math.max(...runsAfter),
      runsAfterSteps: runsAfter.reduce((sum, run, index) => sum + run - (runsBefore[index] ?? 0), 0),
      reducedStreams: qualities.filter((quality) => quality !== null).length,
      lagPercent: Math.max(...measured.map(({ lagPercent }) => lagPercent)),
      partP95Ms: Math.max(...measured.map(({ p95Ms }) => p95Ms)),
      fullQualityAfterSeconds,
    };
  },
};

async function startStreams(context: BenchContext) {
  const clipPath = await makeClip(CLIP);
  const running = await startHeadend(context, 'low', { ladder: LADDER });
  const other = await running.api.createStream({ title: 'Benchmark', latency: 'low', ladder: LADDER });
  const start = async (id: string, liveUrl: string, rtmpUrl: string): Promise<OverloadStream> => {
    const publisher = await startPublisher({ clipPath, rtmpUrl });
    context.defer(() => publisher.kill());
    let hasEnded = false;
    void publisher.exited.then(() => {
      hasEnded = true;
    });
    await waitFor('a live stream', () => isLive(liveUrl, context.signal), { signal: context.signal });
    return { id, liveUrl, publisher, hasEnded: () => hasEnded };
  };
  const otherUrl = running.originUrl.replace(/[^/]+$/, other.playbackId);
  const streams: readonly [OverloadStream, OverloadStream] = [
    await start(running.streamId, running.originUrl, running.publishUrl),
    await start(other.id, otherUrl, `${running.rtmpUrl}/${other.streamKey}`),
  ];
  return { running, streams };
}

async function isLive(liveUrl: string, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`${liveUrl}/status.json`, { signal });
  return (await response.text()).includes('"live"');
}

/** Of those who publish, until the signal aborts. */
async function followStatus(
  streams: readonly OverloadStream[],
  signal: AbortSignal,
  onNotLive: () => void,
): Promise<void> {
  while (!signal.aborted) {
    const publishing = streams.filter(({ hasEnded }) => !hasEnded());
    for (const { liveUrl } of publishing) if (!(await isLive(liveUrl, signal).catch(() => signal.aborted))) onNotLive();
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Number of the newest FFmpeg of the stream. */
async function newestRun({ liveUrl }: OverloadStream): Promise<number> {
  const playlist = await (await fetch(`${liveUrl}/360p/media.m3u8`)).text();
  return Number(epochsIn(playlist).at(-1));
}

/** By how much the stream falls behind real time, and how late its parts are. */
async function measure(context: BenchContext, liveUrl: string) {
  const latenciesMs: number[] = [];
  const signal = signalWithin(TIMES_MEASURED * context.seconds * 1000, context.signal);
  await followParts(`${liveUrl}/360p`, signal, (latencyMs) => latenciesMs.push(latencyMs));
  const before = percentile(latenciesMs.slice(0, PARTS_COMPARED), 50) ?? Number.NaN;
  const after = percentile(latenciesMs.slice(-PARTS_COMPARED), 50) ?? Number.NaN;
  const lagPercent = (after - before) / (TIMES_MEASURED * context.seconds * 10);
  return { lagPercent, p95Ms: percentile(latenciesMs, 95) ?? Number.NaN };
}

/** What health says of a stream with less than full quality; null at full quality. Throws if nothing is known. */
async function qualityOf({ api }: RunningHeadend, { id }: OverloadStream): Promise<string | null> {
  const { health } = await api.getStream(id);
  if (health === null) throw new Error('the stream has no health: it is not live');
  return health.warnings.find((warning) => warning.includes('full quality')) ?? null;
}
