import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import type { PlayingPlayer, StreamUrls } from './player-under-test.ts';

type PageWindow = typeof globalThis & { hasEnded?: boolean };

interface PlayerPage {
  /** The player's script, below `node_modules`. Null if the browser plays by itself. */
  readonly script: string | null;
  readonly url: (urls: StreamUrls) => string;
  /** Runs in the page, and must not refer to anything outside itself. Starts the player with its defaults. */
  readonly play: (url: string) => void;
}

/** What the pages use of the players. Their types can't be named in a page. */
interface PlayerGlobals {
  Hls: new () => { loadSource(url: string): void; attachMedia(video: HTMLVideoElement | null): void };
  shaka: {
    polyfill: { installAll(): void };
    Player: new () => { attach(video: HTMLVideoElement | null): Promise<void>; load(url: string): Promise<void> };
  };
  videojs: (video: HTMLVideoElement | null) => { src(source: { src: string; type: string }): void; play(): void };
  dashjs: {
    MediaPlayer(): { create(): { initialize(video: HTMLVideoElement | null, url: string, autoPlay: boolean): void } };
  };
}

function playHlsJs(url: string): void {
  const hls = new (globalThis as typeof globalThis & PlayerGlobals).Hls();
  hls.loadSource(url);
  hls.attachMedia(document.querySelector('video'));
}

function playShaka(url: string): void {
  const { shaka } = globalThis as typeof globalThis & PlayerGlobals;
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  void player.attach(document.querySelector('video')).then(() => player.load(url));
}

function playVideoJs(url: string): void {
  const player = (globalThis as typeof globalThis & PlayerGlobals).videojs(document.querySelector('video'));
  player.src({ src: url, type: 'application/vnd.apple.mpegurl' });
  player.play();
}

function playDashJs(url: string): void {
  const { dashjs } = globalThis as typeof globalThis & PlayerGlobals;
  dashjs.MediaPlayer().create().initialize(document.querySelector('video'), url, true);
}

function playNatively(url: string): void {
  const video = document.querySelector('video');
  if (video !== null) video.src = url;
}

const hlsUrl = ({ multivariantPlaylistUrl }: StreamUrls): string => multivariantPlaylistUrl;
const dashUrl = ({ manifestUrl }: StreamUrls): string => manifestUrl;

/** Players in a page of Chromium, with their own default configuration. */
export const PAGE_PLAYERS = {
  'hls.js': { script: 'hls.js/dist/hls.min.js', url: hlsUrl, play: playHlsJs },
  shaka: { script: 'shaka-player/dist/shaka-player.compiled.js', url: hlsUrl, play: playShaka },
  'video.js': { script: 'video.js/dist/video.min.js', url: hlsUrl, play: playVideoJs },
  'chromium-native': { script: null, url: hlsUrl, play: playNatively },
  'shaka-dash': { script: 'shaka-player/dist/shaka-player.compiled.js', url: dashUrl, play: playShaka },
  'dash.js': { script: 'dashjs/dist/modern/umd/dash.all.min.js', url: dashUrl, play: playDashJs },
} as const satisfies Readonly<Record<string, PlayerPage>>;

export type PagePlayerName = keyof typeof PAGE_PLAYERS;

/** Not by `require.resolve`: packages need not export their builds for pages. */
const scriptPath = (name: string): string => fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url));

/** Loads a player's script, so that the player can start at once. */
export async function loadPagePlayer(page: Page, name: PagePlayerName): Promise<void> {
  const { script }: PlayerPage = PAGE_PLAYERS[name];
  await page.setContent('<video muted autoplay playsinline crossorigin="anonymous" width="320" height="180"></video>');
  if (script !== null) await page.addScriptTag({ path: scriptPath(script) });
  await watchPresentedFrames(page);
  await page.evaluate(rememberEnd);
}

/** Starts the player that the page has loaded, in its default configuration. */
export async function startPagePlayer(page: Page, name: PagePlayerName, urls: StreamUrls): Promise<PlayingPlayer> {
  const { url, play }: PlayerPage = PAGE_PLAYERS[name];
  await page.evaluate(play, url(urls));
  return {
    takeFrames: () => takePresentedFrames(page),
    hasEnded: () => page.evaluate(() => (globalThis as PageWindow).hasEnded ?? false),
  };
}

/** Opens the watch page. It shows that a stream has ended, and waits for the next. */
export async function startWatchPage(page: Page, urls: StreamUrls): Promise<PlayingPlayer> {
  await page.goto(urls.watchUrl, { waitUntil: 'commit' });
  await watchPresentedFrames(page);
  return {
    takeFrames: () => takePresentedFrames(page),
    hasEnded: () => page.evaluate(() => document.body.dataset.state === 'ended'),
  };
}

/** Runs in the page. */
function rememberEnd(): void {
  document.querySelector('video')?.addEventListener('ended', () => {
    Object.assign(globalThis, { hasEnded: true });
  });
}
