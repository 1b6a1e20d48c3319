import type { Logger } from 'pino';
import type { BroadcastEndReason, EmitEvent, RestartReason } from '#domain/events.ts';
import type { LadderName } from '#domain/ladders.ts';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { MediaRun, RunSink } from '#encoder/media/media-run.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { EpochRange, type ReservedEpochs } from './numbering.ts';
import { REQUESTED_ENDS } from './requested-ends.ts';

/** The stream that a publish feeds. */
export interface PublishedStream {
  /** Whether viewers have something to play. */
  readonly isLive: boolean;
  /** The publisher's source is known: FFmpeg is about to start on it. */
  onSource(ladder: LadderName, source: SourceDescription): void;
  /** Takes the output of a new run of FFmpeg. */
  beginRun(run: MediaRun): RunSink;
  onRestart(reason: RestartReason): void;
  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void;
}

export interface LivePublishOptions {
  readonly stream: PublishedStream;
  readonly publisher: Publisher;
  readonly reserved: ReservedEpochs;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** One publisher's time on a stream: its transcoder, and the reason for its end. */
export class LivePublish implements PublisherHandler {
  readonly #options: LivePublishOptions;
  readonly #transcoder: Transcoder;
  #endReason: BroadcastEndReason = 'publisher-left';

  constructor(options: LivePublishOptions) {
    const { stream, publisher, reserved, spawn, now, log } = options;
    this.#options = options;
    const epochs = new EpochRange(reserved, () =>
      this.#fail('encoder-failed', 'FFmpeg was restarted too often; connect again'),
    );
    this.#transcoder = new Transcoder({
      stream: publisher.stream,
      nextEpoch: () => epochs.take(),
      onSource: (source) => stream.onSource(publisher.stream.ladder, source),
      beginRun: (run) => stream.beginRun(run),
      onRestart: (reason) => stream.onRestart(reason),
      onFatal: (reason, description) => this.#fail(reason, description),
      spawn,
      now,
      log,
    });
  }

  /** Media seconds out per media second in, lately; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#transcoder.encoderSpeed;
  }

  onTag(tag: FlvTag, receivedAtMs: number): void {
    this.#transcoder.onTag(tag, receivedAtMs);
  }

  onClose(): void {
    this.#options.stream.onPublisherGone(this, this.#endReason);
  }

  isPlayable(): boolean {
    return this.#options.stream.isLive;
  }

  health(): StreamHealth {
    return this.#transcoder.health();
  }

  /** Ends the publish because somebody asked for that, or (null) because another connection publishes the stream now. */
  end(reason: EndReason | null): void {
    this.#endReason = reason ?? this.#endReason;
    const description = reason === null ? 'Published from another connection now' : REQUESTED_ENDS[reason].description;
    this.#options.publisher.end('NetStream.Publish.BadName', description);
  }

  /** Stops FFmpeg. Resolves when its last output has been delivered. Safe to call twice. */
  stop(): Promise<void> {
    return this.#transcoder.stop();
  }

  /** Ends the publish because of a failure. It counts as refused if nobody could watch yet. */
  #fail(reason: BroadcastEndReason, description: string): void {
    const { stream, publisher, emit } = this.#options;
    const code = 'NetStream.Publish.Rejected';
    this.#endReason = reason;
    // At once: the connection closes its handler later, and nothing may start until then.
    void this.#transcoder.stop();
    if (!stream.isLive) {
      const { streamId } = publisher.stream;
      emit({ type: 'stream.refused', streamId, code, description, sourceAddress: publisher.remoteAddress });
    }
    publisher.end(code, description);
  }
}
