import type { EmitEvent, FailoverReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';
import {
  type BroadcastEndReason,
  type EndReason,
  FAILOVER_MS,
  type IngestHealth,
  type PublishFailure,
  type StreamHealth,
} from '#domain/streams.ts';
import type { Departure, Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import { IngestSwitch } from './ingest-switch.ts';
import type { ReservedEpochs } from './numbering.ts';
import { isForgotten, REQUESTED_ENDS } from './requested-ends.ts';
import type { FeedingPublish, StreamEncoder } from './stream-encoder.ts';

/** How long a publish counts as contested after another encoder was refused. It is refused for as long. */
const CONTESTED_MS = 30_000;
const CONTESTED =
  'Another encoder publishes with this stream key and is refused; stop it, or give it the key of another stream ' +
  '(OBS: Settings > Stream > Stream Key)';

/** The stream that a publish feeds. */
export interface PublishedStream {
  readonly playbackId: string;
  /** Whether viewers have something to play. */
  readonly isLive: boolean;
  /** Viewers get the stream from its other publisher now. */
  onFailover(onAir: IngestName, reason: FailoverReason): void;
  /** The encoder for a publish that begins. */
  encoderFor(publish: LivePublish): StreamEncoder;
  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void;
}

/** Where a publish goes. */
export interface PublishTarget {
  readonly stream: PublishedStream;
  readonly reserved: ReservedEpochs;
  readonly recorder: FlightRecorder;
}

export interface LivePublishOptions extends PublishTarget {
  /** The first publisher. */
  readonly publisher: Publisher;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
}

/** The time from a stream's first publisher to its last: a primary one, a backup, or both. And the reason for its end. */
export class LivePublish implements FeedingPublish {
  readonly #options: LivePublishOptions;
  #target: PublishTarget;
  /** Null while the publish goes from one playback id to the other. */
  #encoder: StreamEncoder | null;
  readonly #publishers = new Map<IngestName, Publisher>();
  readonly #ingests: IngestSwitch;
  /** Takes the first publisher's tags. */
  readonly handler: PublisherHandler;
  /** Why this side has ended the publish. */
  #endReason: BroadcastEndReason | null = null;
  /** Why the last publisher has left. Null while there is one. */
  #departure: BroadcastEndReason | null = null;
  /** Milliseconds since 1970. */
  #contestedUntilMs = 0;

  constructor(options: LivePublishOptions) {
    this.#options = options;
    this.#target = options;
    this.#encoder = options.stream.encoderFor(this);
    this.#ingests = new IngestSwitch({
      failoverMs: options.publisher.stream.failoverMs ?? FAILOVER_MS.usual,
      feed: (tag, receivedAtMs) => {
        this.#target.recorder.onTag(tag, receivedAtMs);
        this.#encoder?.onTag(tag, receivedAtMs);
      },
      onSwitch: (onAir, reason) => {
        this.#encoder?.switchSource();
        this.#target.stream.onFailover(onAir, reason);
      },
      steadyNow: options.steadyNow,
    });
    this.handler = this.#add(options.publisher);
  }

  /** The first publisher. Its settings are those of the whole publish. */
  get publisher(): Publisher {
    return this.#options.publisher;
  }

  get reserved(): ReservedEpochs {
    return this.#target.reserved;
  }

  /** The publish's health now. Null while it goes from one playback id to the other. */
  health(): StreamHealth | null {
    if (this.#encoder === null) return null;
    const health = this.#encoder.health();
    const warnings = this.#isContested ? [CONTESTED, ...health.warnings] : health.warnings;
    this.#target.recorder.onWarnings(warnings);
    const ingest = this.#ingestHealth;
    return { ...health, warnings, ...(ingest === null ? {} : { ingest }) };
  }

  get #isContested(): boolean {
    return this.#contestedUntilMs > this.#options.now();
  }

  /** Null if the stream can only have one publisher. */
  get #ingestHealth(): IngestHealth | null {
    const { onAir } = this.#ingests;
    if (onAir === null || this.publisher.stream.ingest === undefined) return null;
    const standby = onAir === 'primary' ? 'backup' : 'primary';
    return { onAir, standby: this.#ingests.has(standby) ? standby : null };
  }

  /** Takes a publisher. Null if the one of its ingest is still there. */
  join(publisher: Publisher): PublisherHandler | null {
    return this.#publishers.has(ingestOf(publisher)) ? null : this.#add(publisher);
  }

  /** The stream has ended for those who had the publish. Until it goes on elsewhere, nobody gets what its publishers send. */
  letGo(reason: BroadcastEndReason): void {
    for (const publisher of this.#publishers.values()) this.#target.recorder.onPublisherGone(publisher, reason);
    this.#encoder = null;
    this.#endReason = null;
  }

  /** Goes on elsewhere, with what the publishers send from now on. */
  goOn(target: PublishTarget): void {
    this.#target = target;
    this.#encoder = target.stream.encoderFor(this);
    for (const publisher of this.#publishers.values()) target.recorder.onPublish(publisher);
    this.#ingests.restart();
    // The last publisher may have left on the way.
    if (this.#departure !== null) target.stream.onPublisherGone(this, this.#departure);
  }

  /** Ends the publish, which can't go on elsewhere. */
  fail(): void {
    const description = 'The server failed to go on with the stream; try again';
    for (const publisher of this.#publishers.values()) publisher.end('NetStream.Publish.Rejected', description);
  }

  /** Somebody asked for the end of the publish, which comes soon. */
  expectEnd(reason: EndReason): void {
    this.#endReason = reason;
  }

  /** Ends the publish because somebody asked for that, or (null) because another connection publishes the stream now. */
  end(reason: EndReason | null): void {
    this.#endReason = reason ?? this.#endReason;
    const description = reason === null ? 'Published from another connection now' : REQUESTED_ENDS[reason].description;
    for (const publisher of this.#publishers.values()) publisher.end('NetStream.Publish.BadName', description);
  }

  /** Ends the publish because of a failure. It counts as refused if nobody could watch yet. */
  onFatal(reason: PublishFailure, description: string): void {
    const { emit } = this.#options;
    const { stream } = this.#target;
    const { playbackId } = stream;
    const code = 'NetStream.Publish.Rejected';
    // Somebody may have asked for the end before.
    this.#endReason ??= reason;
    // At once: the connection closes its handler later, and nothing may start until then.
    void this.#encoder?.stop();
    for (const publisher of this.#publishers.values()) {
      const { streamId } = publisher.stream;
      const ended = { streamId, description, sourceAddress: publisher.remoteAddress };
      if (stream.isLive) emit({ type: 'stream.publish-ended', playbackId, reason, ...ended });
      else emit({ type: 'stream.refused', code, ...ended });
      publisher.end(code, description);
    }
  }

  #add(publisher: Publisher): PublisherHandler {
    const name = ingestOf(publisher);
    this.#publishers.set(name, publisher);
    this.#target.recorder.onPublish(publisher);
    this.#ingests.connect(name);
    return {
      onTag: (tag, receivedAtMs) => this.#ingests.onTag(name, tag, receivedAtMs),
      onClose: (departure) => this.#leave(publisher, departure),
      isPlayable: () => this.#target.stream.isLive,
      onContested: (refusedAddress) => this.#onContested(publisher, refusedAddress),
    };
  }

  /** One event for a contest, however often the other encoder tries. */
  #onContested({ stream, remoteAddress: sourceAddress }: Publisher, refusedAddress: string): void {
    const { emit, now } = this.#options;
    const { streamId } = stream;
    const { playbackId } = this.#target.stream;
    if (!this.#isContested) emit({ type: 'stream.contested', streamId, playbackId, sourceAddress, refusedAddress });
    this.#contestedUntilMs = now() + CONTESTED_MS;
  }

  #leave(publisher: Publisher, departure: Departure): void {
    const { stream, recorder } = this.#target;
    const name = ingestOf(publisher);
    const reason = this.#endReason ?? `publisher-${departure}`;
    recorder.onPublisherGone(publisher, reason);
    this.#publishers.delete(name);
    this.#ingests.disconnect(name);
    if (this.#publishers.size > 0) return;
    this.#departure = reason;
    // Nothing of a stream that was deleted or taken down is stored.
    if (!isForgotten(reason)) void recorder.save(null);
    stream.onPublisherGone(this, reason);
  }
}

const ingestOf = ({ stream }: Publisher): IngestName => stream.ingest ?? 'primary';
