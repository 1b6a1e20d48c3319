import type { RtmpLimits } from './rtmp-limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** 1 kbit is 125 bytes. */
const BYTES_PER_KBIT = 125;

/** Whether a publisher sends more than is of use, lastingly: in bytes, or in messages, each of which costs work however short it is. */
export class InputLimit {
  /** What may be sent all the time, in kbit/s. */
  readonly kbps: number;
  readonly messagesPerSecond: number;
  readonly #bytes: TokenBucket;
  readonly #messages: TokenBucket;

  /** `maxKbps` is the stream's own limit, which counts where it is above the floor. `now`: milliseconds since 1970. */
  constructor(
    maxKbps: number,
    limits: Pick<RtmpLimits, 'minInputLimitKbps' | 'inputBurstSeconds' | 'maxMessagesPerSecond'>,
    now: () => number,
  ) {
    this.kbps = Math.max(maxKbps, limits.minInputLimitKbps);
    this.messagesPerSecond = limits.maxMessagesPerSecond;
    this.#bytes = new TokenBucket(this.kbps * BYTES_PER_KBIT, limits.inputBurstSeconds, now);
    this.#messages = new TokenBucket(this.messagesPerSecond, limits.inputBurstSeconds, now);
  }

  /** Counts what was received; false once that is too much. */
  takeBytes(bytes: number): boolean {
    return this.#bytes.take(bytes);
  }

  /** Counts a message; false once there are too many. */
  takeMessage(): boolean {
    return this.#messages.take(1);
  }
}
