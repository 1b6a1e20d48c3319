import type { Logger } from 'pino';
import type { InputLimit } from '#encoder/guard/input-limit.ts';
import { type EnhancedFourCc, undecodableCodec } from '#encoder/media/enhanced-codecs.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
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

  /** Passes a tag on. */
  receive(tag: FlvTag): void {
    const { handler, enhancedCodecs, onUnacceptable, now, log } = this.#options;
    const codec = undecodableCodec(tag, enhancedCodecs);
    if (codec !== null) {
      onUnacceptable(`This server cannot decode ${codec}; send H.264`);
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
    const { limit, onUnacceptable } = this.#options;
    if (limit.takeBytes(bytes)) return;
    onUnacceptable(
      `The bitrate is above ${limit.kbps / 1000} Mbit/s for too long; lower it in your streaming software`,
    );
  }

  /** Counts a message of any type, since even a short one costs work. */
  countMessage(): void {
    const { limit, onUnacceptable } = this.#options;
    if (limit.takeMessage()) return;
    onUnacceptable(
      `More than ${limit.messagesPerSecond} messages a second came for too long; normal audio and video never need as many`,
    );
  }
}
