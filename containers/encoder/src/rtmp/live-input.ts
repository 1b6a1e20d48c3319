import type { Logger } from 'pino';
import type { InputExcess, InputLimit } from '#encoder/guard/input-limit.ts';
import { type EnhancedFourCc, undecodableCodec } from '#encoder/media/enhanced-codecs.ts';
import { type FlvTag, SCRIPT_TAG } from '#encoder/media/flv-tag.ts';
import type { PublisherHandler } from './publisher.ts';

export interface LiveInputOptions {
  readonly handler: PublisherHandler;
  /** The Enhanced RTMP codecs that FFmpeg can decode. */
  readonly enhancedCodecs: ReadonlySet<EnhancedFourCc>;
  readonly limit: InputLimit;
  /** Called with words for the broadcaster when the publish can't go on. */
  readonly onUnacceptable: (description: string) => void;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** How soon it is looked again whether a handler takes more. */
const CROWDED_WAIT_MS = 10;

/** Checks a live publisher's media and passes it to the handler. */
export class LiveInput {
  readonly #options: LiveInputOptions;
  #lastTagAtMs: number | null = null;

  constructor(options: LiveInputOptions) {
    this.#options = options;
  }

  /** When the latest tag came, in milliseconds since 1970. Null before the first one. */
  get lastTagAtMs(): number | null {
    return this.#lastTagAtMs;
  }

  /** Another encoder wants the stream, and was refused. */
  onContested(refusedAddress: string): void {
    this.#options.handler.onContested(refusedAddress);
  }

  /** Whether viewers have something to play. */
  isPlayable(): boolean {
    return this.#options.handler.isPlayable();
  }

  /** How many milliseconds to wait before more is read; 0 if none. */
  get waitMs(): number {
    const { handler, limit } = this.#options;
    return Math.max(limit.waitMs, handler.isCrowded?.() ? CROWDED_WAIT_MS : 0);
  }

  /** Passes a tag on. */
  receive(tag: FlvTag): void {
    const { handler, enhancedCodecs, limit, onUnacceptable, now, log } = this.#options;
    if (tag.type !== SCRIPT_TAG && this.#refuseExcess(limit.countTag(tag.type, tag.timestampMs))) return;
    const codec = undecodableCodec(tag, enhancedCodecs);
    if (codec !== null) {
      onUnacceptable(`This server cannot decode ${codec}; send H.264 and AAC`);
      return;
    }
    try {
      this.#lastTagAtMs = now();
      handler.onTag(tag, this.#lastTagAtMs);
    } catch (error) {
      log.error({ err: error }, 'publisher handler failed');
      onUnacceptable('The server failed to process the stream; try again');
    }
  }

  /** Counts received bytes. */
  countBytes(bytes: number): void {
    this.#refuseExcess(this.#options.limit.countBytes(bytes));
  }

  /** Counts a message of any type, since even a short one costs work. */
  countMessage(): void {
    this.#refuseExcess(this.#options.limit.countMessage());
  }

  /** Returns whether there is an excess. */
  #refuseExcess(excess: InputExcess | null): boolean {
    if (excess === null) return false;
    this.#options.onUnacceptable(describeExcess(excess, this.#options.limit));
    return true;
  }
}

function describeExcess(excess: InputExcess, { kbps, messagesPerSecond }: InputLimit): string {
  switch (excess) {
    case 'bytes':
      return `The bitrate is above ${kbps / 1000} Mbit/s for too long; lower it in your streaming software`;
    case 'messages':
      return `More than ${messagesPerSecond} messages a second came for too long; normal audio and video never need as many`;
    case 'media time':
      return 'The timestamps run ahead of real time; send media as it is captured';
  }
}
