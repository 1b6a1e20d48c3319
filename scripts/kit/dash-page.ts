import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { TestBrowser } from './browser.ts';

const script = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const SCRIPTS = {
  'dash.js': script('dashjs/dist/modern/umd/dash.mediaplayer.min.js'),
  'Shaka Player': script('shaka-player/dist/shaka-player.dash.js'),
} as const;

/** A player of DASH, as its makers ship it. */
export type DashPlayerName = keyof typeof SCRIPTS;

/** What the page uses of the players. Their types can't be named in the page. */
interface DashJs {
  initialize(video: HTMLVideoElement, url: string, autoPlay: boolean): void;
  on(event: string, listener: (event: { error?: { code?: number; message?: string } }) => void): void;
}
interface ShakaPlayer {
  attach(video: HTMLVideoElement): Promise<void>;
  load(url: string): Promise<void>;
  addEventListener(name: string, listener: (event: { detail?: { code?: number } }) => void): void;
}
type DashWindow = typeof globalThis & {
  dashjs?: { MediaPlayer(): { create(): DashJs } };
  shaka?: { Player: new () => ShakaPlayer };
  dashPlayer?: unknown;
  dashErrors?: string[];
  hasEnded?: boolean;
};

/** Opens a page that plays a manifest with the player's own configuration. */
export async function openDashPage(browser: TestBrowser, name: DashPlayerName, manifestUrl: string): Promise<Page> {
  const page = await browser.newPage();
  await page.setContent('<video muted autoplay playsinline width="320" height="180"></video>');
  await page.addScriptTag({ path: SCRIPTS[name] });
  await page.evaluate(playInPage, manifestUrl);
  return page;
}

/** All errors that the player has told so far. */
export const dashErrors = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => (globalThis as DashWindow).dashErrors ?? []);

/** Whether the element has come to its end. */
export const hasEnded = (page: Page): Promise<boolean> =>
  page.evaluate(() => (globalThis as DashWindow).hasEnded ?? false);

/** Runs in the page, and must not refer to anything outside itself. */
async function playInPage(url: string): Promise<void> {
  const scope = globalThis as DashWindow;
  const video = document.querySelector('video');
  if (video === null) return;
  const errors: string[] = [];
  Object.assign(scope, { dashErrors: errors });
  video.addEventListener('ended', () => Object.assign(scope, { hasEnded: true }));
  if (scope.dashjs !== undefined) {
    const player = scope.dashjs.MediaPlayer().create();
    player.on('error', ({ error }) => errors.push(`${error?.code} ${error?.message}`));
    player.initialize(video, url, true);
    Object.assign(scope, { dashPlayer: player });
    return;
  }
  if (scope.shaka === undefined) return;
  const player = new scope.shaka.Player();
  player.addEventListener('error', ({ detail }) => errors.push(`${detail?.code}`));
  Object.assign(scope, { dashPlayer: player });
  await player.attach(video);
  await player.load(url);
}
