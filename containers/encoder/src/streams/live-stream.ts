import type { Logger } from 'pino';
import type { BroadcastEndReason, EmitEvent, RestartReason } from '#domain/events.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { MediaRun, RunFormat, RunSink } from '#encoder/media/media-run.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import type { Publisher } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { QualityStep } from '#encoder/transcode/quality-steps.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { Broadcast } from './broadcast.ts';
import { LivePublish, type PublishedStream } from './live-publish.ts';
import { clockMediaSequence, type ReservedEpochs } from './numbering.ts';
import { endsPlaylists } from './requested-ends.ts';

/** How long an ended stream is kept, so that players that lag can still load its end. */
const KEEP_ENDED_MS = 60_000;

export interface LiveStreamOptions {
  readonly streamId: string;
  readonly playbackId: string;
  readonly latency: LatencyName;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** Called when the stream has ended and no player needs it any more. */
  readonly onGone: () => void;
  readonly arbiter: StepArbiter;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A stream on this task: its successive publishers, and the package that viewers watch. */
export class LiveStream implements PublishedStream {
  readonly #options: LiveStreamOptions;
  readonly #broadcast: Broadcast;
  #latency: LatencyName;
  #package: StreamPackage;
  #qualityLevel = 0;
  #publish: LivePublish | null = null;
  readonly #stopping = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#broadcast = new Broadcast(options);
    this.#latency = options.latency;
    this.#package = this.#newPackage(0);
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  /** What viewers get. */
  get currentPackage(): StreamPackage {
    return this.#package;
  }

  /**
   * Whether the stream holds one of its task's slots. True until its playlists have ended. That includes the reconnect window, so
   * that a broadcaster who comes back finds room.
   */
  get holdsSlot(): boolean {
    return !this.#package.ended;
  }

  /** Whether viewers have something to play. Stays true during the reconnect window. */
  get isLive(): boolean {
    return this.#broadcast.isLive;
  }

  /** Media seconds out per media second in, lately; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#publish?.encoderSpeed ?? null;
  }

  /** Whether viewers get less than the ladder and the source allow, because FFmpeg did not keep up. */
  get isReduced(): boolean {
    return this.#publish?.isReduced ?? false;
  }

  /** How many quality steps down the stream is. A publisher that comes back goes on there. */
  get qualityLevel(): number {
    return this.#qualityLevel;
  }

  /** Starts a publish. The handler of the one before it must be closed. */
  publish(publisher: Publisher, reserved: ReservedEpochs, log: Logger): LivePublish {
    this.#clearTimer();
    this.#broadcast.onPublisher();
    if (this.#package.ended) this.#qualityLevel = 0;
    if (this.#package.ended || publisher.stream.latency !== this.#latency) {
      this.#latency = publisher.stream.latency;
      this.#replacePackage();
    }
    const { arbiter, emit, spawn, now } = this.#options;
    this.#publish = new LivePublish({ stream: this, publisher, reserved, arbiter, emit, spawn, now, log });
    return this.#publish;
  }

  fits(format: RunFormat): boolean {
    return this.#package.fits(format);
  }

  beginRun(run: MediaRun): RunSink {
    if (!this.#package.fits(run)) this.#replacePackage();
    const current = this.#package;
    const sink = current.beginRun(run);
    return {
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        if (current.playableRun !== null && !current.ended) this.#broadcast.onPlayable();
        return frames;
      },
      end: () => sink.end(),
    };
  }

  onRestart(reason: RestartReason): void {
    this.#broadcast.onRestart(reason);
  }

  onQualityStep(step: QualityStep): void {
    this.#qualityLevel = step.level;
    this.#broadcast.onQualityStep(step);
  }

  onPublisherGone(publish: LivePublish, reason: BroadcastEndReason): void {
    this.#stop(publish);
    if (this.#publish !== publish) return;
    this.#publish = null;
    this.#broadcast.onPublisherGone();
    this.#clearTimer();
    if (endsPlaylists(reason)) this.#end(reason);
    else this.#timer = setTimeout(() => this.#end(reason), this.#options.reconnectWindowMs);
  }

  /** Ends the stream at once. Resolves when no process of it is left. */
  async close(): Promise<void> {
    if (this.#publish !== null) this.#stop(this.#publish);
    await Promise.all(this.#stopping);
    this.#clearTimer();
    this.#endPlaylists(this.#package);
    this.#broadcast.end('shutdown');
  }

  #stop(publish: LivePublish): void {
    const stopped = publish
      .stop()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'publish not stopped in order'))
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  #end(reason: BroadcastEndReason): void {
    this.#options.log.info({ reason }, 'stream ended');
    this.#endPlaylists(this.#package);
    this.#broadcast.end(reason);
    this.#timer = setTimeout(() => this.#options.onGone(), KEEP_ENDED_MS);
  }

  /** Ends the old package, so that its players load the stream anew. */
  #replacePackage(): void {
    const former = this.#package;
    this.#package = this.#newPackage(former.nextMsn());
    this.#endPlaylists(former);
  }

  #newPackage(lowestMsn: number): StreamPackage {
    const firstMsn = Math.max(lowestMsn, clockMediaSequence(this.#options.now()));
    return new StreamPackage({ latency: this.#latency, firstMsn });
  }

  /** Never throws: timers call it too, and an exception there would end the process. */
  #endPlaylists(ended: StreamPackage): void {
    try {
      ended.end();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the last run was not packaged to its end');
    }
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
