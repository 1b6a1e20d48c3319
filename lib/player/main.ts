import Hls from 'hls.js';
import { HlsPlayback } from './hls-playback.ts';
import { startNativePlayback } from './native-playback.ts';
import { parsePageAddress } from './page-address.ts';
import { PageAttention } from './page-attention.ts';
import { createVideo, isAtLive, PageView } from './page-view.ts';
import type { OnProgress, Playback } from './playback.ts';
import { toProbeResult } from './probe-result.ts';
import { bridgeRenditions, RenditionList } from './rendition-list.ts';
import { watchStatus } from './status-watch.ts';
import { INITIAL_STATUS, nextStatus, type StreamEvent } from './stream-state.ts';
import { gainsTrack } from './track-watch.ts';
import { watchStream } from './watch-stream.ts';

const LATENCY_DISPLAY_MS = 500;

const address = parsePageAddress(location);
document.body.dataset.page = address.page;
const masterUrl = new URL(address.masterPath, location.origin).href;
const statusUrl = new URL(address.statusPath, location.origin).href;

const view = new PageView();
let status = INITIAL_STATUS;
let playback: Playback | null = null;

const renditions = new RenditionList((index) => {
  // loadLevel takes effect with the next fragment. nextLevel would empty the buffer, which stalls low-latency playback.
  if (playback?.hls) playback.hls.loadLevel = index;
});
const video = createVideo(renditions, () => isAtLive(playback));

function handle(event: StreamEvent): void {
  const before = status.state;
  status = nextStatus(status, event);
  if (status.state !== before) view.showState(status.state);
}

function startPlayback(): Playback {
  const onProgress: OnProgress = (event) => handle(event);
  if (!Hls.isSupported()) {
    playback = startNativePlayback(video, masterUrl, onProgress);
    return playback;
  }
  const hlsPlayback = new HlsPlayback(video, { masterUrl, isProtected: address.isProtected }, onProgress);
  bridgeRenditions(hlsPlayback.hls, renditions);
  playback = hlsPlayback;
  return playback;
}

// A new link to the same stream, opened in this tab, changes only the fragment.
window.addEventListener('hashchange', () => location.reload());
view.controller.prepend(video);
view.showState(status.state);
view.offerSound(video);
view.onJumpToLive(() => playback?.jumpToLive());
window.setInterval(() => {
  view.showLatency(status.state === 'playing' ? (playback?.latencySeconds() ?? null) : null);
}, LATENCY_DISPLAY_MS);

declare global {
  interface Window {
    /**
     * The page's state, for tests and benchmarks. `hls` is null before playback and with the browser's built-in HLS.
     */
    headend: {
      readonly video: HTMLVideoElement;
      readonly state: string;
      readonly hls: Hls | null;
      readonly latencySeconds: number | null;
      readonly targetLatencySeconds: number | null;
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
};

const request: typeof fetch = (input, init) => fetch(input, init);
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (Hls.isSupported() || video.canPlayType('application/vnd.apple.mpegurl') !== '') {
  // The page watches until it is closed.
  const { signal } = new AbortController();
  const now = (): number => performance.now();
  const attention = new PageAttention(document, now);
  const statusWatch = watchStatus({
    ...{ statusUrl, isProtected: address.isProtected, fetch: request, sleep, signal },
    ...{ now, random: Math.random },
    onStatus: () => undefined,
    whenWatched: () => attention.whenWatched(),
  });
  await watchStream({
    probe: async () => toProbeResult(await statusWatch.refresh()),
    nextChange: async () => toProbeResult(await statusWatch.nextChange()),
    startPlayback,
    gainsTrack: (ending) => gainsTrack({ masterUrl, fetch: request, sleep, signal: ending }),
    onEvent: handle,
    sleep,
    signal,
  });
} else {
  handle('cannot-play');
}
