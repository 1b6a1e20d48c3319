import type { Logger } from 'pino';
import type { BroadcastEndReason, EmitEvent, RestartReason } from '#domain/events.ts';
import type { EndReason, StreamHealth } from '#domain/streams.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { MediaRun, RunFormat, RunSink } from '#encoder/media/media-run.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { QualityStep } from '#encoder/transcode/quality-steps.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { Transcoder } from '#encoder/transcode/transcoder.ts';
import { EpochRange, type ReservedEpochs } from './numbering.ts';
import { REQUESTED_ENDS } from './requested-ends.ts';

/** The stream that a publish feeds. */
export interface PublishedStream {
  /** Whether viewers have something to play. */
  readonly isLive: boolean;
  /** How many quality steps down the stream is. */
  readonly qualityLevel: number;
  /** Whether viewers' players can continue with such a run. */
  fits(format: RunFormat): boolean;
  /** A run is about to start that takes so many vCPUs of the task. */
  onCost(vCpus: number): void;
  /** Takes the output of a new run of FFmpeg. */
  beginRun(run: MediaRun): RunSink;
  onRestart(reason: RestartReason): void;
  onQualityStep(step: QualityStep): void;
  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void;
}

export interface LivePublishOptions {
  readonly stream: PublishedStream;
  readonly publisher: Publisher;
  readonly reserved: ReservedEpochs;
  readonly arbiter: StepArbiter;
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
    const { stream, publisher, reserved, arbiter, spawn, now, log } = options;
    this.#options = options;
    const epochs = new EpochRange(reserved, () =>
      this.#fail('encoder-failed', 'FFmpeg was restarted too often; connect again'),
    );
    this.#transcoder = new Transcoder({
      stream: publisher.stream,
      nextEpoch: () => epochs.take(),
      onCost: (vCpus) => stream.onCost(vCpus),
      beginRun: (run) => stream.beginRun(run),
      fits: (format) => stream.fits(format),
      onRestart: (reason) => stream.onRestart(reason),
      arbiter,
      firstLevel: stream.qualityLevel,
      onQualityStep: (step) => stream.onQualityStep(step),
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

  /** Whether viewers get less than the ladder and the source allow, because FFmpeg did not keep up. */
  get isReduced(): boolean {
    return this.#transcoder.isReduced;
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
