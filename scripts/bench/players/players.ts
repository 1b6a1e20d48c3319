import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { LATENCY_NAMES, type LatencyName } from '#domain/latency-profiles.ts';
import { launchBrowser } from '#kit/browser.ts';
import type { SeenFrame } from '#kit/frame-counter.ts';
import { errorMessage } from '#scripts/terminal/errors.ts';
import type { BenchContext, Benchmark, BenchmarkGroup, Figures } from '../bench-context.ts';
import { longestStallMs, summariseLatency } from '../latency-summary.ts';
import { LATER_FIRST_FRAME, type MeasuredBroadcast, startBroadcast } from './measured-broadcast.ts';
import { loadPagePlayer, PAGE_PLAYERS, type PagePlayerName, startPagePlayer, startWatchPage } from './page-players.ts';
import type { PlayingPlayer, StreamUrls } from './player-under-test.ts';
import { missingPrograms, SCREEN_PLAYERS, type ScreenPlayerName, startScreenPlayer } from './screen-players.ts';
import { WatchedPlayer } from './watched-player.ts';

/** What is live before the player comes, so that it finds a playlist of the usual length. */
const LIVE_BEFORE_SECONDS = 20;
const SETTLE_SECONDS = 5;
const AWAY_SECONDS = 3;
/** How long the players are watched after a disturbance has come to their screens. */
const WATCHED_SECONDS = 10;
const END_TIMEOUT_SECONDS = 45;
/** How many players watch one stream: one for each core. More wait for each other, and then fall behind. */
const PLAYERS_AT_ONCE = availableParallelism();

type TestedPlayer = 'watch-page' | PagePlayerName | ScreenPlayerName;

const PLAYER_NAMES = [
  'watch-page',
  ...Object.keys(PAGE_PLAYERS),
  ...Object.keys(SCREEN_PLAYERS),
] as readonly TestedPlayer[];

/**
 * How each player plays a live stream: its start, its delay and its stalls; then a kill of FFmpeg, a reconnect of the publisher, and
 * the end of the stream.
 */
export const players: readonly Benchmark[] = LATENCY_NAMES.flatMap((latency) => {
  const nameOf = (player: TestedPlayer): string => `players/${latency}/${player}`;
  return PLAYER_NAMES.map((player, index) => ({
    name: nameOf(player),
    targets: {},
    group: groupOf(latency, Math.floor(index / PLAYERS_AT_ONCE), nameOf),
    run: async (context: BenchContext) => {
      const outcome = (await measure(context, latency, [player])).get(player);
      if (outcome === undefined || outcome instanceof Error) throw outcome;
      return outcome;
    },
  }));
});

function groupOf(latency: LatencyName, number: number, nameOf: (player: TestedPlayer) => string): BenchmarkGroup {
  return {
    id: `players/${latency} ${number + 1}`,
    run: async (context, names) => {
      const chosen = PLAYER_NAMES.filter((player) => names.includes(nameOf(player)));
      const outcomes = await measure(context, latency, chosen);
      return new Map([...outcomes].map(([player, outcome]) => [nameOf(player), outcome]));
    },
  };
}

type Outcomes = Map<TestedPlayer, Figures | Error>;

interface MeasuredPlayer {
  readonly name: TestedPlayer;
  readonly watched: WatchedPlayer;
  readonly startSeconds: number;
  readonly settledAtMs: number;
}

/** Starts the players one after another, and watches them side by side. One that fails does not disturb the others. */
async function measure(context: BenchContext, latency: LatencyName, names: readonly TestedPlayer[]): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const broadcast = await startBroadcast(context, latency);
  const pass = (seconds: number) => sleep(seconds * 1000, undefined, { signal: context.signal });
  const pages = await openPages(context, names);
  await pass(LIVE_BEFORE_SECONDS);
  const playing: MeasuredPlayer[] = [];
  for (const name of names) {
    const missing = isScreenPlayer(name) ? missingPrograms(name) : [];
    if (missing.length > 0) {
      outcomes.set(name, { skipped: `there is no ${missing.join(', ')}` });
      continue;
    }
    try {
      playing.push(await startMeasured(name, () => start(context, name, broadcast.urls, pages), context.signal));
    } catch (error) {
      outcomes.set(name, new Error(errorMessage(error)));
    }
  }
  if (playing.length === 0) return outcomes;
  /** Resolves to when the time was over, in milliseconds since 1970. */
  const passAll = async (seconds: number): Promise<number> => {
    await pass(seconds);
    const overAtMs = Date.now();
    await Promise.all(playing.map(({ watched }) => watched.take()));
    return overAtMs;
  };
  const figures = await watch(context, broadcast, playing, passAll);
  for (const [name, figure] of figures) outcomes.set(name, figure);
  return outcomes;
}

async function startMeasured(
  name: TestedPlayer,
  startPlayer: () => Promise<PlayingPlayer>,
  signal: AbortSignal,
): Promise<MeasuredPlayer> {
  const startedAtMs = Date.now();
  const watched = new WatchedPlayer(await startPlayer());
  const { displayedAtMs } = await watched.firstFrame(signal);
  const startSeconds = (displayedAtMs - startedAtMs) / 1000;
  return { name, watched, startSeconds, settledAtMs: displayedAtMs + SETTLE_SECONDS * 1000 };
}

