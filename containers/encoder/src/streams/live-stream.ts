import type { Logger } from 'pino';
import type { BroadcastEndReason, EmitEvent, RestartReason } from '#domain/events.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { PlaybackStatus } from '#domain/playback-ids.ts';
import type { BroadcastState, EndReason, SequenceState } from '#domain/streams.ts';
import type { MediaRun, RunFormat, RunSink } from '#encoder/media/media-run.ts';
import { offeredRenditions } from '#encoder/package/offered-renditions.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { WaitingRoom } from '#encoder/package/waiting-room.ts';
import type { Publisher } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { QualityStep } from '#encoder/transcode/quality-steps.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import type { BegunPublish } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import { Broadcast } from './broadcast.ts';
import { LivePublish, type PublishedStream } from './live-publish.ts';
import { clockMediaSequence } from './numbering.ts';
import { endsPlaylists } from './requested-ends.ts';
import { StreamEncoder } from './stream-encoder.ts';
import { StreamHold } from './stream-hold.ts';
import { liveSinceMsOf, packageAfter, type StreamPast } from './stream-past.ts';

/** How long an ended stream is kept, so that players that lag can still load its end. */
const KEEP_ENDED_MS = 60_000;

export interface LiveStreamOptions {
  readonly streamId: string;
  readonly playbackId: string;
  readonly latency: LatencyName;
  readonly past: StreamPast;
  readonly store: Pick<LiveStore, 'heartbeat' | 'forget' | 'forgetFormer'>;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** A run is about to start that takes so much of the task's CPU. */
  readonly onCost: (vCpus: number) => void;
  /** Called when the playlists have ended. A later publish may begin them again. */
  readonly onEnded: () => void;
  /** Called once when the stream is no longer this task's: it has ended and no player needs it any more, or another task has it. */
  readonly onGone: () => void;
  /** Whether publishers who leave are expected on other tasks. */
  readonly isDraining: () => boolean;
  readonly arbiter: StepArbiter;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A stream that this task holds: its successive publishers, and the package that viewers watch. */
export class LiveStream implements PublishedStream {
  readonly #options: LiveStreamOptions;
  readonly #broadcast: Broadcast;
  #latency: LatencyName;
  #package: StreamPackage;
  #qualityLevel: number;
  readonly #hold: StreamHold;
  #publish: LivePublish | null = null;
  /** Runs while somebody publishes, and while somebody may come back. */
  #encoder: StreamEncoder | null = null;
  #endedAtMs: number | null = null;
  /** Another task has the stream, or will have it. */
  #isFenced = false;
  /** The epoch of the publish under another playback id that has ended this broadcast. Null if there is none. */
  #retiredAtEpoch: number | null = null;
  #isClosed = false;
  #isGoingLive = false;
  readonly #stopping = new Set<Promise<void>>();
  /** Requests for a stream that is live, but has no media on this task yet. */
  readonly #arrivals = new WaitingRoom();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LiveStreamOptions) {
    const { past, latency, now } = options;
    this.#options = options;
    this.#broadcast = new Broadcast({ ...options, liveSinceMs: liveSinceMsOf(past, now()) });
    const goneAtMs = past.broadcast?.publisherGoneAtMs ?? null;
    if (goneAtMs !== null) this.#broadcast.onPublisherGone(goneAtMs);
    this.#latency = latency;
    this.#qualityLevel = past.broadcast?.qualityLevel ?? 0;
    this.#package = packageAfter(past, latency, now());
    this.#hold = new StreamHold({
      ...options,
      broadcast: () => this.broadcastState,
      health: () => (this.#publish === null ? null : (this.#encoder?.health() ?? null)),
      onEndRequested: (reason) => this.#endOnRequest(reason),
      onReplaced: () => this.fence(),
    });
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  get playbackId(): string {
    return this.#options.playbackId;
  }

  /** What viewers get. */
  get currentPackage(): StreamPackage {
    return this.#package;
  }

