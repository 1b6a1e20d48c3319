import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { waitFor } from '#kit/wait-for.ts';
import { loadPagePlayer, type PagePlayerName, startPagePlayer } from '#scripts/bench/players/page-players.ts';
import type { PlayingPlayer } from '#scripts/bench/players/player-under-test.ts';
import { publish, SMALL_CLIP, waitUntilPlayable } from '#test/support/broadcast.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

/** Long enough for players to have everything but the last part. */
const RECONNECT_WINDOW_SECONDS = '5';

const PLAYERS = ['hls.js', 'shaka', 'video.js'] as const satisfies readonly PagePlayerName[];

describe('players of other people, whose broadcaster has left', () => {
  let platform: TestPlatform;
  let browser: TestBrowser;

  beforeAll(async () => {
    platform = await startTestPlatform({ environment: { RECONNECT_WINDOW_SECONDS } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await closeTestPlatforms();
  });

  /** One that plays. */
  async function openPlayer(name: PagePlayerName, { watchUrl, liveUrl }: TestStream): Promise<PlayingPlayer> {
    const page = await browser.newPage();
    await loadPagePlayer(page, name);
    const player = await startPagePlayer(page, name, {
      ...{ watchUrl, multivariantPlaylistUrl: `${liveUrl}/master.m3u8`, manifestUrl: `${liveUrl}/manifest.mpd` },
    });
    await waitFor('some playback', () =>
      page.evaluate(
        () => (document.querySelector('video')?.currentTime ?? 0) > 0 && !document.querySelector('video')?.paused,
      ),
    );
    return player;
  }

  // Side by side, since both wait for the reconnect window.
  test.concurrent.each(['low', 'ultra'])('play to the end with the latency profile %s', async (latency) => {
    const stream = await platform.createStream({ latency, ladder: '360p' });
    const publisher = await publish(stream.publishUrl, SMALL_CLIP);
    try {
      await waitUntilPlayable(stream);
      const players = await Promise.all(PLAYERS.map((name) => openPlayer(name, stream)));
      await publisher.stop();
      await Promise.all(
        players.map((player) => waitFor('the end of playback', () => player.hasEnded(), { timeoutMs: 60_000 })),
      );
    } finally {
      await publisher.kill();
    }
  });
});
