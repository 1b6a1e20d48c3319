import type { Decline } from './transcode-speed.ts';

/** Media is skipped if FFmpeg's input waits longer than this, less what it is allowed because it started behind. */
export const MAX_LATE_MS = 3000;

/** When a stream steps down or up. Tests pass shorter times. */
export interface StepLimits {
  /** Below this speed, FFmpeg does not keep up. */
  readonly slowSpeed: number;
  /** How long FFmpeg must be slow before a step down. */
  readonly slowMs: number;
  /** How long FFmpeg must fall further behind all the time before a step that can't wait. It makes up for a shorter hiccup. */
  readonly fallingMs: number;
  /** A step down can't wait if FFmpeg would be replaced within this time. */
  readonly urgentMs: number;
  /** Nor can it if the oldest input is this late and the backlog does not get less. */
  readonly lateMs: number;
  /** How long it must not get less. */
  readonly stayLateMs: number;
  /** There is room if FFmpeg's mean speed is at least this, and no input waits for longer than `roomBacklogMs`. */
  readonly roomSpeed: number;
  readonly roomBacklogMs: number;
  /** How long there must be room before a step up. */
  readonly roomMs: number;
  /** After steps up that failed, the wait for room doubles up to this. */
  readonly maxRoomMs: number;
  /** After a step, the others of the task wait for this long, unless they can't: its effect must show first. */
  readonly settleMs: number;
}

export const STEP_LIMITS: StepLimits = {
  slowSpeed: 0.97,
  slowMs: 20_000,
  fallingMs: 2500,
  urgentMs: 10_000,
  lateMs: 1500,
  stayLateMs: 1000,
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
  /** Null unless FFmpeg falls behind. */
  readonly decline: Decline | null;
  /** How long the oldest input has waited for FFmpeg. */
  readonly backlogMs: number;
  /** How much of this FFmpeg is allowed, because it started behind. */
  readonly allowanceMs: number;
}

/** Decides from samples when a stream should step down or up. Whether it may is for the StepArbiter to say. */
export class StepPolicy {
  readonly #limits: StepLimits;
  #slowSinceMs: number | null = null;
  /** Since when input has been far too late and the backlog has not got less, and how much it was. */
  #late: { readonly sinceMs: number; readonly backlogMs: number } | null = null;
  #room: { readonly sinceMs: number; readonly speeds: number; readonly samples: number } | null = null;
  #roomMs: number;
  #steppedUpAtMs: number | null = null;
  /** How FFmpeg fell behind at the last sample, and for how long it had done so. */
  #falling: { readonly forMs: number; readonly speed: number } | null = null;
  #overloadInMs = Number.POSITIVE_INFINITY;
  #isMeasured = false;

  constructor(limits: StepLimits) {
    this.#limits = limits;
    this.#roomMs = limits.roomMs;
  }

  /** Whether FFmpeg did not keep up at the last sample. */
  get isSlow(): boolean {
    return this.#slowSinceMs !== null || this.#late !== null || this.fallingSpeed !== null;
  }

  /** Whether the last samples tell how FFmpeg keeps up. They don't while it starts or the publisher pauses. */
  get isMeasured(): boolean {
    return this.#isMeasured;
  }

  /** Media seconds out per second while FFmpeg falls behind; null if it does not, or not for long enough to tell. */
  get fallingSpeed(): number | null {
    return this.#isFalling(this.#limits.fallingMs / 2) ? (this.#falling?.speed ?? null) : null;
  }

  /** How soon FFmpeg will be replaced if it goes on like this; infinite if it won't be. */
  get overloadInMs(): number {
    return this.#overloadInMs;
  }

  /** The step that the samples so far call for. Repeats its answer until a step is taken or the samples change. */
  observe(sample: PaceSample): StepDirection | null {
    const { slowMs, fallingMs, urgentMs, stayLateMs } = this.#limits;
    this.#followSlowness(sample);
    this.#followFalling(sample);
    this.#followLateness(sample);
    this.#followOverload(sample);
    this.#followRoom(sample);
    this.#isMeasured = sample.speed !== null || this.#isFalling(fallingMs);
    const { nowMs } = sample;
    if (this.#slowSinceMs !== null && nowMs - this.#slowSinceMs >= slowMs) return 'down';
    if (this.#isFalling(fallingMs) && this.overloadInMs < urgentMs) return 'down';
    if (this.#late !== null && nowMs - this.#late.sinceMs >= stayLateMs) return 'down';
    return this.#hasHadRoom(nowMs) ? 'up' : null;
  }

  /** A stream of the task has stepped. How slow the others were for long says nothing about what comes. */
  measureAnew(): void {
    this.#slowSinceMs = null;
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
    this.#falling = null;
    this.#late = null;
    this.#overloadInMs = Number.POSITIVE_INFINITY;
    this.measureAnew();
  }

  #followSlowness({ nowMs, speed }: PaceSample): void {
    // While the speed is unknown, an FFmpeg is starting or the publisher pauses.
    if (speed === null || speed >= this.#limits.slowSpeed) this.#slowSinceMs = null;
    else this.#slowSinceMs ??= nowMs;
  }

  #followFalling({ nowMs, decline, backlogMs }: PaceSample): void {
    // If nothing waits, FFmpeg is not too slow. Perhaps it can't decode the picture.
    const isFalling = decline !== null && backlogMs > this.#limits.roomBacklogMs;
    this.#falling = isFalling ? { forMs: nowMs - decline.sinceMs, speed: decline.speed } : null;
  }

  #isFalling(forMs: number): boolean {
    return this.#falling !== null && this.#falling.forMs >= forMs;
  }

  #followLateness(sample: PaceSample): void {
    const { nowMs, backlogMs } = sample;
    if (lateMs(sample) < this.#limits.lateMs) this.#late = null;
    else if (this.#late === null || backlogMs < this.#late.backlogMs) this.#late = { sinceMs: nowMs, backlogMs };
  }

  #followOverload(sample: PaceSample): void {
    const late = this.#late;
    const lateForMs = late === null ? 0 : sample.nowMs - late.sinceMs;
    const lateGrowth = late === null || lateForMs === 0 ? 0 : (sample.backlogMs - late.backlogMs) / lateForMs;
    const growth = Math.max(1 - (this.#falling?.speed ?? 1), lateGrowth);
    this.#overloadInMs = growth <= 0 ? Number.POSITIVE_INFINITY : Math.max(0, MAX_LATE_MS - lateMs(sample)) / growth;
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

function lateMs({ backlogMs, allowanceMs }: PaceSample): number {
  return Math.max(0, backlogMs - allowanceMs);
}
