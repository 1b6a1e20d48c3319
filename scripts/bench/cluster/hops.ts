import { setTimeout as sleep } from 'node:timers/promises';
import { findEncodingTask, findTaskProcesses } from '#kit/encoder-processes.ts';
import { PlaylistPoller } from '#kit/playlist-poller.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { type ClusterStream, publishOn, STREAM_FILES, startClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';

const HOP_MS = 5_000;
const HOPS = [1, 0, 2, 1, 2, 0, 1, 0, 2, 0, 1, 2];
const FROZEN_MS = 20_000;
/** After the suspended task goes on. */
const AFTER_MS = 10_000;

/**
 * A publisher that goes to another task every few seconds, and then one whose task is suspended while another takes the stream. All
 * tasks are asked for everything all the time.
 */
export const clusterHops: Benchmark = {
  name: 'cluster/hops',
  targets: {
    wrongAnswers: { atMost: 0 },
    contradictions: { atMost: 0 },
    zombieContradictions: { atMost: 0 },
    zombieEndLists: { atMost: 0 },
    owners: { atMost: 1 },
    endLists: { atMost: 0 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const stream = await startClusterStream(context);
    let current = await publishOn(context, stream, 0);
    await stream.everywhereLive();
    const hopping = watchAll(context, stream);
    for (const [hop, index] of HOPS.entries()) {
      await sleep(HOP_MS, undefined, { signal: context.signal });
      // Every other time, the server finds out by the new publish that the old connection is dead.
      if (hop % 2 === 0) await current.kill();
      current = await publishOn(context, stream, index);
    }
    await sleep(HOP_MS, undefined, { signal: context.signal });
    hopping.poller.stop();
    const zombie = watchAll(context, stream);
    await suspendOwner(context, stream, current);
    zombie.poller.stop();
    const { failures, contradictions } = flawsOf(hopping.witness);
    const zombieContradictions = zombie.witness.contradictionsBesidesLosses();
    reportFlaws('cluster/hops', [...failures, ...contradictions]);
    reportFlaws('cluster/hops, suspended', zombieContradictions);
    return {
      hops: HOPS.length,
      answers: hopping.witness.answers,
      wrongAnswers: failures.length,
      contradictions: contradictions.length,
      endLists: hopping.witness.hasEndList ? 1 : 0,
      zombieContradictions: zombieContradictions.length,
      zombieEndLists: zombie.witness.hasEndList ? 1 : 0,
      owners: (await findTaskProcesses(stream.platformPid)).filter(({ isEncoding }) => isEncoding).length,
    };
  },
};

function watchAll(context: BenchContext, { liveUrls }: ClusterStream) {
  const witness = new StreamWitness();
  const poller = new PlaylistPoller({ liveUrls, files: STREAM_FILES, witness });
  context.defer(async () => poller.stop());
  return { witness, poller };
}

function flawsOf(witness: StreamWitness) {
  return { failures: witness.failures(), contradictions: witness.contradictions() };
}

/** Suspends the task that encodes. Its publisher goes to another one. */
async function suspendOwner(context: BenchContext, stream: ClusterStream, publisher: TestPublisher): Promise<void> {
  const owner = await findEncodingTask(stream.platformPid);
  process.kill(owner.pid, 'SIGSTOP');
  try {
    await publisher.kill();
    await publishOn(context, stream, (owner.index + 1) % stream.tasks.length);
    await sleep(FROZEN_MS, undefined, { signal: context.signal });
  } finally {
    process.kill(owner.pid, 'SIGCONT');
  }
  await sleep(AFTER_MS, undefined, { signal: context.signal });
}
