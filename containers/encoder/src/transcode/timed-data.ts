import type { Logger } from 'pino';
import { TokenBucket } from '#domain/token-bucket.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { TimedDatum } from '#encoder/media/media-run.ts';
import { type TimedMessage, toTimedMessage } from '#encoder/media/timed-message.ts';

/** What viewers are sent at most, in each video rendition: a short message a second for each, and a long one now and then. */
const BYTES_PER_SECOND = 4 * 1024;
const BURST_BYTES = 16 * 1024;
/** What a message takes besides its text. */
const MESSAGE_OVERHEAD_BYTES = 128;
/** While there is no run that takes them. */
const MAX_WAITING = 64;
/** Of a message that has waited longer for a run, nobody wants to know. */
const MAX_AGE_MS = 10_000;
/** Cues announce what comes so much later at most. Other times are on another clock. */
const MAX_LEAD_MS = 60_000;

interface WaitingMessage {
  readonly timelineMs: number;
  readonly leadMs: number;
  readonly message: TimedMessage;
}

export interface TimedDataOptions {
  /** Milliseconds, by a clock that never steps. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What a publisher says at moments of its media, until the packager takes it. Bounded; what is too much is dropped. */
export class TimedData {
  readonly #options: TimedDataOptions;
  readonly #allowance: TokenBucket;
  /** In the order in which they came. */
  #waiting: WaitingMessage[] = [];
  #dropped = 0;

  constructor(options: TimedDataOptions) {
    this.#options = options;
    this.#allowance = new TokenBucket({ perSecond: BYTES_PER_SECOND, capacity: BURST_BYTES, now: options.now });
  }

  /** Takes a script tag, which belongs at a position on the publisher's timeline. */
  add({ payload, timestampMs }: FlvTag, timelineMs: number): void {
    const message = toTimedMessage(payload);
    if (message === 'ignored') return;
    const isAllowed = message !== 'refused' && this.#allowance.take(message.id3.length + MESSAGE_OVERHEAD_BYTES);
    if (!isAllowed || this.#waiting.length >= MAX_WAITING) this.#drop();
    else this.#waiting.push({ timelineMs, leadMs: leadMsOf(message, timestampMs), message });
  }

  /**
   * Takes what belongs before a moment, which is `untilMs` on the publisher's timeline and `untilSeconds` in the media of a run. What
   * came too late for its own moment is still among it.
   */
  take(untilMs: number, untilSeconds: number): readonly TimedDatum[] {
    if (this.#waiting.length === 0) return [];
    const due = this.#waiting.filter(({ timelineMs }) => timelineMs < untilMs);
    if (due.length > 0) this.#waiting = this.#waiting.filter(({ timelineMs }) => timelineMs >= untilMs);
    return due
      .filter(({ timelineMs }) => timelineMs > untilMs - MAX_AGE_MS)
      .map(({ timelineMs, leadMs, message }) => ({
        mediaSeconds: untilSeconds - (untilMs - timelineMs) / 1000,
        leadSeconds: leadMs / 1000,
        message,
      }));
  }

  /** Says so once, and then less and less often. */
  #drop(): void {
    this.#dropped++;
    if (!Number.isInteger(Math.log10(this.#dropped))) return;
    this.#options.log.warn(
      { dropped: this.#dropped },
      'data messages of the publisher are dropped: too many, or too long',
    );
  }
}

function leadMsOf({ timeSeconds }: TimedMessage, timestampMs: number): number {
  const leadMs = timeSeconds === null ? 0 : timeSeconds * 1000 - timestampMs;
  return leadMs > 0 && leadMs <= MAX_LEAD_MS ? leadMs : 0;
}
