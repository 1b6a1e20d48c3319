import type { Page } from 'playwright-core';

/** How a page's video element has played since the meter began. */
export interface PagePlayback {
  /** The longest time in which `currentTime` stood still, since it first moved. */
  readonly longestStallSeconds: number;
  /** Null before it first moved. */
  readonly currentTime: number | null;
  /** Whether the element has fired `ended`. */
  readonly hasEnded: boolean;
  /** The picture's width in pixels; 0 without one. */
  readonly pictureWidth: number;
}

interface MeterState {
  longestMs: number;
  lastTime: number | null;
  movedAtMs: number;
  hasMoved: boolean;
  hasEnded: boolean;
}
type MeterWindow = typeof globalThis & { stallMeter?: MeterState };

/**
 * Begins to meter the page's video element, which need not be there yet. What begins before the first picture is no stall, and
 * neither is what comes after the end.
 */
export const meterStalls = (page: Page): Promise<void> => page.evaluate(meterInPage);

/** What the meter has found so far. A stall that goes on counts. */
export const readPlayback = (page: Page): Promise<PagePlayback> => page.evaluate(readInPage);

/** Forgets the stalls so far. */
export const resetStalls = (page: Page): Promise<void> => page.evaluate(resetInPage);

/** Runs in the page, and must not refer to anything outside itself. */
function meterInPage(): void {
  const state: MeterState = { longestMs: 0, lastTime: null, movedAtMs: 0, hasMoved: false, hasEnded: false };
  (globalThis as MeterWindow).stallMeter = state;
  setInterval(() => {
    const video = document.querySelector('video');
    if (video === null || state.hasEnded) return;
    const nowMs = performance.now();
    // Where a player begins to play is no movement.
    if (state.lastTime !== null && video.currentTime !== state.lastTime && video.readyState > 1) {
      state.hasMoved = true;
      state.movedAtMs = nowMs;
    }
    state.lastTime = video.currentTime;
    if (state.hasMoved) state.longestMs = Math.max(state.longestMs, nowMs - state.movedAtMs);
    state.hasEnded = video.ended;
  }, 100);
}

/** Runs in the page. */
function readInPage(): PagePlayback {
  const state = (globalThis as MeterWindow).stallMeter;
  const video = document.querySelector('video');
  return {
    longestStallSeconds: (state?.longestMs ?? 0) / 1000,
    currentTime: state?.hasMoved ? state.lastTime : null,
    hasEnded: state?.hasEnded ?? false,
    pictureWidth: video?.videoWidth ?? 0,
  };
}

/** Runs in the page. */
function resetInPage(): void {
  const state = (globalThis as MeterWindow).stallMeter;
  if (state === undefined) return;
  state.longestMs = 0;
  state.movedAtMs = performance.now();
}
