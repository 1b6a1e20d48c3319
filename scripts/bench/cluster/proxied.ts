import { findEncodingTask } from '#kit/encoder-processes.ts';
import { HttpClient } from '#scripts/check-hls/http-client.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { percentile } from '../latency-summary.ts';
import { startClusterStream } from './cluster-stream.ts';

/** Requests at once, for the throughput. */
const PARALLEL = 16;
const ROUND_MS = 2_000;
const BYTES_PER_MEGABIT = 125_000;

/** What it costs viewers that a task passes on what another one has: the delay of parts, and the throughput of media. */
export const clusterProxied: Benchmark = {
  name: 'cluster/proxied',
  targets: { addedPartP95Ms: { atMost: 5 }, ownToProxiedThroughput: { atMost: 2 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const stream = await startClusterStream(context);
    await stream.publish();
    const owner = await findEncodingTask(stream.platformPid);
    const own = stream.tasks[owner.index]?.liveUrl ?? '';
    const other = stream.tasks[(owner.index + 1) % stream.tasks.length]?.liveUrl ?? '';
    const client = new HttpClient();
    context.defer(async () => client.close());
    const delays = await comparePartDelays(context, client, { own, other });
    const throughput = await compareThroughput(context, client, { own, other });
    return { ...delays, ...throughput };
  },
};

interface Sides {
  readonly own: string;
  readonly other: string;
}

/**
 * Waits for each part at both tasks at once. The difference of the two answers is the delay, without what the clocks of FFmpeg and of
 * this process do. Each part is asked for before it is there, as players do.
 */
async function comparePartDelays(context: BenchContext, client: HttpClient, { own, other }: Sides): Promise<Figures> {
  const addedMs: number[] = [];
  const untilMs = performance.now() + context.seconds * 1000;
  while (performance.now() < untilMs && !context.signal.aborted) {
    const playlist = parseMediaPlaylist((await client.get(`${own}/360p/media.m3u8`)).body.toString());
    const uri = playlist.preloadHint?.get('URI');
    if (uri === undefined) continue;
    const ask = (liveUrl: string) => client.get(`${liveUrl}/360p/${uri}`, context.signal);
    const [direct, passedOn] = await Promise.all([ask(own), ask(other)]);
    if (direct.status === 200 && passedOn.status === 200) addedMs.push(passedOn.endedAtMs - direct.endedAtMs);
  }
  return {
    parts: addedMs.length,
    addedPartP50Ms: percentile(addedMs, 50),
    addedPartP95Ms: percentile(addedMs, 95),
    addedPartMaxMs: percentile(addedMs, 100),
  };
}

/** In turns, because other load on the machine comes and goes. */
async function compareThroughput(context: BenchContext, client: HttpClient, { own, other }: Sides): Promise<Figures> {
  const bytes = { own: 0, other: 0 };
  const untilMs = performance.now() + context.seconds * 1000;
  let rounds = 0;
  for (; performance.now() < untilMs && !context.signal.aborted; rounds++) {
    bytes.own += await loadSegments(client, own, own);
    bytes.other += await loadSegments(client, own, other);
  }
  const megabits = (count: number): number => count / BYTES_PER_MEGABIT / ((rounds * ROUND_MS) / 1000);
  return {
    ownMbitPerSecond: megabits(bytes.own),
    proxiedMbitPerSecond: megabits(bytes.other),
    ownToProxiedThroughput: bytes.own / bytes.other,
  };
}

/** How many bytes of listed segments come within the time of one round. */
async function loadSegments(client: HttpClient, listedBy: string, liveUrl: string): Promise<number> {
  const { segments } = parseMediaPlaylist((await client.get(`${listedBy}/360p/media.m3u8`)).body.toString());
  const uris = segments.flatMap(({ uri, isGap }) => (uri === null || isGap ? [] : [uri]));
  const untilMs = performance.now() + ROUND_MS;
  let bytes = 0;
  const load = async (offset: number): Promise<void> => {
    for (let index = offset; performance.now() < untilMs; index++) {
      const { status, body } = await client.get(`${liveUrl}/360p/${uris[index % uris.length]}`);
      if (status === 200) bytes += body.length;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, index) => load(index)));
  return bytes;
}