const isPagePlayer = (name: TestedPlayer): name is PagePlayerName => name in PAGE_PLAYERS;
const isScreenPlayer = (name: TestedPlayer): name is ScreenPlayerName => name in SCREEN_PLAYERS;

/**
 * A page for each player that needs one, with its script. A browser works for seconds after its launch, on all cores, and what
 * hls.js's defaults lose then, they never catch up.
 */
async function openPages(
  context: BenchContext,
  names: readonly TestedPlayer[],
): Promise<ReadonlyMap<TestedPlayer, Page>> {
  const pages = new Map<TestedPlayer, Page>();
  for (const name of names.filter((player) => !isScreenPlayer(player))) {
    // A browser for each, because a page in the background is slowed down.
    const browser = await launchBrowser();
    context.defer(() => browser.close());
    const page = await browser.newPage();
    if (isPagePlayer(name)) await loadPagePlayer(page, name);
    pages.set(name, page);
  }
  return pages;
}

async function start(
  context: BenchContext,
  name: TestedPlayer,
  urls: StreamUrls,
  pages: ReadonlyMap<TestedPlayer, Page>,
): Promise<PlayingPlayer> {
  if (isScreenPlayer(name)) return startScreenPlayer(context, name, urls);
  const page = pages.get(name);
  if (page === undefined) throw new Error(`${name} has no page`);
  return isPagePlayer(name) ? startPagePlayer(page, name, urls) : startWatchPage(page, urls);
}

/** Watches them undisturbed, then through a kill of FFmpeg, a reconnect of the publisher and the end. */
async function watch(
  context: BenchContext,
  broadcast: MeasuredBroadcast,
  playing: readonly MeasuredPlayer[],
  passAll: (seconds: number) => Promise<number>,
): Promise<ReadonlyMap<TestedPlayer, Figures>> {
  const untilMs = await passAll(SETTLE_SECONDS + context.seconds);
  const { captureTimeMs } = broadcast.publisher;
  const steady = playing.map(({ watched, settledAtMs }) =>
    steadyFigures(watched.frames, captureTimeMs, { fromMs: settledAtMs, untilMs }),
  );
  // A disturbance comes last to the player that is furthest behind.
  const tailSeconds = Math.max(...steady.map(({ delaySeconds }) => delaySeconds ?? 0)) + WATCHED_SECONDS;
  const killedAtMs = Date.now();
  await broadcast.killFfmpeg();
  const killSpan = { fromMs: killedAtMs, untilMs: await passAll(tailSeconds) };
  await broadcast.publisher.kill();
  await passAll(AWAY_SECONDS);
  const backAtMs = await broadcast.publishAgain();
  await passAll(AWAY_SECONDS + tailSeconds);
  const endedSeconds = await end(context, broadcast, playing);
  return new Map(
    playing.map(({ name, watched, startSeconds }, index) => [
      name,
      {
        startSeconds,
        ...steady[index],
        killStallSeconds: longestStallMs(watched.frames, killSpan) / 1000,
        backSeconds: secondsUntilNewFrame(watched.frames, backAtMs),
        endedSeconds: endedSeconds[index] ?? null,
      },
    ]),
  );
}

/** Null if it shows nothing of the publisher that is back. */
function secondsUntilNewFrame(frames: readonly SeenFrame[], backAtMs: number): number | null {
  const firstNew = frames.find(({ frameNumber }) => (frameNumber ?? 0) >= LATER_FIRST_FRAME);
  return firstNew === undefined ? null : (firstNew.displayedAtMs - backAtMs) / 1000;
}

/** Stops the stream. Resolves to how long each player took to say that it has ended. Null if it never does, or did before. */
async function end(
  { signal }: BenchContext,
  broadcast: MeasuredBroadcast,
  playing: readonly MeasuredPlayer[],
): Promise<readonly (number | null)[]> {
  const hadEnded = await Promise.all(playing.map(({ watched }) => watched.hasEnded()));
  const fromMs = Date.now();
  await broadcast.end();
  return Promise.all(
    playing.map(({ watched }, index) =>
      hadEnded[index] ? null : watched.untilEnded(fromMs, END_TIMEOUT_SECONDS * 1000, signal),
    ),
  );
}

function steadyFigures(
  frames: readonly SeenFrame[],
  captureTimeMs: (frameNumber: number, atWallMs: number) => number | null,
  span: { readonly fromMs: number; readonly untilMs: number },
) {
  const { latencyP50Ms, latencyP95Ms } = summariseLatency(frames, captureTimeMs, span);
  return {
    delaySeconds: toSeconds(latencyP50Ms),
    delayP95Seconds: toSeconds(latencyP95Ms),
    longestStallSeconds: longestStallMs(frames, span) / 1000,
  };
}

const toSeconds = (milliseconds: number | null): number | null => (milliseconds === null ? null : milliseconds / 1000);
