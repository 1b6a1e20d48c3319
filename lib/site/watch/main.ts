import Hls from 'hls.js';
import { askAhead } from './ask-ahead.ts';
import { bindControls } from './controls.ts';
import type { EarlyFiles } from './early-files.ts';
import { HlsPlayback } from './hls-playback.ts';
import { BEHIND_SECONDS, liveBadge } from './live-badge.ts';
import { startNativePlayback } from './native-playback.ts';
import { pauseUntilOnline } from './online-pause.ts';
import { parsePageAddress, type StreamAddress } from './page-address.ts';
import { PageAttention } from './page-attention.ts';
import { createVideo, PageView } from './page-view.ts';
import { PauseWatch } from './pause-watch.ts';
import { type OnProgress, type Playback, requestPlay } from './playback.ts';
import { PreferenceStore } from './preferences.ts';
import { toProbeResult } from './probe-result.ts';
import { QualityMenu } from './quality-menu.ts';
import { SoundMemory } from './sound-memory.ts';
import { watchStatus } from './status-watch.ts';
import { StillWatch } from './still-watch.ts';
import { INITIAL_STATUS, nextStatus, type StreamEvent } from './stream-state.ts';
import { gainsTrack } from './track-watch.ts';
import { watchStream } from './watch-stream.ts';

const BADGE_INTERVAL_MS = 250;
const STILL_CHECK_MS = 100;
/** If there is no picture by then, it may take longer. */
const CONTROLS_AFTER_MS = 1000;

const address = parsePageAddress(location);
document.body.dataset.page = address.page;

const view = new PageView();
const preferences = new PreferenceStore(() => localStorage);
const watching = new AbortController();
let status = INITIAL_STATUS;
let playback: Playback | null = null;

const quality = new QualityMenu(preferences);
const video = createVideo();
const sound = new SoundMemory(video, preferences);
const stillWatch = new StillWatch();
const pauses = new PauseWatch(video, {
  onIdle: () => playback?.pauseLoading(),
  onResume: ({ isByViewer, wasIdle }) => {
    if (wasIdle) playback?.resumeLoading();
    if (wasIdle || !isByViewer) playback?.jumpToLive();
    else if ((playback?.behindSeconds() ?? 0) >= BEHIND_SECONDS) playback?.stayBehind();
  },
  onReturn: () => requestPlay(video, onProgress),
});

function handle(event: StreamEvent): void {
  const before = status;
  status = nextStatus(status, event);
  if (status === before) return;
  view.showStatus(status);
  if (status.state !== 'loading') view.loadControls();
  showSound();
  showBadge();
}

function onProgress(event: Parameters<OnProgress>[0]): void {
  if (event === 'blocked' && !video.muted) {
    // Most browsers that refuse to start with sound start without.
    sound.muteForAutoplay();
    requestPlay(video, onProgress);
    return;
  }
  if (event === 'blocked') pauses.begin({ isByViewer: false });
  handle(event);
  if (event !== 'cannot-play') return;
  watching.abort();
  playback?.close();
}

function showSound(): void {
  view.showSound(video, status.body?.hasAudio ?? playback?.hasSound() ?? false);
}

function showBadge(): void {
  const isShown = status.picture !== 'none';
  view.showBadge(
    liveBadge({
      state: status.state,
      isPaused: video.paused,
      delaySeconds: isShown ? (playback?.delaySeconds() ?? null) : null,
      behindSeconds: playback?.behindSeconds() ?? null,
    }),
  );
}

function checkStill(): void {
  const isMeantToMove = !video.paused && !video.ended;
  if (!stillWatch.isStill({ nowMs: performance.now(), currentTime: video.currentTime, isMeantToMove })) return;
  if (status.picture !== 'moving') return;
  handle('still');
  // The next frame on screen ends it at once. Without pictures, playback's own watch does.
  video.requestVideoFrameCallback?.(() => handle('moving'));
}

function startPlayback(masterUrl: string, isProtected: boolean): Playback {
  if (!Hls.isSupported()) {
    playback = startNativePlayback(video, masterUrl, onProgress);
    return playback;
  }
  const hlsPlayback = new HlsPlayback(video, { masterUrl, isProtected }, onProgress);
  playback = hlsPlayback;
  quality.attach(hlsPlayback.hls);
  return playback;
}

