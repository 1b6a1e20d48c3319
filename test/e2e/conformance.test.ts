import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { waitFor } from '#kit/wait-for.ts';
import { watchStream } from '#scripts/check-hls/stream-watch.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

/** Just tall enough for two renditions. Few frames, so that a slow machine encodes all streams in real time. */
const CLIP = { width: 640, height: 480, frameRate: '15', seconds: 8, videoKbps: 500 };

/** Shorter than usual, since the test waits for it. */
const RECONNECT_WINDOW_SECONDS = '10';

describe('playlists and media of a live stream', () => {
  const stopping = new AbortController();
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RECONNECT_WINDOW_SECONDS } });
  });
  afterAll(async () => {
    stopping.abort();
    await closeTestPlatforms();
  });

  async function goLive(latency: LatencyName) {
    const stream = await platform.createStream({ latency });
    const publisher = await publish(stream.publishUrl, CLIP);
    await waitUntilPlayable(stream);
    return { latency, stream, publisher };
  }

  /** Watches until ENDLIST. */
  async function watchThroughTrouble({ latency, stream, publisher }: Awaited<ReturnType<typeof goLive>>) {
    let playlists = 0;
    const watching = watchStream({
      url: `${stream.liveUrl}/master.m3u8`,
      signal: stopping.signal,
      onAnswer: ({ url, status }) => {
        if (url.includes('media.m3u8') && status === 200) playlists += 1;
      },
    });
    const some = latency === 'standard' ? 6 : 36;
    const morePlaylists = (count: number) => waitFor(`${count} playlists`, () => playlists >= count);
    await morePlaylists(some);
    if (latency === LATENCY_NAMES[0]) for (const pid of await platform.ffmpegPids()) killIfRunning(pid);
    await morePlaylists(2 * some);
    await publisher.kill();
    const second = await publish(stream.publishUrl, CLIP);
    await morePlaylists(3 * some);
    await second.stop();
    return watching;
  }

  test('keep to RFC 8216bis in every profile, through a lost FFmpeg, a lost publisher and the end', async () => {
    const streams: Awaited<ReturnType<typeof goLive>>[] = [];
    for (const latency of LATENCY_NAMES) streams.push(await goLive(latency));
    // Side by side, since each waits for its publisher before it ends.
    for (const { checker, failure } of await Promise.all(streams.map(watchThroughTrouble))) {
      expect(failure).toBeNull();
      expect(checker.findings()).toEqual([]);
    }
  });
});

/** One that draws a slate may have ended by itself. */
function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
