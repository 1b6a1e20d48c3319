/** Where playback is, while the playlist grows. All values are in seconds. */
export interface LiveDistance {
  /** From the capture of the picture on screen until now. */
  readonly delaySeconds: number;
  /** From the picture on screen to the end of the playlist. */
  readonly latencySeconds: number;
  readonly targetLatencySeconds: number;
}

/**
 * Tells how far the picture on screen is behind the one that live viewers see. The end of the playlist can't tell while the
 * playlist stands still, or while none is loaded. Dates can: the picture of a live viewer always has the same delay.
 */
export class DelayMeter {
  #liveDelaySeconds: number | null = null;

  /** Call this a few times a second while the playlist grows. */
  calibrate({ delaySeconds, latencySeconds, targetLatencySeconds }: LiveDistance): void {
    this.#liveDelaySeconds = delaySeconds - (latencySeconds - targetLatencySeconds);
  }

  /** Null before the first calibration. */
  behindSeconds(delaySeconds: number): number | null {
    return this.#liveDelaySeconds === null ? null : Math.max(0, delaySeconds - this.#liveDelaySeconds);
  }
}
