export interface PulseOptions {
  readonly beatMs: number;
  /** Without a sign of life, the other side is lost after so many beats. */
  readonly silentBeats: number;
  /** Tells the other side that this one is alive. */
  readonly onBeat: () => void;
  /** Called once, when the other side is lost. */
  readonly onSilence: () => void;
}

/**
 * Keeps two sides of a connection sure of each other. TCP does not notice for minutes that a machine has gone. Counts beats rather
 * than time, so that a process that was stopped for a while does not blame the other side for it.
 */
export class Pulse {
  readonly #timer: NodeJS.Timeout;
  #beatsSinceHeard = 0;

  /** Starts to beat. */
  constructor({ beatMs, silentBeats, onBeat, onSilence }: PulseOptions) {
    this.#timer = setInterval(() => {
      this.#beatsSinceHeard++;
      if (this.#beatsSinceHeard <= silentBeats) {
        onBeat();
      } else {
        this.stop();
        onSilence();
      }
    }, beatMs);
  }

  /** Something came from the other side. */
  heard(): void {
    this.#beatsSinceHeard = 0;
  }

  /** Safe to call twice. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
