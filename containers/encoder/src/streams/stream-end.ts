import type { Logger } from 'pino';
import type { BroadcastEndReason } from '#domain/streams.ts';
import type { Broadcast } from './broadcast.ts';
import { isForgotten } from './requested-ends.ts';
import type { StreamEncoders } from './stream-encoders.ts';
import type { StreamHold } from './stream-hold.ts';
import type { StreamMedia } from './stream-media.ts';

/**
 * From the last media to the end of the playlists. hls.js 1.7.4 loads no more parts of a segment once its playlist has ended, so that
 * it would play to neither the last part nor an end.
 */
const LAST_MEDIA_MS = 2_000;
/** The same if somebody asked for the end: as long as players at the live edge need for a part. */
const LAST_SOUND_MS = 1_000;
/** How long an ended stream is kept, so that players that lag can still load its end. */
const KEEP_ENDED_MS = 60_000;

export interface StreamEndOptions {
  readonly hold: StreamHold;
  readonly media: StreamMedia;
  readonly encoders: StreamEncoders;
  readonly broadcast: Broadcast;
  /** Called when the playlists have ended. */
  readonly onEnded: () => void;
  /** Called when no player needs the end any more. */
  readonly onForgotten: () => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** The end of a stream: when it is due, what it does, and how long it is kept. */
export class StreamEnd {
  readonly #options: StreamEndOptions;
  #endedAtMs: number | null = null;
  /** Why somebody has asked for the end, which is about to come. */
  #requested: BroadcastEndReason | null = null;
  /** Until the end is due, and after the end until it is forgotten. */
  #timer: NodeJS.Timeout | null = null;

  constructor(options: StreamEndOptions) {
    this.#options = options;
  }

  /** Milliseconds since 1970; null if the stream has not ended. */
  get endedAtMs(): number | null {
    return this.#endedAtMs;
  }

  /** Ends the stream after this time, unless that is called off or another task has the stream by then. */
  endIn(delayMs: number, reason: BroadcastEndReason): void {
    this.#clearTimer();
    const timer = setTimeout(() => void this.#endWhenDue(timer, reason), Math.max(0, delayMs));
    this.#timer = timer;
  }

  /**
   * Ends the stream because somebody asked for that. What viewers get after that is the rest of a segment, and the first part of the
   * next one together with the end. If no segment follows, and a part has its picture already, it gets its sound, and the playlists
   * end a little later.
   */
  endOnRequest(reason: BroadcastEndReason): void {
    const lastSegment = isForgotten(reason) ? null : this.#options.media.untilLastSegment();
    if (lastSegment === null) {
      this.endAfterPublish(reason);
      return;
    }
    this.#clearTimer();
    this.#requested = reason;
    void lastSegment.then(() => this.#endRequested(reason));
  }

  /** The same where nothing more comes, because the publisher has gone. */
  endAfterPublish(reason: BroadcastEndReason): void {
    this.#clearTimer();
    if (isForgotten(reason)) {
      this.endNow(reason);
      return;
    }
    this.#requested = reason;
    this.#endRequested(reason);
  }

  /** Ends the stream if somebody has asked for that: a publish follows, which is another broadcast. Returns whether it did. */
  endIfRequested(): boolean {
    const reason = this.#requested;
    if (reason !== null) this.endNow(reason);
    return reason !== null;
  }

  /** Ends the stream at once. If the reason says so, it is forgotten too. */
  endNow(reason: BroadcastEndReason): void {
    const { hold, media, encoders, broadcast, onEnded, now, log } = this.#options;
    log.info({ reason }, 'stream ended');
    this.#clearTimer();
    void encoders.stop();
    media.end();
    onEnded();
    media.recheckArrivals();
    broadcast.end(reason);
    this.#endedAtMs = now();
    if (isForgotten(reason)) {
      this.forgetNow();
      return;
    }
    hold.renew();
    this.#timer = setTimeout(() => void this.#forget(), KEEP_ENDED_MS);
  }

  /** Nobody may answer for the stream any more, not even with its end. */
  forgetNow(): void {
    this.#clearTimer();
    void this.#forget();
  }

  /** Ends the stream with its task. It stays for its viewers until the process ends. Resolves when the store knows. */
  async endWithTask(): Promise<void> {
    const { hold, media, broadcast, onEnded } = this.#options;
    const reason = this.#requested ?? 'shutdown';
    this.#clearTimer();
    media.end();
    onEnded();
    broadcast.end(reason);
    await hold.forget();
  }

  /** Nothing ends, and nothing is forgotten: somebody publishes, or another task has the stream. */
  callOff(): void {
    this.#clearTimer();
    this.#options.media.goOn();
    this.#endedAtMs = null;
  }

  async #endWhenDue(timer: NodeJS.Timeout, reason: BroadcastEndReason): Promise<void> {
    const { hold, media, encoders } = this.#options;
    const isDue = (): boolean => this.#timer === timer && !hold.isFenced;
    // A publisher who is just being accepted has come in time.
    await hold.confirmSettled();
    if (!isDue()) return;
    await media.untilLastSegment();
    // Another one may have come meanwhile.
    if (!isDue()) return;
    const { haveMedia } = encoders;
    await encoders.stop();
    if (!isDue()) return;
    if (haveMedia && !media.canEnd) this.endIn(LAST_MEDIA_MS, reason);
    else this.endNow(reason);
  }

  /** Does nothing if another publish has begun meanwhile, or if the stream has ended, or is another task's. */
  #endRequested(reason: BroadcastEndReason): void {
    const { media, encoders } = this.#options;
    if (this.#requested !== reason) return;
    void encoders.stop();
    if (media.canEnd || !media.endRun()) this.endNow(reason);
    else this.#timer = setTimeout(() => this.endNow(reason), LAST_SOUND_MS);
  }

  /** The stream is over, for this task and for all. */
  async #forget(): Promise<void> {
    this.#options.onForgotten();
    await this.#options.hold.forget();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#requested = null;
  }
}
