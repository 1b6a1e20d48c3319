import { setTimeout as sleep } from 'node:timers/promises';
import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { launchBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import type { SeenFrame } from '#kit/frame-counter.ts';
import { readDescendants } from '#kit/process-usage.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { BenchContext, Benchmark, Figures } from '../bench-context.ts';
import { longestStallMs, summariseLatency } from '../latency-summary.ts';
import { type RunningHeadend, startHeadend } from '../systems/headend.ts';
import { PAGE_PLAYERS, type PagePlayerName, startPagePlayer, startWatchPage } from './page-players.ts';
import type { PlayingPlayer, StreamUrls } from './player-under-test.ts';
import { missingPrograms, SCREEN_PLAYERS, type ScreenPlayerName, startScreenPlayer } from './screen-players.ts';

const START_TIMEOUT_SECONDS = 60;
/** What is live before the player comes, so that it finds a playlist of the usual length. */
const LIVE_BEFORE_SECONDS = 20;
const SETTLE_SECONDS = 5;
const AWAY_SECONDS = 3;
/** How long the player is watched after a disturbance has come to its screen. */
const WATCHED_SECONDS = 10;
const END_TIMEOUT_SECONDS = 45;

const CLIP = { width: 640, height: 360, videoKbps: 1_500 } as const;
const LATER_FIRST_FRAME = 10_000;

type TestedPlayer = 'watch-page' | PagePlayerName | ScreenPlayerName;

const PLAYER_NAMES = [
  'watch-page',
  ...Object.keys(PAGE_PLAYERS),
  ...Object.keys(SCREEN_PLAYERS),
] as readonly TestedPlayer[];

/**
 * How each player plays a live stream: its start, its delay and its stalls; then a kill of FFmpeg, a reconnect of the publisher, and
 * the end of the stream. The stream has one rendition, so that a small machine can encode and play it.
 */
export const players: readonly Benchmark[] = LATENCY_NAMES.flatMap((latency) =>
  PLAYER_NAMES.map((player) => ({
    name: `players/${latency}/${player}`,
    targets: {},
    run: (context: BenchContext) => measure(context, latency, player),
  })),
);

async function measure(context: BenchContext, latency: LatencyName, name: TestedPlayer): Promise<Figures> {
  const missing = name in SCREEN_PLAYERS ? missingPrograms(name as ScreenPlayerName) : [];
  if (missing.length > 0) return { skipped: `there is no ${missing.join(', ')}` };
  const broadcast = await startBroadcast(context, latency);
  await sleep(LIVE_BEFORE_SECONDS * 1000, undefined, { signal: context.signal });
  const startedAtMs = Date.now();
  const player = await start(context, name, broadcast.urls);
  const watched = new WatchedPlayer(player, context.signal);
  const firstFrame = await watched.firstFrame();
  await watched.pass(SETTLE_SECONDS + context.seconds);
  const span = { fromMs: firstFrame.displayedAtMs + SETTLE_SECONDS * 1000, untilMs: Date.now() };
  const steady = summariseLatency(watched.frames, broadcast.publisher.captureTimeMs, span);
  const delaySeconds = toSeconds(steady.latencyP50Ms);
  const tailSeconds = (delaySeconds ?? 0) + WATCHED_SECONDS;
  const killStallSeconds = await killFfmpeg(broadcast, watched, tailSeconds);
  const backSeconds = await reconnect(broadcast, watched, tailSeconds);
  const endedSeconds = await end(broadcast, player, context.signal);
  return {
    startSeconds: (firstFrame.displayedAtMs - startedAtMs) / 1000,
    delaySeconds,
    delayP95Seconds: toSeconds(steady.latencyP95Ms),
    longestStallSeconds: longestStallMs(watched.framesOf(span), span) / 1000,
    killStallSeconds,
    backSeconds,
    endedSeconds,
  };
}

const toSeconds = (milliseconds: number | null): number | null => (milliseconds === null ? null : milliseconds / 1000);

interface MeasuredBroadcast {
  readonly running: RunningHeadend;
  readonly urls: StreamUrls;
  /** The present one. */
  publisher: TestPublisher;
  publishAgain(): Promise<void>;
}

async function startBroadcast(context: BenchContext, latency: LatencyName): Promise<MeasuredBroadcast> {
  const clipPath = await makeClip(CLIP);
  // Other numbers, so that what comes late of the first publisher is not taken for the second one's.
  const laterClipPath = await makeClip({ ...CLIP, firstFrameNumber: LATER_FIRST_FRAME });
  const running = await startHeadend(context, latency, { ladder: '360p' });
  const { watchUrl, multivariantPlaylistUrl } = running;
  const manifestUrl = multivariantPlaylistUrl.replace('master.m3u8', 'manifest.mpd');
  const rtmpUrl = running.publishUrl;
  const broadcast: MeasuredBroadcast = {
    running,
    urls: { watchUrl, multivariantPlaylistUrl, manifestUrl },
    publisher: await startPublisher({ clipPath, rtmpUrl }),
    publishAgain: async () => {
      broadcast.publisher = await startPublisher({ clipPath: laterClipPath, rtmpUrl });
    },
  };
  context.defer(() => broadcast.publisher.kill());
  await waitFor('a playable playlist', () => isPlayable(multivariantPlaylistUrl, context.signal), {
    ...{ signal: context.signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 },
  });
  return broadcast;
}

async function start(context: BenchContext, name: TestedPlayer, urls: StreamUrls): Promise<PlayingPlayer> {
  if (name in SCREEN_PLAYERS) return startScreenPlayer(context, name as ScreenPlayerName, urls);
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  const page = await browser.newPage();
  return name === 'watch-page'
    ? startWatchPage(context, page, urls)
    : startPagePlayer(context, page, name as PagePlayerName, urls);
}

/** Everything that a player has shown. */
class WatchedPlayer {
  readonly frames: SeenFrame[] = [];
  readonly #player: PlayingPlayer;
  readonly #signal: AbortSignal;

  constructor(player: PlayingPlayer, signal: AbortSignal) {
    this.#player = player;
    this.#signal = signal;
  }

  async firstFrame(): Promise<SeenFrame> {
    const find = async (): Promise<SeenFrame | null> => {
      this.frames.push(...(await this.#player.takeFrames()));
      return this.frames.find(({ frameNumber }) => frameNumber !== null) ?? null;
    };
    return waitFor('a first frame', find, { signal: this.#signal, timeoutMs: START_TIMEOUT_SECONDS * 1000 });
  }

  async pass(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#signal });
    this.frames.push(...(await this.#player.takeFrames()));
  }

  framesOf({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): readonly SeenFrame[] {
    return this.frames.filter(({ displayedAtMs }) => displayedAtMs >= fromMs && displayedAtMs <= untilMs);
  }
}

/** Resolves to the longest time without a new picture after the kill. */
async function killFfmpeg({ running }: MeasuredBroadcast, watched: WatchedPlayer, seconds: number): Promise<number> {
  const ffmpeg = (await readDescendants(running.encoderPid)).find((child) => child.name === 'ffmpeg');
  if (ffmpeg === undefined) throw new Error('there is no FFmpeg to kill');
  const fromMs = Date.now();
  process.kill(ffmpeg.pid, 'SIGKILL');
  await watched.pass(seconds);
  return longestStallMs(watched.frames, { fromMs, untilMs: Date.now() }) / 1000;
}

/** Resolves to the time from the returned publisher's first packet to its first picture. Null if that never came. */
async function reconnect(
  broadcast: MeasuredBroadcast,
  watched: WatchedPlayer,
  seconds: number,
): Promise<number | null> {
  await broadcast.publisher.kill();
  await watched.pass(AWAY_SECONDS);
  await broadcast.publishAgain();
  const { publisher } = broadcast;
  const firstPacketAtMs = await publisher.firstPacketAtMs;
  if (firstPacketAtMs === null) throw new Error(`publish failed: ${(await publisher.exited).stderrTail}`);
  await watched.pass(AWAY_SECONDS + seconds);
  const firstNew = watched.frames.find(({ frameNumber }) => (frameNumber ?? 0) >= LATER_FIRST_FRAME);
  return firstNew === undefined ? null : (firstNew.displayedAtMs - firstPacketAtMs) / 1000;
}

/** Stops the stream. Resolves to the time until the player says that it has ended. Null if it never does. */
async function end({ running }: MeasuredBroadcast, player: PlayingPlayer, signal: AbortSignal): Promise<number | null> {
  if (await player.hasEnded()) return null;
  const fromMs = Date.now();
  await running.api.stopStream(running.streamId);
  while (Date.now() - fromMs < END_TIMEOUT_SECONDS * 1000) {
    if (await player.hasEnded()) return (Date.now() - fromMs) / 1000;
    await sleep(100, undefined, { signal });
  }
  return null;
}
