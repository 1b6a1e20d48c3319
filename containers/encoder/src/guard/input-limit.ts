import { TokenBucket } from '#domain/token-bucket.ts';
import { MediaTime } from './media-time.ts';
import type { RtmpLimits } from './rtmp-limits.ts';

/** 1 kbit is 125 bytes. */
const BYTES_PER_KBIT = 125;
/** Publishers' clocks are a little fast or slow. */
const MAX_CLOCK_SPEED = 1.1;
/** Media that is so far ahead of time is no backlog. */
const MAX_AHEAD_MS = 60_000;

/** What a live publisher sends too much of. */
export type InputExcess = 'bytes' | 'messages' | 'media time';

/**
 * Tells whether a live publisher sends too much, and when to read on. The bitrate is judged by the time that the media says, so
 * media that the network held back may come late and all at once. How fast it is read is limited by real time, and so is the
 * time that the media says. Even a short message costs work, so messages are counted too.
 */
export class InputLimit {
  /** Sustained limit in kbit/s. */
  readonly kbps: number;
  readonly messagesPerSecond: number;
  readonly #mediaTime = new MediaTime();
  readonly #mediaBytes: TokenBucket;
  readonly #messages: TokenBucket;
  readonly #readBytes: Debt;
  readonly #aheadMs: Debt;

  /** `maxKbps` is the stream's own limit; `minInputLimitKbps` applies if it is higher. `now`: milliseconds since 1970. */
  constructor(
    maxKbps: number,
    limits: Pick<
      RtmpLimits,
      'minInputLimitKbps' | 'inputBurstSeconds' | 'inputBacklogSeconds' | 'maxMessagesPerSecond'
    >,
    now: () => number,
  ) {
    const { inputBurstSeconds, inputBacklogSeconds, maxMessagesPerSecond, minInputLimitKbps } = limits;
    this.kbps = Math.max(maxKbps, minInputLimitKbps);
    this.messagesPerSecond = maxMessagesPerSecond;
    const bytesPerSecond = this.kbps * BYTES_PER_KBIT;
    const bucket = (perSecond: number, seconds: number, clock = now) =>
      new TokenBucket({ perSecond, capacity: perSecond * seconds, now: clock });
    this.#mediaBytes = bucket(bytesPerSecond, inputBurstSeconds, () => this.#mediaTime.elapsedMs);
    this.#messages = bucket(maxMessagesPerSecond, inputBurstSeconds);
    this.#readBytes = new Debt(bucket(bytesPerSecond, inputBacklogSeconds));
    const mediaMsPerSecond = MAX_CLOCK_SPEED * 1000;
    this.#aheadMs = new Debt(new TokenBucket({ perSecond: mediaMsPerSecond, capacity: MAX_AHEAD_MS, now }));
  }

  /** Counts received bytes, after the tags that they completed. Returns what is too much, if anything is. */
  countBytes(bytes: number): InputExcess | null {
    this.#readBytes.add(bytes);
    return this.#mediaBytes.take(bytes) ? null : 'bytes';
  }

  /** Counts a message of any type. */
  countMessage(): InputExcess | null {
    return this.#messages.take(1) ? null : 'messages';
  }

  /** Counts the time until an audio or video tag of this type. */
  countTag(type: number, timestampMs: number): InputExcess | null {
    this.#aheadMs.add(this.#mediaTime.advance(type, timestampMs));
    return this.#aheadMs.owed > MAX_AHEAD_MS ? 'media time' : null;
  }

  /** How many milliseconds to wait before more is read; 0 if none. */
  get waitMs(): number {
    return Math.ceil(Math.max(this.#readBytes.waitMs, this.#aheadMs.waitMs));
  }
}

/** What was taken before the tokens for it were there. */
class Debt {
  readonly #bucket: TokenBucket;
  owed = 0;

  constructor(bucket: TokenBucket) {
    this.#bucket = bucket;
  }

  add(count: number): void {
    this.owed += count;
    this.#pay();
  }

  get waitMs(): number {
    this.#pay();
    return this.#bucket.waitMs(this.owed);
  }

  #pay(): void {
    if (this.#bucket.take(this.owed)) this.owed = 0;
  }
}
