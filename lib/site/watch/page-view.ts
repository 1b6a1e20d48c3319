import { find } from './find.ts';
import type { LiveBadge } from './live-badge.ts';
import { textOf } from './state-text.ts';
import type { StreamStatus } from './stream-state.ts';

/** Pictures of other shapes than these are taken for mistakes. */
const MIN_ASPECT = 0.3;
const MAX_ASPECT = 4;
/** The renditions of a stream differ by rounding. The layout does not move for that. */
const ASPECT_TOLERANCE = 0.02;

function setText(element: HTMLElement, text: string): void {
  // Screen readers read out again what is set again.
  if (element.textContent !== text) element.textContent = text;
}

/** The elements of the page and their content. */
export class PageView {
  readonly controller = find('media-controller', HTMLElement);
  readonly #statusTitle = find('#status-title', HTMLElement);
  readonly #statusDetail = find('#status-detail', HTMLElement);
  readonly #chip = find('#chip', HTMLElement);
  readonly #heading = find('#title', HTMLElement);
  readonly #caption = find('#caption', HTMLElement);
  readonly #latency = find('#latency', HTMLElement);
  readonly #liveButton = find('#live-button', HTMLButtonElement);
  readonly #liveText = find('#live-text', HTMLElement);
  readonly #soundButton = find('#sound-button', HTMLButtonElement);
  #stateChip = '';
  #hasControls = false;
  #aspect = 0;

  constructor() {
    // The server may have put the stream's title there.
    setText(this.#caption, this.#heading.textContent);
  }

  /** Shows a state over the picture. `#status` is a live region, so screen readers read out the new text. */
  showStatus(status: StreamStatus): void {
    const { title, detail, chip } = textOf(status);
    document.body.dataset.state = status.state;
    document.body.dataset.picture = status.picture === 'none' ? 'none' : 'shown';
    setText(this.#statusTitle, title);
    setText(this.#statusDetail, detail);
    this.#stateChip = chip;
    this.#showChip();
    if (status.body?.title) this.#showTitle(status.body.title);
    const [width, height] = (status.body?.aspect ?? '').split(':').map(Number);
    if (width && height) this.showAspect(width / height);
  }

  /**
   * Loads the custom elements of the controls, which the browser has loaded ahead, but not run. Running them takes as long
   * as the first picture of a stream, which comes first.
   */
  loadControls(): void {
    if (this.#hasControls) return;
    this.#hasControls = true;
    const { href } = find('link[rel="modulepreload"]', HTMLLinkElement);
    // Without them, a page that the browser does not start by itself could not be started.
    import(href).catch(() => {
      find('video', HTMLVideoElement).controls = true;
    });
  }

  #showTitle(title: string): void {
    document.title = title;
    setText(this.#heading, title);
    setText(this.#caption, title);
  }

  /** Fits the page to a picture. `aspect` is its width divided by its height. */
  showAspect(aspect: number): void {
    const isChanged = Math.abs(aspect / this.#aspect - 1) > ASPECT_TOLERANCE;
    if (!(aspect >= MIN_ASPECT && aspect <= MAX_ASPECT && isChanged)) return;
    this.#aspect = aspect;
    document.documentElement.style.setProperty('--aspect', aspect.toFixed(4));
    document.body.dataset.shape = aspect < 1 ? 'portrait' : 'landscape';
  }

  /** Shows whether the picture is live, and how old it is. */
  showBadge({ isLive, text, chip, delay }: LiveBadge): void {
    document.body.dataset.live = String(isLive);
    setText(this.#liveText, text);
    setText(this.#latency, delay);
    this.#latency.hidden = delay === '';
    this.#showChip(chip);
  }

  #showChip(chip: string | null = null): void {
    setText(this.#chip, chip ?? this.#stateChip);
    this.#chip.hidden = this.#chip.textContent === '';
  }

  /** Whether the stream has sound. If it has, a muted page has a button for it, because browsers allow it after a tap. */
  showSound(video: HTMLVideoElement, hasSound: boolean): void {
    document.body.dataset.sound = String(hasSound);
    this.#soundButton.hidden = !hasSound || !video.muted;
  }

  onSound(listener: () => void): void {
    this.#soundButton.addEventListener('click', listener);
  }

  onJumpToLive(listener: () => void): void {
    this.#liveButton.addEventListener('click', listener);
  }

  /** Shows the controls for a moment, as they are after a key of theirs. */
  showControls(): void {
    this.controller.dispatchEvent(new Event('keyup'));
  }
}

/** Creates the video element of the page. It is inline on phones. */
export function createVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.slot = 'media';
  video.playsInline = true;
  return video;
}
