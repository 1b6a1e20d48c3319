import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { parseMediaPlaylist } from '#kit/hls-playlist.ts';
import { epochOf } from '#kit/playlist-segment-rules.ts';
import type { TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import { publish, waitUntilPlayable } from '#test/support/broadcast.ts';
import { checkDeclaredMedia } from '#test/support/declared-media.ts';
import { checkMultivariantPlaylist, parseMultivariantPlaylist } from '#test/support/multivariant-checker.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';
import { PlaylistHistory } from '#test/support/playlist-history.ts';

const RENDITIONS = ['480p', '360p', 'audio'];
/** Just tall enough for two renditions. Few frames, so that a slow machine encodes all streams in real time. */
const CLIP = { width: 640, height: 480, frameRate: '15', seconds: 8, videoKbps: 500 };

/** Shorter than usual, since the test waits for it. */
const RECONNECT_WINDOW_SECONDS = '10';

interface LiveTestStream {
  readonly latency: LatencyName;
  readonly stream: TestStream;
  readonly publisher: TestPublisher;
  readonly ffmpegPid: number;
}

/** A viewer of one rendition. Asks for the next part as soon as it has one, and checks every answer. */
class Follower {
  readonly violations: string[] = [];
  readonly history = new PlaylistHistory();
  answers = 0;
  isEnded = false;
  discontinuities = 0;
  /** Of the runs whose segments it has seen. */
  readonly epochs = new Set<string>();
  readonly #url: string;
  readonly #reportUris: readonly string[];

  constructor(stream: TestStream, rendition: string) {
    this.#url = `${stream.liveUrl}/${rendition}/media.m3u8`;
    this.#reportUris = RENDITIONS.filter((name) => name !== rendition).map((name) => `../${name}/media.m3u8`);
  }

  /** Follows until ENDLIST. */
  async run(): Promise<void> {
    let query = '';
    while (!this.isEnded) {
      const response = await fetch(`${this.#url}${query}`);
      if (response.status === 503) {
        // The publisher is away. A player would now ask without directives.
        query = '';
        await new Promise((resolve) => setTimeout(resolve, 300));
        continue;
      }
      if (response.status !== 200) throw new Error(`${this.#url}${query} answered ${response.status}`);
      query = this.#take(await response.text(), query.includes('_HLS_skip'));
    }
  }

  /** Checks an answer and says what to ask for next. */
  #take(text: string, isDeltaAllowed: boolean): string {
    this.answers++;
    this.violations.push(...this.history.add(text, { isDeltaAllowed, reportUris: this.#reportUris }));
    const playlist = parseMediaPlaylist(text);
    this.isEnded = playlist.isEnded;
    this.discontinuities = Math.max(
      this.discontinuities,
      playlist.segments.reduce((sum, segment) => sum + segment.discontinuities, 0),
    );
    for (const segment of playlist.segments) this.epochs.add(epochOf(segment));
    const msn = playlist.mediaSequence + (playlist.skippedSegments ?? 0) + playlist.segments.length - 1;
    const last = playlist.segments.at(-1);
    const isOpen = last?.uri === null;
    return isOpen
      ? `?_HLS_msn=${msn}&_HLS_part=${last?.parts.length ?? 0}&_HLS_skip=YES`
      : `?_HLS_msn=${msn + 1}&_HLS_part=0&_HLS_skip=YES`;
  }
}

describe('playlists of a live stream', () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RECONNECT_WINDOW_SECONDS } });
  });
  afterAll(closeTestPlatforms);

  async function goLive(latency: LatencyName): Promise<LiveTestStream> {
    const stream = await platform.createStream({ latency });
    const others = await platform.ffmpegPids();
    const publisher = await publish(stream.publishUrl, CLIP);
    const multivariant = await waitUntilPlayable(stream);
    expect(checkMultivariantPlaylist(multivariant)).toEqual([]);
    expect(parseMultivariantPlaylist(multivariant).variants).toHaveLength(2);
    const ffmpegPid = (await platform.ffmpegPids()).find((pid) => !others.includes(pid)) ?? 0;
    return { latency, stream, publisher, ffmpegPid };
  }

  async function followThroughTrouble({ latency, stream, publisher, ffmpegPid }: LiveTestStream): Promise<Follower[]> {
    const followers = RENDITIONS.map((rendition) => new Follower(stream, rendition));
    const following = Promise.all(followers.map((follower) => follower.run()));

    const answersBeyond = (count: number) =>
      waitFor(`${count} answers`, () => followers.every(({ answers }) => answers >= count));
    const some = latency === 'standard' ? 2 : 12;
    await answersBeyond(some);
    process.kill(ffmpegPid, 'SIGKILL');
    await answersBeyond(2 * some);
    await publisher.kill();
    const second = await publish(stream.publishUrl, CLIP);
    await answersBeyond(3 * some);
    await second.stop();
    await following;
    expect(await checkDeclaredMedia(stream.liveUrl)).toEqual([]);
    return followers;
  }

  test('keep to RFC 8216bis in every profile, through a lost FFmpeg, a lost publisher and the end', async () => {
    const streams: LiveTestStream[] = [];
    for (const latency of LATENCY_NAMES) streams.push(await goLive(latency));
    // Side by side, since each waits for its publisher before it ends.
    const followers = await Promise.all(streams.map(followThroughTrouble));
    for (const { violations, discontinuities, epochs } of followers.flat()) {
      expect(violations).toEqual([]);
      // The FFmpeg after the lost one. If there are slates by then, they have epochs too.
      expect(epochs.size).toBeGreaterThanOrEqual(2);
      // None is needed, but a busy machine may lose media.
      expect(discontinuities).toBeLessThanOrEqual(6);
    }
  });
});
