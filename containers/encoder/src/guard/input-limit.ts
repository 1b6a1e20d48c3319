import { TokenBucket } from '#domain/token-bucket.ts';
import type { RtmpLimits } from './rtmp-limits.ts';

/** 1 kbit is 125 bytes. */
const BYTES_PER_KBIT = 125;

/** Tells whether a live publisher sends too much for too long, in bytes or in messages. Even a short message costs work. */
export class InputLimit {
  /** Sustained limit in kbit/s. */
  readonly kbps: number;
  readonly messagesPerSecond: number;
  readonly #bytes: TokenBucket;
  readonly #messages: TokenBucket;

  /** `maxKbps` is the stream's own limit; `minInputLimitKbps` applies if it is higher. `now`: milliseconds since 1970. */
  constructor(
    maxKbps: number,
    limits: Pick<RtmpLimits, 'minInputLimitKbps' | 'inputBurstSeconds' | 'maxMessagesPerSecond'>,
    now: () => number,
  ) {
    const bucket = (perSecond: number) =>
      new TokenBucket({ perSecond, capacity: perSecond * limits.inputBurstSeconds, now });
    this.kbps = Math.max(maxKbps, limits.minInputLimitKbps);
    this.messagesPerSecond = limits.maxMessagesPerSecond;
    this.#bytes = bucket(this.kbps * BYTES_PER_KBIT);
    this.#messages = bucket(this.messagesPerSecond);
  }

  /** Counts received bytes; false if they are too many. */
  takeBytes(bytes: number): boolean {
    return this.#bytes.take(bytes);
  }

  /** Counts a message; false if there are too many. */
  takeMessage(): boolean {
    return this.#messages.take(1);
  }
}