// A new link to the same stream, opened in this tab, changes only the fragment.
window.addEventListener('hashchange', () => location.reload());
window.addEventListener('online', () => handle('online'));
window.addEventListener('offline', () => handle('offline'));
view.controller.prepend(video);
view.showStatus(status);
bindControls({
  video,
  view,
  jumpToLive: () => {
    playback?.jumpToLive();
    pauses.disown();
    if (video.paused) requestPlay(video, onProgress);
  },
  stayBehind: () => playback?.stayBehind(),
});
for (const event of ['volumechange', 'loadedmetadata']) video.addEventListener(event, showSound);
for (const event of ['play', 'pause', 'seeked']) video.addEventListener(event, showBadge);
video.addEventListener('playing', () => view.loadControls());
window.setTimeout(() => view.loadControls(), CONTROLS_AFTER_MS);
video.addEventListener('pause', () => handle('paused'));
video.addEventListener('play', () => handle('resumed'));
video.addEventListener('resize', () => view.showAspect(video.videoWidth / video.videoHeight));
window.setInterval(showBadge, BADGE_INTERVAL_MS);
window.setInterval(checkStill, STILL_CHECK_MS);
if (!navigator.onLine) handle('offline');

declare global {
  interface Window {
    /** What the first of the page's scripts has asked for. */
    headendEarly?: EarlyFiles;
    /**
     * The page's state, for tests and benchmarks. `hls` is null before playback and with the browser's built-in HLS.
     */
    headend: {
      readonly video: HTMLVideoElement;
      readonly state: string;
      readonly hls: Hls | null;
      readonly latencySeconds: number | null;
      readonly targetLatencySeconds: number | null;
      readonly delaySeconds: number | null;
    };
  }
}
window.headend = {
  video,
  get state() {
    return status.state;
  },
  get hls() {
    return playback?.hls ?? null;
  },
  get latencySeconds() {
    return playback?.latencySeconds() ?? null;
  },
  get targetLatencySeconds() {
    return playback?.targetLatencySeconds() ?? null;
  },
  get delaySeconds() {
    return playback?.delaySeconds() ?? null;
  },
};

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Watches until the page is closed, or until nothing can change any more. */
async function watchAddress(stream: StreamAddress): Promise<void> {
  const masterUrl = new URL(stream.masterPath, location.origin).href;
  const statusUrl = new URL(stream.statusPath, location.origin).href;
  window.headendEarly ??= askAhead(stream);
  let early: Promise<Response> | null = window.headendEarly.status;
  const request: typeof fetch = (input, init) => {
    const answer = input === statusUrl ? early : null;
    early = null;
    return answer ?? fetch(input, init);
  };
  const now = (): number => performance.now();
  const attention = new PageAttention({ document, video, now });
  const statusWatch = watchStatus({
    ...{ statusUrl, isProtected: stream.isProtected, fetch: request, sleep, pause: pauseUntilOnline },
    ...{ now, random: Math.random, signal: watching.signal },
    onStatus: (told) => {
      handle(told);
      // Whoever is refused is refused every file, so nothing more is asked for.
      if (told === 'refused') playback?.close();
    },
    whenWatched: () => attention.whenWatched(),
  });
  await watchStream({
    probe: async () => toProbeResult(await statusWatch.refresh()),
    nextChange: async () => toProbeResult(await statusWatch.nextChange()),
    startPlayback: () => startPlayback(masterUrl, stream.isProtected),
    pause: () => {
      if (!pauses.isByViewer) return null;
      handle('blocked');
      return pauses.resumed();
    },
    gainsTrack: (ending) =>
      gainsTrack({
        masterUrl,
        firstOffer: playback?.firstOffer ?? Promise.resolve(null),
        fetch: request,
        // A paused page asks for no media, and does not start again by itself.
        sleep: (milliseconds) => sleep(milliseconds).then(() => pauses.resumed()),
        signal: ending,
      }),
    onEvent: (event) => {
      // The rest is a report on the status, which `onStatus` has told.
      if (event === 'ended' || event === 'failed' || event === 'outdated') handle(event);
    },
    sleep,
    signal: watching.signal,
  });
}

if (address.stream === null) handle({ status: 'unknown' });
else if (Hls.isSupported() || video.canPlayType('application/vnd.apple.mpegurl') !== '')
  await watchAddress(address.stream);
else handle('cannot-play');
