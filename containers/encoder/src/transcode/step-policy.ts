/** When a stream steps down or up. Tests pass shorter times. */
export interface StepLimits {
  /** Below this speed, FFmpeg does not keep up. */
  readonly slowSpeed: number;
  /** How long FFmpeg must be slow before a step down. */
  readonly slowMs: number;
  /** If this much waits for FFmpeg and it does not get less, the step can't wait: soon FFmpeg would be replaced. */
  readonly urgentBacklogMs: number;
  /** How long it must not get less. */
  readonly urgentMs: number;
  /** There is room if FFmpeg's mean speed is at least this, and nothing waits for longer than `roomBacklogMs`. */
  readonly roomSpeed: number;
  readonly roomBacklogMs: number;
  /** How long there must be room before a step up. */
  readonly roomMs: number;
  /** After steps up that failed, the wait for room doubles up to this. */
  readonly maxRoomMs: number;
  /** After a step, no stream of the task steps for this long: its effect must show first. */
  readonly settleMs: number;
}

export const STEP_LIMITS: StepLimits = {
  slowSpeed: 0.97,
  slowMs: 20_000,
  urgentBacklogMs: 1500,
  urgentMs: 1000,
  roomSpeed: 0.99,
  roomBacklogMs: 500,
  roomMs: 60_000,
  maxRoomMs: 960_000,
  settleMs: 6000,
};

export type StepDirection = 'down' | 'up';

/** How an FFmpeg keeps up at a moment. */
export interface PaceSample {
  /** Milliseconds of any clock. */
  readonly nowMs: number;
  /** Media seconds out per media second in, lately; null while unknown. */
  readonly speed: number | null;
  /** How long the oldest input has waited for FFmpeg. */
  readonly backlogMs: number;
}

/** Decides from samples when a stream should step down or up. Whether it may is for the StepArbiter to say. */
export class StepPolicy {
  readonly #limits: StepLimits;
  #slowSinceMs: number | null = null;
  /** Since when much waits for FFmpeg, and how much it was then. */
  #urgent: { readonly sinceMs: number; readonly backlogMs: number } | null = null;
  #room: { readonly sinceMs: number; readonly speeds: number; readonly samples: number } | null = null;
  #roomMs: number;
  #steppedUpAtMs: number | null = null;

  constructor(limits: StepLimits) {
    this.#limits = limits;
    this.#roomMs = limits.roomMs;
  }

  /** Whether FFmpeg did not keep up at the last sample. */
  get isSlow(): boolean {
    return this.#slowSinceMs !== null || this.#urgent !== null;
  }

  /** The step that the samples so far call for. Repeats its answer until a step is taken or the samples change. */
  observe(sample: PaceSample): StepDirection | null {
    const { slowMs, urgentMs } = this.#limits;
    this.#followSlowness(sample);
    this.#followBacklog(sample);
    this.#followRoom(sample);
    const { nowMs } = sample;
    if (this.#slowSinceMs !== null && nowMs - this.#slowSinceMs >= slowMs) return 'down';
    if (this.#urgent !== null && nowMs - this.#urgent.sinceMs >= urgentMs) return 'down';
    return this.#hasHadRoom(nowMs) ? 'up' : null;
  }

  /** A stream of the task has stepped. What was measured before says nothing about what comes. */
  measureAnew(): void {
    this.#slowSinceMs = null;
    this.#urgent = null;
    this.#room = null;
  }

  /** This stream has stepped. If it went up not long ago, there was no room after all, and the next try waits longer. */
  onStep(direction: StepDirection, nowMs: number): void {
    const { roomMs, maxRoomMs } = this.#limits;
    if (direction === 'up') {
      this.#steppedUpAtMs = nowMs;
    } else {
      const hasFailed = this.#steppedUpAtMs !== null && nowMs - this.#steppedUpAtMs < this.#roomMs;
      this.#roomMs = hasFailed ? Math.min(2 * this.#roomMs, maxRoomMs) : roomMs;
      this.#steppedUpAtMs = null;
    }
    this.measureAnew();
  }

  #followSlowness({ nowMs, speed }: PaceSample): void {
    // While the speed is unknown, an FFmpeg is starting or the publisher pauses.
    if (speed === null || speed >= this.#limits.slowSpeed) this.#slowSinceMs = null;
    else this.#slowSinceMs ??= nowMs;
  }

  #followBacklog({ nowMs, backlogMs }: PaceSample): void {
    if (backlogMs < this.#limits.urgentBacklogMs) this.#urgent = null;
    else if (this.#urgent === null || backlogMs < this.#urgent.backlogMs) this.#urgent = { sinceMs: nowMs, backlogMs };
  }

  /** Single samples vary by a few hundredths, so room is judged by their mean. */
  #followRoom({ nowMs, speed, backlogMs }: PaceSample): void {
    const { slowSpeed, roomBacklogMs } = this.#limits;
    if (speed === null || speed < slowSpeed || backlogMs > roomBacklogMs) {
      this.#room = null;
      return;
    }
    const { sinceMs, speeds, samples } = this.#room ?? { sinceMs: nowMs, speeds: 0, samples: 0 };
    this.#room = { sinceMs, speeds: speeds + speed, samples: samples + 1 };
  }

  #hasHadRoom(nowMs: number): boolean {
    if (this.#room === null || nowMs - this.#room.sinceMs < this.#roomMs) return false;
    return this.#room.speeds / this.#room.samples >= this.#limits.roomSpeed;
  }
}
