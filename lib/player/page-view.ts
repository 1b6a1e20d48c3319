import type { Playback } from './playback.ts';
import { STATE_TEXT, type StreamState } from './stream-state.ts';

/** Within this of the target latency the badge says live. */
const LIVE_TOLERANCE_SECONDS = 1.5;

/** The element that `selector` names in index.html; the page and this code are built together, so it is there. */
function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} ${selector}`);
  return element;
}

/** The page's elements and what is shown in them. */
export class PageView {
  readonly controller = find('media-controller', HTMLElement);
  readonly #status = find('#status', HTMLElement);
  readonly #statusTitle = find('#status-title', HTMLElement);
  readonly #statusDetail = find('#status-detail', HTMLElement);
  readonly #latency = find('#latency', HTMLElement);
  readonly #soundButton = find('#sound-button', HTMLButtonElement);

  /** Shows a state over the picture; `#status` is a live region, so changing its text reads it out. */
  showState(state: StreamState): void {
    document.body.dataset.state = state;
    const { title, detail } = STATE_TEXT[state];
    this.#statusTitle.textContent = title;
    this.#statusDetail.textContent = detail;
    this.#status.setAttribute('aria-busy', String(state === 'loading' || state === 'reconnecting'));
  }

  /** Shows seconds behind live, or nothing. */
  showLatency(seconds: number | null): void {
    const text = seconds === null ? '' : `${seconds.toFixed(1)} s`;
    if (this.#latency.textContent !== text) this.#latency.textContent = text;
    this.#latency.hidden = seconds === null;
  }

  /** Offers sound for as long as the video is muted; a browser lets it start with sound only after a tap. */
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

  /** Makes the live badge seek to our live position: media-chrome would go to the very end, where nothing is buffered. */
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

/** Whether a playback is as close to live as it means to be; true where the browser keeps that to itself. */
export function isAtLive(playback: Playback | null): boolean {
  const latency = playback?.latencySeconds() ?? null;
  const target = playback?.targetLatencySeconds() ?? null;
  return latency === null || target === null || latency - target < LIVE_TOLERANCE_SECONDS;
}
