import { makeClip } from '#kit/clip.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext } from '../bench-context.ts';
import { type RunningHeadend, startHeadend } from '../systems/headend.ts';

const TASKS = 3;
/** One rendition, so that two cores have time for viewers as well. */
const CLIP = { width: 640, height: 360, videoKbps: 800 } as const;
/** The first retry of OBS comes after two seconds by default. */
const RETRY_DELAY_MS = 2_000;

/** Files of the stream besides its media. */
export const STREAM_FILES = ['master.m3u8', '360p/media.m3u8', 'audio/media.m3u8', 'status.json'];

/** The platform with three tasks and a stream of one rendition. */
export interface ClusterStream extends RunningHeadend {
  readonly clipPath: string;
  /** Folder of the stream's playlists at the round robin, then at each task. */
  readonly liveUrls: readonly string[];
  /** Waits until every task says that the stream is live. */
  everywhereLive(): Promise<void>;
  /** Publishes to the round robin, again and again if it is cut. Resolves when the stream is live. Ends with the context. */
  publish(): Promise<ReturningPublisher>;
}

/** Starts it. It ends with the context. */
export async function startClusterStream(context: BenchContext): Promise<ClusterStream> {
  const clipPath = await makeClip(CLIP);
  const running = await startHeadend(context, 'low', { tasks: TASKS, ladder: '360p' });
  const roundRobin = running.multivariantPlaylistUrl.replace(/\/master\.m3u8$/, '');
  const liveUrls = [roundRobin, ...running.tasks.map(({ liveUrl }) => liveUrl)];
  const isLive = async (url: string): Promise<boolean> =>
    (await (await fetch(`${url}/status.json`)).text()).includes('"live"');
  const everywhereLive = async (): Promise<void> => {
    for (const url of liveUrls) await waitFor('a live stream', () => isLive(url), { signal: context.signal });
  };
  const publish = async (): Promise<ReturningPublisher> => {
    const options = { clipPath, rtmpUrl: running.publishUrl, retryDelayMs: RETRY_DELAY_MS };
    const publisher = new ReturningPublisher(options);
    context.defer(() => publisher.stop());
    await everywhereLive();
    return publisher;
  };
  return { ...running, clipPath, liveUrls, everywhereLive, publish };
}

/** Publishes to one task. Ends with the context. */
export async function publishOn(context: BenchContext, stream: ClusterStream, index: number): Promise<TestPublisher> {
  const publisher = await startPublisher({
    clipPath: stream.clipPath,
    rtmpUrl: stream.tasks[index]?.publishUrl ?? stream.publishUrl,
  });
  context.defer(() => publisher.kill());
  return publisher;
}
