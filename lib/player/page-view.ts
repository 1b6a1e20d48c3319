// The custom elements that index.html uses. The package's own entry points would load twice as many.
import 'media-chrome/dist/media-controller.js';
import 'media-chrome/dist/media-control-bar.js';
import 'media-chrome/dist/media-fullscreen-button.js';
import 'media-chrome/dist/media-live-button.js';
import 'media-chrome/dist/media-mute-button.js';
import 'media-chrome/dist/media-pip-button.js';
import 'media-chrome/dist/media-play-button.js';
import 'media-chrome/dist/media-volume-range.js';
import 'media-chrome/dist/menu/media-chrome-menu-item.js';
import 'media-chrome/dist/menu/media-rendition-menu.js';
import 'media-chrome/dist/menu/media-rendition-menu-button.js';
import type { Playback } from './playback.ts';
import type { RenditionList } from './rendition-list.ts';
import { STATE_TEXT, type StreamState } from './stream-state.ts';

/** The badge says live while the latency exceeds its target by less than this. */
const LIVE_TOLERANCE_SECONDS = 1.5;

/** Finds an element of index.html. The page and this code are built together, so the element always exists. */
function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} ${selector}`);
  return element;
}

/** The elements of the page and their content. */
export class PageView {
  readonly controller = find('media-controller', HTMLElement);
  readonly #status = find('#status', HTMLElement);
  readonly #statusTitle = find('#status-title', HTMLElement);
  readonly #statusDetail = find('#status-detail', HTMLElement);
  readonly #latency = find('#latency', HTMLElement);
  readonly #soundButton = find('#sound-button', HTMLButtonElement);

  /** Shows a state over the picture. `#status` is a live region, so screen readers read out the new text. */
  showState(state: StreamState): void {
    document.body.dataset.state = state;
    const { title, detail } = STATE_TEXT[state];
    this.#statusTitle.textContent = title;
    this.#statusDetail.textContent = detail;
    this.#status.setAttribute('aria-busy', String(state === 'loading' || state === 'reconnecting'));
  }

  /** Shows the seconds behind live, or nothing if null. */
  showLatency(seconds: number | null): void {
    const text = seconds === null ? '' : `${seconds.toFixed(1)} s`;
    if (this.#latency.textContent !== text) this.#latency.textContent = text;
    this.#latency.hidden = seconds === null;
  }

  /** Shows a button for sound while the video is muted. Browsers allow sound only after a tap. */
  offerSound(video: HTMLVideoElement): void {
    const update = (): void => {
      this.#soundButton.hidden = !video.muted;
    };
    video.addEventListener('volumechange', update);
    this.#soundButton.addEventListener('click', () => {
      video.muted = false;
      if (video.volume === 0) video.volume = 1;
    });
    update();
  }

  /**
   * Makes the live badge seek to our live position. media-chrome would seek to the very end, where nothing is buffered.
   */
  onJumpToLive(jump: () => void): void {
    this.controller.addEventListener(
      'mediaseektoliverequest',
      (event) => {
        event.stopImmediatePropagation();
        jump();
      },
      { capture: true },
    );
  }
}

/**
 * Creates the video element of the page. It is muted because browsers do not autoplay sound, and inline on phones. It
 * has the properties that media-chrome reads beyond the standard: `videoRenditions`, `streamType` and `liveEdgeStart`.
 */
export function createVideo(renditions: RenditionList, isAtLive: () => boolean): HTMLVideoElement {
  const video = document.createElement('video');
  video.slot = 'media';
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  return Object.defineProperties(video, {
    videoRenditions: { value: renditions },
    streamType: { value: 'live' },
    liveEdgeStart: { get: () => (isAtLive() ? 0 : Number.POSITIVE_INFINITY) },
  });
}

/** Whether playback is as close to live as it is meant to be. True if the latency is unknown, as with built-in HLS. */
export function isAtLive(playback: Playback | null): boolean {
  const latency = playback?.latencySeconds() ?? null;
  const target = playback?.targetLatencySeconds() ?? null;
  return latency === null || target === null || latency - target < LIVE_TOLERANCE_SECONDS;
}
