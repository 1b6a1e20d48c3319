import type { Logger } from 'pino';
import type { EmitEvent, FailoverReason } from '#domain/events.ts';
import type { AuthorisedStream, IngestName } from '#domain/ingest-auth.ts';
import type { BroadcastEndReason, EndReason, StreamHealth } from '#domain/streams.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { BegunPublish } from '#runtime/live-publishes.ts';
import type { Broadcast } from './broadcast.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import { LivePublish, type PublishedStream, type PublishTarget } from './live-publish.ts';
import { endsPlaylists, isForgotten } from './requested-ends.ts';
import type { StreamEncoder } from './stream-encoder.ts';
import type { StreamEncoders } from './stream-encoders.ts';
import type { StreamEnd } from './stream-end.ts';
import type { StreamHold } from './stream-hold.ts';
import type { StreamMedia } from './stream-media.ts';

export interface StreamPublishesOptions {
  readonly playbackId: string;
  readonly hold: StreamHold;
  readonly media: StreamMedia;
  readonly encoders: StreamEncoders;
  readonly broadcast: Broadcast;
  readonly recorder: FlightRecorder;
  readonly end: StreamEnd;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** Whether publishers who leave are expected on other tasks. */
  readonly isDraining: () => boolean;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  readonly log: Logger;
}

/** A stream's publishes, one after the other: what each begins, and what its end means for the stream. */
export class StreamPublishes implements PublishedStream {
  readonly #options: StreamPublishesOptions;
  #current: LivePublish | null = null;
  #isClosed = false;

  constructor(options: StreamPublishesOptions) {
    this.#options = options;
  }

  /** Whether somebody publishes. */
  get hasPublisher(): boolean {
    return this.#current !== null;
  }

  /** The encoder that somebody feeds; null while nobody publishes. */
  get encoder(): StreamEncoder | null {
    return this.#current === null ? null : this.#options.encoders.current;
  }

  get playbackId(): string {
    return this.#options.playbackId;
  }

  /** The publish that goes on. Null while nobody publishes. */
  get current(): LivePublish | null {
    return this.#current;
  }

  get isLive(): boolean {
    return this.#options.broadcast.isLive;
  }

  /** Null while nobody publishes. */
  health(): StreamHealth | null {
    return this.#current?.health() ?? null;
  }

  /**
   * Takes the publisher of the stream's other ingest, beside the one on air. Null if nobody publishes, or if this is no other
   * ingest.
   */
  join(publisher: Publisher): PublisherHandler | null {
    const { playbackId, hold } = this.#options;
    const { stream } = publisher;
    const isOurs = [stream.playbackId, stream.onAirPlaybackId].includes(playbackId);
    if (hold.isFenced || this.#isClosed || !isOurs) return null;
    return this.#current?.join(publisher) ?? null;
  }

  /** Starts a publish that the store has begun. The handler of the one before it must be closed. */
  start(publisher: Publisher, begun: BegunPublish): PublisherHandler {
    this.#prepare(publisher.stream, begun);
    const publish = new LivePublish({ ...this.#options, ...this.#targetOf(begun), publisher });
    this.#current = publish;
    return publish.handler;
  }

  /** Goes on with the publish of the stream's other playback id, with what its publishers send from now on. */
  goOnWith(publish: LivePublish, begun: BegunPublish): void {
    this.#prepare(publish.publisher.stream, begun);
    this.#current = publish;
    publish.goOn(this.#targetOf(begun));
  }

  #targetOf({ firstEpoch: first, epoch }: BegunPublish): PublishTarget {
    return { stream: this, reserved: { first, count: epoch - first + 1 }, recorder: this.#options.recorder };
  }

  #prepare(stream: AuthorisedStream, begun: BegunPublish): void {
    const { media, encoders, broadcast, end } = this.#options;
    end.endIfRequested();
    // The publisher came back before this task heard of the stop. It begins another broadcast.
    if (begun.isFormerStopped && this.isLive && !media.hasEnded) end.endNow('stopped');
    end.callOff();
    broadcast.onPublisher();
    if (media.hasEnded) encoders.resetQuality();
    media.onPublish(stream);
  }

  /** The publish goes on under the stream's other playback id, so that this is the end here. */
  letGo(publish: LivePublish, reason: BroadcastEndReason): void {
    this.#current = null;
    publish.letGo(reason);
    this.#options.broadcast.onPublisherGone(reason);
  }

  /** Viewers get the rest of the segment that has begun, and then nothing more. Resolves when the publish is not needed for that. */
  async untilOffAir(publish: LivePublish): Promise<void> {
    publish.expectEnd('stopped');
    await this.#options.media.untilLastSegment();
  }

  encoderFor(publish: LivePublish): StreamEncoder {
    return this.#options.encoders.startFor(publish);
  }

  onFailover(onAir: IngestName, reason: FailoverReason): void {
    this.#options.log.warn({ onAir, reason }, 'the other publisher is on air');
    this.#options.broadcast.onFailover(onAir, reason);
  }

  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void {
    const { hold, media, encoders, broadcast, end, reconnectWindowMs, isDraining } = this.#options;
    if (this.#current !== publish) return;
    this.#current = null;
    media.recheckArrivals();
    if (hold.isFenced || this.#isClosed) {
      void encoders.stop();
      return;
    }
    broadcast.onPublisherGone(reason);
    if (endsPlaylists(reason)) {
      end.endAfterPublish(reason);
    } else {
      // Viewers get the last of a publisher who is expected elsewhere at once.
      if (isDraining()) void encoders.stop();
      else encoders.wait();
      end.endIn(reconnectWindowMs, reason);
    }
    hold.publisherLeft();
  }

  /** Somebody asked for the end of the publish, or of the wait for one. */
  endOnRequest(reason: EndReason): void {
    const { media, end } = this.#options;
    if (isForgotten(reason)) this.#forgetOnRequest(reason);
    else if (this.#current !== null) this.#endPublish(this.#current, reason);
    else if (endsPlaylists(reason) && !media.hasEnded) end.endOnRequest(reason);
  }

  /** Another task has the stream. Its publisher here, if there is one, has been replaced. */
  fence(): void {
    if (this.#current === null) void this.#options.encoders.stop();
    this.#current?.end(null);
  }

  /** The stream ends with its task, whoever publishes. */
  close(): void {
    this.#isClosed = true;
  }

  /** If viewers see the end at once, the publisher is needed until there is the last segment. */
  #endPublish(publish: LivePublish, reason: EndReason): void {
    publish.expectEnd(reason);
    const end = (): void => {
      if (this.#current === publish) publish.end(reason);
    };
    const lastSegment = endsPlaylists(reason) ? this.#options.media.untilLastSegment() : null;
    if (lastSegment === null) end();
    else void lastSegment.then(end);
  }

  /** Does not wait for the publisher to leave: a broadcaster that is slow to hear must not keep the stream in view. */
  #forgetOnRequest(reason: EndReason): void {
    const { media, broadcast, end } = this.#options;
    const publish = this.#current;
    publish?.end(reason);
    this.#current = null;
    if (publish !== null) broadcast.onPublisherGone(reason);
    if (media.hasEnded) end.forgetNow();
    else end.endNow(reason);
  }
}
