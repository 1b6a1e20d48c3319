import { setTimeout as sleep } from 'node:timers/promises';
import { HttpViewer } from '#kit/http-viewer.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import type { Benchmark } from '../bench-context.ts';
import { startClusterStream } from './cluster-stream.ts';
import { reportFlaws } from './flaws.ts';

const VIEWERS = 20;
/** Of the length of the other benchmarks: two minutes by default. */
const TIMES_AS_LONG = 4;

/** Viewers who load everything that playlists name, each time from another task. */
export const clusterViewers: Benchmark = {
  name: 'cluster/viewers',
  targets: { wrongAnswers: { atMost: 0 }, contradictions: { atMost: 0 } },
  run: async (context) => {
    const stream = await startClusterStream(context);
    await stream.publish();
    const witness = new StreamWitness();
    const [liveUrl = ''] = stream.liveUrls;
    const viewers = Array.from({ length: VIEWERS }, (_, index) => {
      const viewer = new HttpViewer({ liveUrl, witness, usesDeltas: index % 2 === 1 });
      context.defer(() => viewer.stop());
      return viewer;
    });
    await sleep(TIMES_AS_LONG * context.seconds * 1000, undefined, { signal: context.signal });
    await Promise.all(viewers.map((viewer) => viewer.stop()));
    reportFlaws('cluster/viewers', [...witness.failures(), ...witness.contradictions()]);
    return {
      viewers: VIEWERS,
      answers: witness.answers,
      wrongAnswers: witness.failures().length,
      contradictions: witness.contradictions().length,
      statuses: witness.statuses().join(),
    };
  },
};
