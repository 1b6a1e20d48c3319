import type { PreferenceStore } from './preferences.ts';

/** Gives a video element the volume that the viewer chose last, and remembers what they choose now. */
export class SoundMemory {
  readonly #video: HTMLVideoElement;
  #isMutedByBrowser = false;

  constructor(video: HTMLVideoElement, preferences: PreferenceStore) {
    this.#video = video;
    video.volume = preferences.current.volume;
    video.muted = preferences.current.isMuted;
    video.addEventListener('volumechange', () => {
      if (!this.#isMutedByBrowser) preferences.save({ volume: video.volume, isMuted: video.muted });
      this.#isMutedByBrowser = false;
    });
  }

  /** Mutes because the browser does not start with sound. The viewer has not chosen that, so it is not remembered. */
  muteForAutoplay(): void {
    this.#isMutedByBrowser = true;
    this.#video.muted = true;
  }
}
