import type { BroadcastEndReason, EmitEvent, PublishFailure } from '#domain/events.ts';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import type { ReservedEpochs } from './numbering.ts';
import { isForgotten, REQUESTED_ENDS } from './requested-ends.ts';
import type { FeedingPublish, StreamEncoder } from './stream-encoder.ts';

/** How long a publish counts as contested after another encoder was refused. It is refused for as long. */
const CONTESTED_MS = 30_000;
const CONTESTED =
  'another encoder publishes with this stream key and is refused; stop it, or give it a stream of its own';

/** The stream that a publish feeds. */
export interface PublishedStream {
  /** Whether viewers have something to play. */
  readonly isLive: boolean;
  /** The encoder for a publish that begins. */
  encoderFor(publish: LivePublish): StreamEncoder;
  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void;
}

export interface LivePublishOptions {
  readonly stream: PublishedStream;
  readonly publisher: Publisher;
  readonly reserved: ReservedEpochs;
  readonly recorder: FlightRecorder;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One publisher's time on a stream, and the reason for its end. */
export class LivePublish implements PublisherHandler, FeedingPublish {
  readonly #options: LivePublishOptions;
  readonly #encoder: StreamEncoder;
  #endReason: BroadcastEndReason = 'publisher-left';
  /** Milliseconds since 1970. */
  #contestedUntilMs = 0;

  constructor(options: LivePublishOptions) {
    this.#options = options;
    options.recorder.onPublish(options.publisher);
    this.#encoder = options.stream.encoderFor(this);
  }

  get publisher(): Publisher {
    return this.#options.publisher;
  }

  get reserved(): ReservedEpochs {
    return this.#options.reserved;
  }

  onTag(tag: FlvTag, receivedAtMs: number): void {
    this.#options.recorder.onTag(tag, receivedAtMs);
    this.#encoder.onTag(tag, receivedAtMs);
  }

  /** One event for a contest, however often the other encoder tries. */
  onContested(refusedAddress: string): void {
    const { publisher, emit, now } = this.#options;
    const { streamId, playbackId } = publisher.stream;
    if (!this.#isContested)
      emit({ type: 'stream.contested', streamId, playbackId, sourceAddress: publisher.remoteAddress, refusedAddress });
    this.#contestedUntilMs = now() + CONTESTED_MS;
  }

  /** The publish's health now. */
  health(): StreamHealth {
    const health = this.#encoder.health();
    const warnings = this.#isContested ? [CONTESTED, ...health.warnings] : health.warnings;
    this.#options.recorder.onWarnings(warnings);
    return { ...health, warnings };
  }

  get #isContested(): boolean {
    return this.#contestedUntilMs > this.#options.now();
  }

  onClose(): void {
    const { stream, recorder } = this.#options;
    recorder.onPublisherGone(this.#endReason);
    // Nothing of a stream that was deleted or taken down is stored.
    if (!isForgotten(this.#endReason)) void recorder.save(null);
    stream.onPublisherGone(this, this.#endReason);
  }

  isPlayable(): boolean {
    return this.#options.stream.isLive;
  }

  /** Ends the publish because somebody asked for that, or (null) because another connection publishes the stream now. */
  end(reason: EndReason | null): void {
    this.#endReason = reason ?? this.#endReason;
    const description = reason === null ? 'Published from another connection now' : REQUESTED_ENDS[reason].description;
    this.publisher.end('NetStream.Publish.BadName', description);
  }

  /** Ends the publish because of a failure. It counts as refused if nobody could watch yet. */
  onFatal(reason: PublishFailure, description: string): void {
    const { stream, publisher, emit } = this.#options;
    const code = 'NetStream.Publish.Rejected';
    this.#endReason = reason;
    // At once: the connection closes its handler later, and nothing may start until then.
    void this.#encoder.stop();
    const { streamId, playbackId } = publisher.stream;
    const ended = { streamId, description, sourceAddress: publisher.remoteAddress };
    if (stream.isLive) emit({ type: 'stream.publish-ended', playbackId, reason, ...ended });
    else emit({ type: 'stream.refused', code, ...ended });
    publisher.end(code, description);
  }
}
