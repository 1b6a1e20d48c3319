import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { RestartReason } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { PublishFailure, StreamHealth } from '#domain/streams.ts';
import { DEFAULT_CODECS } from '#domain/video-codecs.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { MediaRun, RunFormat, RunSink } from '#encoder/media/media-run.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { QualityStep } from '#encoder/transcode/quality-steps.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { type RunTrace, Transcoder } from '#encoder/transcode/transcoder.ts';
import { EpochRange, type ReservedEpochs } from './numbering.ts';

/** What takes an encoder's output. */
export interface EncodedMedia {
  /** Whether viewers' players can continue with such a run. */
  fits(format: RunFormat): boolean;
  /** Takes the output of a new run of FFmpeg. */
  beginRun(run: MediaRun): RunSink;
}

export interface StreamEncoderOptions {
  /** What is published. Its ladder, codecs and latency decide what is made of it. */
  readonly published: AuthorisedStream;
  readonly media: EncodedMedia;
  /** How many quality steps down the encoder begins. */
  readonly firstLevel: number;
  /** A run is about to start that takes so many vCPUs of the task. */
  readonly onCost: (vCpus: number) => void;
  readonly onRestart: (reason: RestartReason) => void;
  readonly onQualityStep: (step: QualityStep) => void;
  readonly arbiter: StepArbiter;
  /** @default nobody hears of runs */
  readonly trace?: RunTrace;
  readonly spawn: SpawnProcess;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  readonly log: Logger;
}

/** A publish that feeds an encoder. */
export interface FeedingPublish {
  readonly reserved: ReservedEpochs;
  /** The encoder has given up, and nothing runs any more. `description` is for the broadcaster. */
  onFatal(reason: PublishFailure, description: string): void;
}

/**
 * The encoder of a stream's publishers, one after the other. While there is none, its FFmpeg waits: a publisher that comes back
 * finds it running.
 */
export class StreamEncoder {
  readonly #options: StreamEncoderOptions;
  readonly #transcoder: Transcoder;
  #publish: FeedingPublish;
  #epochs: EpochRange;

  constructor(options: StreamEncoderOptions, publish: FeedingPublish) {
    const { published, media, firstLevel, onCost, onRestart, onQualityStep, arbiter, spawn, log } = options;
    this.#options = options;
    this.#publish = publish;
    this.#epochs = this.#epochsOf(publish);
    this.#transcoder = new Transcoder({
      stream: published,
      nextEpoch: () => this.#epochs.take(),
      beginRun: (run) => media.beginRun(run),
      fits: (format) => media.fits(format),
      onFatal: (reason, description) => this.#publish.onFatal(reason, description),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
      ...{ firstLevel, onCost, onRestart, onQualityStep, arbiter, spawn, log },
      now: options.steadyNow,
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

  health(): StreamHealth {
    return this.#transcoder.health();
  }

  /** Whether a publisher who wants this can go on with the FFmpeg that runs. */
  canGoOnWith(stream: AuthorisedStream): boolean {
    return this.#transcoder.canGoOn && isDeepStrictEqual(wantedOf(stream), wantedOf(this.#options.published));
  }

  /** Goes on with the next publish of the stream. The one before has paused. */
  goOn(publish: FeedingPublish): void {
    this.#publish = publish;
    this.#epochs = this.#epochsOf(publish);
    this.#transcoder.resume();
  }

  /** The tags that follow are of another publisher of the same publish. */
  switchSource(): void {
    this.#transcoder.resume();
  }

  onTag(tag: FlvTag, receivedAtMs: number): void {
    this.#transcoder.onTag(tag, receivedAtMs);
  }

  /** The publisher has left, and may come back. */
  pause(): void {
    this.#transcoder.pause();
  }

  /** An epoch that no run has, below those of all later publishes. Throws if the last publish has none left. */
  takeEpoch(): number {
    return this.#epochs.take();
  }

  /** Ends FFmpeg. Resolves when its last output has been delivered. Safe to call twice. */
  stop(): Promise<void> {
    return this.#transcoder.stop();
  }

  #epochsOf({ reserved }: FeedingPublish): EpochRange {
    return new EpochRange(reserved, () =>
      this.#publish.onFatal('encoder-failed', 'FFmpeg was restarted too often; connect again'),
    );
  }
}

/** What decides which renditions are made of a source. */
const wantedOf = ({ ladder, latency, codecs = DEFAULT_CODECS }: AuthorisedStream) => ({ ladder, latency, codecs });
