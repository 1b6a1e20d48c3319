import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { type ClipOptions, makeClip } from '#kit/clip.ts';
import { PlaylistRecorder } from '#kit/playlist-recorder.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const FREEZE_MS = 15_000;
/** What viewers wait for in addition to the freeze. */
const MAX_MORE_MS = 2_000;
const POLL_MS = 50;
const CLIP = { width: 640, height: 360, seconds: 24, keyframeSeconds: 2 };

/** Names and clips of publishers that are frozen at once. */
const SOURCES: readonly (readonly [string, Partial<ClipOptions>])[] = [
  ['6 Mbit/s', { ...CLIP, videoKbps: 6_000 }],
  ['2 Mbit/s', { ...CLIP, videoKbps: 2_000 }],
  ['2 Mbit/s and a keyframe every 8 s', { ...CLIP, videoKbps: 2_000, keyframeSeconds: 8 }],
];

/** A publisher before, in and after a freeze, and what its viewers got. */
interface FrozenPublish {
  readonly publisher: TestPublisher;
  readonly watch: MediaWatch;
  hasLeft: boolean;
}

let platform: TestPlatform;
let proxy: BreakableProxy;
let failuresBefore: readonly string[];
const frozen = new Map<string, FrozenPublish>();

beforeAll(async () => {
  platform = await startTestPlatform();
  proxy = await startBreakableProxy(`http://127.0.0.1:${platform.rtmpPort}`);
  await Promise.all(SOURCES.map(async ([name, clip]) => frozen.set(name, await publish(clip))));
  await sleep(8_000);
  failuresBefore = await failures();
  proxy.blackHole();
  await sleep(FREEZE_MS);
  await proxy.mend();
  await sleep(12_000);
  await Promise.all([...frozen.values()].map(({ watch }) => watch.stop()));
});
afterAll(async () => {
  await Promise.all([...frozen.values()].map(({ publisher }) => publisher.stop()));
  await closeTestPlatforms().finally(() => proxy.close());
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Log lines of an FFmpeg that was killed, or replaced for another reason than a step of quality, to which a busy machine leads. */
async function failures(): Promise<readonly string[]> {
  const lines = (await platform.log()).split('\n');
  return lines.filter((line) => /FFmpeg failed|replacing FFmpeg/.test(line) && !line.includes('a quality step'));
}

/** Polls a playlist, and remembers when new media came. */
class MediaWatch {
  readonly recorder = new PlaylistRecorder();
  readonly #url: string;
  readonly #polling: Promise<void>;
  #end = '';
  #changedAtMs = Date.now();
  longestStallMs = 0;
  #isStopped = false;

  constructor({ liveUrl }: TestStream) {
    this.#url = `${liveUrl}/360p/media.m3u8`;
    this.#polling = this.#poll();
    this.#polling.catch(() => undefined);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#polling;
  }

  async #poll(): Promise<void> {
    for (; !this.#isStopped; await sleep(POLL_MS)) {
      const body = await (await fetch(this.#url)).text();
      this.recorder.add({ url: this.#url, body });
      const newest = parseMediaPlaylist(body).segments.at(-1);
      const end = `${newest?.msn} ${newest?.parts.length}`;
      this.longestStallMs = Math.max(this.longestStallMs, Date.now() - this.#changedAtMs);
      if (end !== this.#end) this.#changedAtMs = Date.now();
      this.#end = end;
    }
  }
}

/** Publishes through the proxy. Resolves when viewers can play. */
async function publish(clip: Partial<ClipOptions>): Promise<FrozenPublish> {
  const stream = await platform.createStream({ ladder: '360p' });
  const port = new URL(proxy.url).port;
  const rtmpUrl = stream.publishUrl.replace(/:\d+\//, `:${port}/`);
  const publisher = await startPublisher({ clipPath: await makeClip(clip), rtmpUrl });
  await waitUntilPlayable(stream);
  const published = { publisher, watch: new MediaWatch(stream), hasLeft: false };
  void publisher.exited.then(() => {
    published.hasLeft = true;
  });
  return published;
}

test.each(SOURCES)(
  'after 15 s without a network, viewers get media at once, from the same publisher: %s',
  async (name) => {
    const published = frozen.get(name);
    expect(published?.hasLeft).toBe(false);
    expect(published?.watch.longestStallMs).toBeLessThan(FREEZE_MS + MAX_MORE_MS);
    expect(published?.watch.recorder.violations()).toEqual([]);
  },
);

test('all of it comes from the same FFmpegs', async () => {
  expect(await failures()).toEqual(failuresBefore);
});
