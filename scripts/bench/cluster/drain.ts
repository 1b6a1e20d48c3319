import { setTimeout as sleep } from 'node:timers/promises';
import { findEncodingTask, findTaskProcesses, type TaskProcess } from '#kit/encoder-processes.ts';
import { HttpViewer } from '#kit/http-viewer.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import { type ClusterStream, startClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';
import { openWatchPage, watchDisturbance } from './watched-stream.ts';

const TRIES = 5;
const SETTLE_MS = 6_000;
const VIEWERS = 3;

/** The task that encodes drains, again and again, while viewers watch. Then every task is restarted, one after another. */
export const clusterDrain: Benchmark = {
  name: 'cluster/drain',
  targets: {
    lostViewers: { atMost: 0 },
    wrongAnswers: { atMost: 0 },
    contradictions: { atMost: 0 },
    endLists: { atMost: 0 },
    viewerGapMaxMs: { atMost: 3_000 },
  },
  run: async (context: BenchContext): Promise<Figures> => {
    const stream = await startClusterStream(context);
    await stream.publish();
    const page = await openWatchPage(context, stream.watchUrl);
    const witness = new StreamWitness();
    const [liveUrl = ''] = stream.liveUrls;
    for (let index = 0; index < VIEWERS; index++) {
      const viewer = new HttpViewer({ liveUrl, witness, usesDeltas: index % 2 === 1 });
      context.defer(() => viewer.stop());
    }
    const drains: Awaited<ReturnType<typeof watchDisturbance>>[] = [];
    for (let attempt = 0; attempt < TRIES; attempt++) {
      await sleep(SETTLE_MS, undefined, { signal: context.signal });
      const owner = await findEncodingTask(stream.platformPid);
      drains.push(await watchDisturbance(page, () => drain(stream, owner, context.signal), context.signal));
    }
    for (const task of await findTaskProcesses(stream.platformPid)) {
      await drain(stream, task, context.signal);
      await findEncodingTask(stream.platformPid);
    }
    const flaws = [...witness.failures(), ...witness.contradictions()];
    reportFlaws('cluster/drain', flaws);
    const gapsMs = drains.map(({ gapMs }) => gapMs);
    return {
      drains: TRIES,
      lostViewers: drains.filter(({ goesOn }) => !goesOn).length,
      wrongAnswers: witness.failures().length,
      contradictions: witness.contradictions().length,
      endLists: witness.hasEndList ? 1 : 0,
      viewerGapP50Ms: percentile(gapsMs, 50),
      viewerGapMaxMs: percentile(gapsMs, 100),
    };
  },
};

/** Resolves when another process has the task's place and answers. */
async function drain(stream: ClusterStream, { pid, index, taskId }: TaskProcess, signal: AbortSignal): Promise<void> {
  process.kill(pid, 'SIGTERM');
  await waitFor(
    'the next task in its place',
    async () =>
      (await findTaskProcesses(stream.platformPid)).some((task) => task.index === index && task.taskId !== taskId),
    { signal },
  );
  const url = `${stream.tasks[index]?.liveUrl}/status.json`;
  await waitFor('its first answer', async () => (await fetch(url).catch(() => null))?.ok, { signal });
}
