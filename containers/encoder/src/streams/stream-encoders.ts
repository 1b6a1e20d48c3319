import type { Logger } from 'pino';
import type { SlateMaker } from '#encoder/slate/slate-maker.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import type { RunTrace } from '#encoder/transcode/transcoder.ts';
import type { Broadcast } from './broadcast.ts';
import type { LivePublish } from './live-publish.ts';
import { StreamEncoder } from './stream-encoder.ts';
import type { StreamMedia } from './stream-media.ts';
import { StreamSlate } from './stream-slate.ts';

export interface StreamEncodersOptions {
  /** How many quality steps down the stream begins. */
  readonly qualityLevel: number;
  readonly media: StreamMedia;
  readonly broadcast: Broadcast;
  /** A run is about to start that takes so much of the task's CPU. */
  readonly onCost: (vCpus: number) => void;
  readonly arbiter: StepArbiter;
  /** Null if streams wait for their publishers without a slate. */
  readonly slates: SlateMaker | null;
  readonly trace: RunTrace;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  readonly log: Logger;
}

/** An encoder below this speed does not keep up. */
const KEEPING_UP = 0.97;

/** A stream's encoders: the one that runs or waits for a publisher, those before it that are stopping, and the slate. */
export class StreamEncoders {
  readonly #options: StreamEncodersOptions;
  #current: StreamEncoder | null = null;
  readonly #stopping = new Set<Promise<void>>();
  #qualityLevel: number;
  readonly #slate: StreamSlate | null;

  constructor(options: StreamEncodersOptions) {
    const { slates: maker, media, now, steadyNow, log } = options;
    this.#options = options;
    const hasTime = (): boolean => (this.#current?.encoderSpeed ?? 0) >= KEEPING_UP;
    this.#slate = maker === null ? null : new StreamSlate({ ...{ maker, media, now, steadyNow, log }, hasTime });
    this.#qualityLevel = options.qualityLevel;
  }

  /** Runs while somebody publishes, and waits while somebody may come back. Null otherwise. */
  get current(): StreamEncoder | null {
    return this.#current;
  }

  /** Whether viewers get media from here, or may yet get the last of it. */
  get haveMedia(): boolean {
    return this.#current !== null || this.#slate?.isShown === true;
  }

  /** How many quality steps down the stream is. A publisher that comes back goes on there. */
  get qualityLevel(): number {
    return this.#qualityLevel;
  }

  /** The next encoder begins with full quality. */
  resetQuality(): void {
    this.#qualityLevel = 0;
  }

  /** The encoder for a publish that begins: the one that waits if it can go on with it, or a new one. */
  startFor(publish: LivePublish): StreamEncoder {
    const { stream } = publish.publisher;
    const former = this.#current;
    this.#slate?.onPublisher();
    if (former?.canGoOnWith(stream)) {
      former.goOn(publish);
      return former;
    }
    void this.#stopCurrent();
    const { media, broadcast } = this.#options;
    this.#current = new StreamEncoder(
      {
        ...this.#options,
        published: stream,
        media: this.#slate?.mediaFor(stream) ?? media,
        firstLevel: this.#qualityLevel,
        onRestart: (reason) => broadcast.onRestart(reason),
        onQualityStep: (step) => {
          this.#qualityLevel = step.level;
          broadcast.onQualityStep(step);
        },
      },
      publish,
    );
    return this.#current;
  }

  /** The publisher has left, and may come back. Until then, viewers get the slate, or what they have. */
  wait(): void {
    const encoder = this.#current;
    if (encoder === null) return;
    encoder.pause();
    const stop = (): Promise<void> => (this.#current === encoder ? this.#stopCurrent() : Promise.resolve());
    void this.#slate?.show({ stop, takeEpoch: () => encoder.takeEpoch() });
  }

  /** Ends the slate. Resolves when the current encoder has delivered its last output. Never rejects. */
  stop(): Promise<void> {
    this.#slate?.end();
    return this.#stopCurrent();
  }

  #stopCurrent(): Promise<void> {
    const encoder = this.#current;
    this.#current = null;
    if (encoder === null) return Promise.resolve();
    const stopped = encoder
      .stop()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'encoder not stopped in order'))
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
    return stopped;
  }

  /** Resolves when no process is left, nor one of an encoder before the current one. Never rejects. */
  async stopAll(): Promise<void> {
    void this.stop();
    await Promise.all(this.#stopping);
  }
}
