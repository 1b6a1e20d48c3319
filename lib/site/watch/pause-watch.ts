/** A page that is paused for longer loads no more media. Most viewers who come back want to see what is live then. */
export const IDLE_AFTER_MS = 60_000;

/** A pause that is over. */
export interface EndedPause {
  /** The viewer paused, and not the browser: for want of a tap, or because it was in the background. */
  readonly isByViewer: boolean;
  /** It was long enough for `onIdle`. */
  readonly wasIdle: boolean;
}

export interface PauseHandlers {
  readonly onIdle: () => void;
  readonly onResume: (pause: EndedPause) => void;
  /** The viewer is back at a page that the browser has paused, or plays on by a key of the device. */
  readonly onReturn: () => void;
}

/** Follows the pauses of a video element. */
export class PauseWatch {
  readonly #handlers: PauseHandlers;
  #pause: EndedPause | null = null;
  #timer = 0;
  readonly #whenResumed: (() => void)[] = [];

  constructor(video: HTMLVideoElement, handlers: PauseHandlers) {
    this.#handlers = handlers;
    video.addEventListener('pause', () => {
      const isSeen = document.visibilityState === 'visible' || document.pictureInPictureElement === video;
      if (!video.ended) this.begin({ isByViewer: isSeen });
    });
    video.addEventListener('play', () => this.#end());
    // The keys of a keyboard or a headset, and the browser's media controls. They pause a hidden page too.
    navigator.mediaSession?.setActionHandler('pause', () => {
      if (!video.paused) this.begin({ isByViewer: true });
      video.pause();
    });
    navigator.mediaSession?.setActionHandler('play', () => handlers.onReturn());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible' && this.#pause?.isByViewer === false) handlers.onReturn();
    });
  }

  /** Playback stands until it is asked to play. The pauses of the video element begin by themselves. */
  begin({ isByViewer }: Pick<EndedPause, 'isByViewer'>): void {
    if (this.#pause !== null) return;
    this.#pause = { isByViewer, wasIdle: false };
    this.#timer = window.setTimeout(() => {
      this.#pause = { isByViewer: this.#pause?.isByViewer ?? isByViewer, wasIdle: true };
      this.#handlers.onIdle();
    }, IDLE_AFTER_MS);
  }

  /** The viewer does not want to go on where they have paused. */
  disown(): void {
    if (this.#pause !== null) this.#pause = { ...this.#pause, isByViewer: false };
  }

  /** Whether the viewer wants no picture now. */
  get isByViewer(): boolean {
    return this.#pause?.isByViewer ?? false;
  }

  /** Resolves at once, or when the pause is over. */
  async resumed(): Promise<void> {
    if (this.#pause !== null) await new Promise<void>((resolve) => this.#whenResumed.push(resolve));
  }

  #end(): void {
    if (this.#pause === null) return;
    const pause = this.#pause;
    this.#pause = null;
    window.clearTimeout(this.#timer);
    for (const resolve of this.#whenResumed.splice(0)) resolve();
    this.#handlers.onResume(pause);
  }
}