  /**
   * Whether the stream holds room on its task. True until its playlists have ended. That includes the reconnect window, so
   * that a broadcaster who comes back finds room.
   */
  get holdsRoom(): boolean {
    return !this.#package.ended;
  }

  /** Whether viewers have something to play. Stays true during the reconnect window. */
  get isLive(): boolean {
    return this.#broadcast.isLive;
  }

  /** What viewers can have. A live stream is live even if nothing of it has arrived on this task yet. */
  get status(): PlaybackStatus {
    if (this.#package.ended) return this.#package.playableRun === null ? 'idle' : 'ended';
    return this.isLive ? 'live' : 'idle';
  }

  /** Whether somebody publishes. */
  get hasPublisher(): boolean {
    return this.#publish !== null;
  }

  get hasEnded(): boolean {
    return this.#package.ended;
  }

  /** Whether another task has the stream. */
  get isFenced(): boolean {
    return this.#isFenced;
  }

  /** The fencing epoch under which this task holds the stream. */
  get epoch(): number {
    return this.#retiredAtEpoch ?? this.#hold.epoch;
  }

  /** Media seconds out per media second in, lately; null while unknown. */
  get encoderSpeed(): number | null {
    return this.#publish === null ? null : (this.#encoder?.encoderSpeed ?? null);
  }

  /** Whether viewers get less than the ladder and the source allow, because FFmpeg did not keep up. */
  get isReduced(): boolean {
    return this.#publish !== null && (this.#encoder?.isReduced ?? false);
  }

  /** How many quality steps down the stream is. A publisher that comes back goes on there. */
  get qualityLevel(): number {
    return this.#qualityLevel;
  }

  /** What the task tells the others about the stream. */
  get broadcastState(): BroadcastState {
    const { liveSinceMs, publisherGoneAtMs } = this.#broadcast;
    const { qualityLevel } = this;
    return { liveSinceMs, publisherGoneAtMs, endedAtMs: this.#endedAtMs, qualityLevel, sequence: this.#sequence() };
  }

  /**
   * Whether the task may answer for the stream. It may not if another task has it, or can have it: the store has not confirmed the
   * lease for so long that others may take it, and no publisher is here. Never rejects.
   */
  async mayAnswer(): Promise<boolean> {
    await this.#hold.confirmAll();
    if (this.#isFenced) return false;
    // Nobody else has the end of a broadcast whose stream has another playback id now.
    return this.#retiredAtEpoch !== null || this.hasPublisher || this.#hold.isSure;
  }

  /** Waits until a live stream has media on this task. Resolves to false after the time, or when `signal` aborts. */
  arrives(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const hasArrived = () => !this.isLive || this.#package.hasMedia || this.#package.ended || this.#isFenced;
    return this.#arrivals.wait(hasArrived, timeoutMs, signal);
  }

  /** Stops the heartbeats while another publish begins. */
  pauseLease(): Promise<void> {
    return this.#hold.pause();
  }

  /** Goes on with the heartbeats if no publish has begun after all. */
  resumeLease(): void {
    this.#hold.resume();
  }

  /** Holds the stream under an epoch that the store has given to this task in a call at `heldAtMs`. */
  hold(epoch: number, heldAtMs: number): void {
    this.#hold.take({ epoch, heldAtMs, owner: null });
  }

  /** Starts a publish that the store has begun at `begunAtMs`. The handler of the one before it must be closed. */
  publish(publisher: Publisher, begun: BegunPublish, begunAtMs: number, log: Logger): LivePublish {
    this.#clearTimer();
    this.#broadcast.onPublisher();
    this.#endedAtMs = null;
    if (this.#package.ended) this.#qualityLevel = 0;
    if (this.#package.ended || publisher.stream.latency !== this.#latency) {
      this.#latency = publisher.stream.latency;
      this.#replacePackage();
    }
    const reserved = { first: begun.firstEpoch, count: begun.epoch - begun.firstEpoch + 1 };
    this.#publish = new LivePublish({ stream: this, publisher, reserved, emit: this.#options.emit });
    this.#hold.take({ epoch: begun.epoch, heldAtMs: begunAtMs, owner: publisher.id, log });
    return this.#publish;
  }

  encoderFor(publish: LivePublish): StreamEncoder {
    const former = this.#encoder;
    if (former?.canGoOnWith(publish.publisher.stream)) {
      former.goOn(publish);
      return former;
    }
    void this.#stopEncoder();
    this.#encoder = new StreamEncoder({ ...this.#options, stream: this, published: publish.publisher.stream }, publish);
    return this.#encoder;
  }

  /**
   * Waits for a publisher who left, at a time that another task has seen. The stream ends if it stays away, or at once if somebody
   * has asked for that.
   */
  waitForPublisher(goneAtMs: number, requestedEnd: EndReason | null): void {
    this.#broadcast.onPublisherGone(goneAtMs);
    const reason = requestedEnd ?? 'publisher-left';
    const untilMs = endsPlaylists(reason) ? goneAtMs : goneAtMs + this.#options.reconnectWindowMs;
    this.#endIn(untilMs - this.#options.now(), reason);
  }

  fits(format: RunFormat): boolean {
    return this.#package.fits(format);
  }

  onCost(vCpus: number): void {
    this.#options.onCost(vCpus);
  }

  beginRun(run: MediaRun): RunSink {
    if (!this.#package.fits(run)) this.#replacePackage();
    const current = this.#package;
    const sink = current.beginRun(run);
    return {
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        if (current.playableRun !== null && !current.ended && !this.#isFenced) this.#onPlayable();
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
    if (this.#publish !== publish) return;
    this.#publish = null;
    this.#arrivals.recheck();
    if (this.#isFenced || this.#isClosed) {
      void this.#stopEncoder();
      return;
    }
    this.#broadcast.onPublisherGone();
    if (endsPlaylists(reason)) {
      this.#end(reason);
    } else {
      // Viewers get the last of a publisher who is expected elsewhere at once.
      if (this.#options.isDraining()) void this.#stopEncoder();
      this.#encoder?.pause();
      this.#endIn(this.#options.reconnectWindowMs, reason);
    }
    this.#hold.publisherLeft();
  }

  /** The task drains: whoever may come back will do so on another one. */
  drain(): void {
    if (this.#publish === null) void this.#stopEncoder();
  }

  /**
   * Ends the broadcast, whose publisher has left, because a publish with this epoch gives the stream another playback id. What is
   * here stays for players that have to see the end.
   */
  retire(epoch: number): void {
    void this.#hold.drop();
    this.#retiredAtEpoch = epoch;
    this.#end('publisher-left');
  }

  /**
   * Another task has the stream: nothing of it is written or answered here any more, and nobody is told of an end. Its publisher,
   * if there is one, has been replaced.
   */
  fence(): void {
    if (this.#isFenced) return;
    this.#options.log.info({ epoch: this.epoch }, 'another task has the stream');
    this.#clearTimer();
    void this.#hold.drop();
    this.#isFenced = true;
    this.#freeze();
    this.#arrivals.recheck();
    if (this.#publish === null) void this.#stopEncoder();
    this.#publish?.end(null);
    this.#options.onGone();
  }

  /** Ends the stream at once. Resolves when no process of it is left and the store knows. */
  async close(): Promise<void> {
    this.#isClosed = true;
    void this.#stopEncoder();
    await Promise.all(this.#stopping);
    if (this.#isFenced) return;
    this.#clearTimer();
    this.#endPlaylists(this.#package);
    this.#options.onEnded();
    this.#broadcast.end('shutdown');
    // It stays for its viewers until the process ends.
    await this.#tellForgotten();
  }

  /** Leaves the stream as it is. Resolves when no process of it is left. */
  async leave(): Promise<void> {
    this.#isFenced = true;
    this.#clearTimer();
    await this.#hold.drop();
    void this.#stopEncoder();
    await Promise.all(this.#stopping);
  }

  /** Somebody asked for the end of the publish, or of the wait for one. */
  #endOnRequest(reason: EndReason): void {
    if (this.#publish !== null) this.#publish.end(reason);
    else if (endsPlaylists(reason) && !this.#package.ended) this.#end(reason);
  }

  #onPlayable(): void {
    this.#arrivals.recheck();
    if (this.isLive || this.#isGoingLive) return;
    this.#isGoingLive = true;
    void this.#ifStillHeld(() => {
      this.#isGoingLive = false;
      if (this.#package.ended) return;
      this.#broadcast.onPlayable();
      this.#arrivals.recheck();
      // Other tasks say that it is live as soon as this one does.
      this.#hold.renew();
    });
  }

  /** Does something that others hear of, unless another task has the stream. That may be so after the process was suspended. */
  async #ifStillHeld(act: () => void): Promise<void> {
    await this.#hold.confirm();
    if (!this.#isFenced) act();
  }

  #sequence(): SequenceState {
    return {
      latency: this.#latency,
      nextMsn: this.#package.nextMsn(),
      discontinuityNumber: this.#package.discontinuityNumber ?? 0,
      offered: offeredRenditions(this.#package),
      recordedAtMs: this.#options.now(),
    };
  }

  /** Resolves when the encoder has delivered its last output. Never rejects. */
  #stopEncoder(): Promise<void> {
    const encoder = this.#encoder;
    this.#encoder = null;
    if (encoder === null) return Promise.resolve();
    const stopped = encoder
      .stop()
      .catch((error: unknown) => this.#options.log.error({ err: error }, 'encoder not stopped in order'))
      .finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
    return stopped;
  }

  #endIn(delayMs: number, reason: BroadcastEndReason): void {
    this.#clearTimer();
    const timer = setTimeout(() => void this.#endUnlessBack(timer, reason), Math.max(0, delayMs));
    this.#timer = timer;
  }

  async #endUnlessBack(timer: NodeJS.Timeout, reason: BroadcastEndReason): Promise<void> {
    const isDue = (): boolean => this.#timer === timer && !this.#isFenced;
    await this.#hold.confirm();
    if (!isDue()) return;
    await this.#stopEncoder();
    // A publisher may have come meanwhile.
    if (isDue()) this.#end(reason);
  }

  #end(reason: BroadcastEndReason): void {
    this.#options.log.info({ reason }, 'stream ended');
    void this.#stopEncoder();
    this.#endPlaylists(this.#package);
    this.#options.onEnded();
    this.#arrivals.recheck();
    this.#broadcast.end(reason);
    this.#endedAtMs = this.#options.now();
    this.#hold.renew();
    this.#clearTimer();
    this.#timer = setTimeout(() => void this.#forget(), KEEP_ENDED_MS);
  }

  /** The stream is over, for this task and for all. */
  async #forget(): Promise<void> {
    this.#options.onGone();
    await this.#tellForgotten();
  }

  async #tellForgotten(): Promise<void> {
    const { store, streamId, log } = this.#options;
    await this.#hold.drop();
    try {
      if (this.#retiredAtEpoch === null) await store.forget({ streamId, epoch: this.epoch });
      else await store.forgetFormer({ streamId, epoch: this.epoch });
    } catch (error) {
      log.warn({ err: error }, 'live store not told of the end; the lease runs out by itself');
    }
  }

  /** Ends the old package, so that its players load the stream anew. */
  #replacePackage(): void {
    const former = this.#package;
    const firstMsn = Math.max(former.nextMsn(), clockMediaSequence(this.#options.now()));
    this.#package = new StreamPackage({ latency: this.#latency, firstMsn });
    this.#endPlaylists(former);
  }

  /** Never throws: whatever its run left behind, the stream is another task's. */
  #freeze(): void {
    try {
      this.#package.freeze();
    } catch (error) {
      this.#options.log.error({ err: error }, 'the last run was not packaged to its end');
    }
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
