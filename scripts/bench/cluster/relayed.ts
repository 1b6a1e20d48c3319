import { setTimeout as sleep } from 'node:timers/promises';
import { findEncodingTask } from '#kit/encoder-processes.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import { followParts } from '../part-latency.ts';
import { type ClusterStream, publishOn, startClusterStream } from './cluster-stream.ts';

/** Of each kind, in turns, because other load on the machine comes and goes. */
const ROUNDS = 4;
/** After a new connection, dates are right from the next segment on. */
const SETTLE_MS = 6_000;

/**
 * What it costs that the connection of a publisher is at another task than the one that encodes. FFmpeg is the same in both cases:
 * the publisher goes to and fro. A part's delay counts from the moment at which the publisher's task received its last frame.
 */
export const clusterRelayed: Benchmark = {
  name: 'cluster/relayed',
  targets: { addedPartP95Ms: { atMost: 30 }, changedEncoders: { atMost: 0 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const stream = await startClusterStream(context);
    let current = await publishOn(context, stream, 0);
    await stream.everywhereLive();
    const encoder = await findEncodingTask(stream.platformPid);
    const delaysMs: Record<'direct' | 'relayed', number[]> = { direct: [], relayed: [] };
    let changedEncoders = 0;
    for (let round = 0; round < 2 * ROUNDS; round++) {
      await current.kill();
      current = await publishOn(context, stream, round % 2);
      await sleep(SETTLE_MS, undefined, { signal: context.signal });
      await measure(context, stream, delaysMs[round % 2 === 0 ? 'direct' : 'relayed']);
      if ((await findEncodingTask(stream.platformPid)).pid !== encoder.pid) changedEncoders++;
    }
    const { direct, relayed } = delaysMs;
    return {
      parts: relayed.length,
      directPartP50Ms: percentile(direct, 50),
      directPartP95Ms: percentile(direct, 95),
      relayedPartP50Ms: percentile(relayed, 50),
      relayedPartP95Ms: percentile(relayed, 95),
      addedPartP50Ms: added(direct, relayed, 50),
      addedPartP95Ms: added(direct, relayed, 95),
      changedEncoders,
    };
  },
};

/** Follows the stream at the task that encodes it. */
async function measure(context: BenchContext, stream: ClusterStream, delaysMs: number[]): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), (context.seconds * 1000) / ROUNDS);
  await followParts(`${stream.tasks[0]?.liveUrl}/360p`, over.signal, (latencyMs) => delaysMs.push(latencyMs));
  clearTimeout(timer);
}

function added(direct: readonly number[], relayed: readonly number[], share: number): number | null {
  const [before, after] = [percentile(direct, share), percentile(relayed, share)];
  return before === null || after === null ? null : after - before;
}
