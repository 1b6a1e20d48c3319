import type { Logger } from 'pino';
import type { EmitEvent } from '#domain/events.ts';
import type { HealthReport } from '#domain/health-report.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import { isPreview } from '#domain/playback-ids.ts';
import type { PlaybackStatus, PlaybackStatusBody } from '#domain/playback-status.ts';
import type { BroadcastEndReason, BroadcastState, EndReason } from '#domain/streams.ts';
import type { NoPoster } from '#encoder/package/poster-source.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { SlateMaker } from '#encoder/slate/slate-maker.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import type { BegunPublish } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { TraceStore } from '#runtime/trace-store.ts';
import { Broadcast } from './broadcast.ts';
import { FlightRecorder } from './flight-recorder.ts';
import type { ArrivingStream } from './incoming-streams.ts';
import type { LivePublish } from './live-publish.ts';
import { type MovePublish, OnAirSwitch } from './on-air-switch.ts';
import { PastHealth } from './past-health.ts';
import type { PosterMaker } from './poster-maker.ts';
import { endsPlaylists } from './requested-ends.ts';
import type { StreamEncoder } from './stream-encoder.ts';
import { StreamEncoders } from './stream-encoders.ts';
import { StreamEnd } from './stream-end.ts';
import { StreamHold } from './stream-hold.ts';
import { StreamMedia } from './stream-media.ts';
import { liveSinceMsOf, type StreamPast } from './stream-past.ts';
import { StreamPoster } from './stream-poster.ts';
import { StreamPublishes } from './stream-publishes.ts';
import { viewerStatus } from './viewer-status.ts';

export interface LiveStreamOptions {
  readonly streamId: string;
  readonly playbackId: string;
  readonly latency: LatencyName;
  readonly past: StreamPast;
  readonly store: Pick<LiveStore, 'heartbeat' | 'forget' | 'forgetFormer'>;
  readonly traces: Pick<TraceStore, 'put'>;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** From one heartbeat to the next. @default STREAM_HEARTBEAT_MS */
  readonly heartbeatMs?: number;
  /** A run is about to start that takes so much of the task's CPU. */
  readonly onCost: (vCpus: number) => void;
  /** Called when the playlists have ended. A later publish may begin them again. */
  readonly onEnded: () => void;
  /** Called once when the stream is no longer this task's: it has ended and no player needs it any more, or another task has it. */
  readonly onGone: () => void;
  /** Goes on with a publish of this stream under its other playback id. */
  readonly move: (stream: LiveStream, ...publish: Parameters<MovePublish>) => Promise<boolean>;
  /** Whether publishers who leave are expected on other tasks. */
  readonly isDraining: () => boolean;
  readonly arbiter: StepArbiter;
  readonly posters: PosterMaker;
  /** Null if streams wait for their publishers without a slate. */
  readonly slates: SlateMaker | null;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds, by a clock that never steps. For durations. */
  readonly steadyNow: () => number;
  readonly log: Logger;
}

/** A stream that this task holds: its successive publishers, what viewers get of them, and its end here. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #broadcast: Broadcast;
  readonly #media: StreamMedia;
  readonly #encoders: StreamEncoders;
  readonly #hold: StreamHold;
  readonly #end: StreamEnd;
  readonly #publishes: StreamPublishes;
  #pastHealth = new PastHealth();
  readonly #onAir: OnAirSwitch;
  readonly #poster: StreamPoster;
  #isGoingLive = false;
  #isForgotten = false;

  constructor(options: LiveStreamOptions) {
    const { past, now } = options;
    this.#options = options;
    this.#poster = new StreamPoster(options);
    const recorder = new FlightRecorder(options);
    this.#broadcast = new Broadcast({ ...options, liveSinceMs: liveSinceMsOf(past, now()) });
    const { publisherGoneAtMs = null, publisherGoneReason = 'publisher-lost' } = past.broadcast ?? {};
    if (publisherGoneAtMs !== null) this.#broadcast.onPublisherGone(publisherGoneReason, publisherGoneAtMs);
    this.#media = new StreamMedia({ ...options, onPlayable: () => this.#onPlayable() });
    const parts = { media: this.#media, broadcast: this.#broadcast, trace: recorder };
    this.#encoders = new StreamEncoders({ ...options, ...parts, qualityLevel: past.broadcast?.qualityLevel ?? 0 });
    this.#hold = new StreamHold({
      ...options,
      broadcast: () => this.#broadcastState(),
      health: () => this.#pastHealth.add(this.#publishes.health(), now()),
      onTraceRequested: (requestedAtMs) => void recorder.save(requestedAtMs),
      onEndRequested: (reason) => this.#publishes.endOnRequest(reason),
      onAirChange: (onAirId) => this.#onAir.follow(onAirId),
      onReplaced: () => this.fence(),
    });
    this.#end = new StreamEnd({
      ...{ ...options, ...parts, encoders: this.#encoders, hold: this.#hold },
      onForgotten: () => this.#onForgotten(),
    });
    const ending = { encoders: this.#encoders, hold: this.#hold, end: this.#end };
    this.#publishes = new StreamPublishes({ ...options, ...parts, ...ending, recorder });
    const move: MovePublish = (...publish) => options.move(this, ...publish);
    this.#onAir = new OnAirSwitch({ ...options, publishes: this.#publishes, hold: this.#hold, move });
  }

  get streamId(): string {
    return this.#options.streamId;
  }

  get playbackId(): string {
    return this.#options.playbackId;
  }

  /** What viewers get. */
  get currentPackage(): StreamPackage {
    return this.#media.currentPackage;
  }

  /** What viewers got before that, for players that have not heard of its end. */
  get formerPackages(): readonly StreamPackage[] {
    return this.#media.formerPackages;
  }

  /** Whether only the studio has it. */
  get isPreview(): boolean {
    return isPreview(this.playbackId);
  }

  /** Whether viewers have something to play. Stays true during the reconnect window. */
  get isLive(): boolean {
    return this.#broadcast.isLive;
  }

  /** What viewers can have. A live stream is live even if nothing of it has arrived on this task yet. */
  get status(): PlaybackStatus {
    if (this.hasEnded) return this.currentPackage.playableRun === null ? 'idle' : 'ended';
    return this.isLive ? 'live' : 'idle';
  }

  /** What viewers are told. */
  get statusBody(): PlaybackStatusBody {
    const { status, currentPackage } = this;
    return viewerStatus({
      status,
      title: currentPackage.title,
      broadcast: this.#broadcast.latest,
      run: currentPackage.playableRun,
    });
  }

  /** What those who broadcast are told. */
  healthReport(): HealthReport {
    const { liveSinceMs } = this.#broadcast;
    return this.#pastHealth.report({ health: this.#publishes.health(), liveSinceMs, nowMs: this.#options.now() });
  }

  /** The newest picture that viewers get, as a JPEG, or why there is none. Never rejects. */
  poster(): Promise<Buffer | NoPoster> {
    return this.#poster.get(this.currentPackage);
  }

  /** Whether somebody publishes. */
  get hasPublisher(): boolean {
    return this.#publishes.hasPublisher;
  }

  /** Whether its playlists have ended. */
  get hasEnded(): boolean {
    return this.#media.hasEnded;
  }

  /** Whether another task has the stream. */
  get isFenced(): boolean {
    return this.#hold.isFenced;
  }

  /** Whether nothing of it is here any more. */
  get isGone(): boolean {
    return this.isFenced || this.#isForgotten;
  }

  /** The fencing epoch under which this task holds the stream. */
  get epoch(): number {
    return this.#hold.epoch;
  }

  /** The encoder that somebody feeds; null while nobody publishes. */
  get publishedEncoder(): StreamEncoder | null {
    return this.#publishes.encoder;
  }

  /**
   * Whether the task may answer for the stream. It may not if the stream was forgotten meanwhile, or if another task has it, or can
   * have it: the store has not confirmed the lease for so long that others may take it, and no publisher is here. Never rejects.
   */
  async mayAnswer(): Promise<boolean> {
    await this.#hold.confirmAll();
    return !this.isGone && (this.hasPublisher || this.#hold.isSure);
  }

  /** Waits until a live stream has media on this task. Resolves to false after the time, or when `signal` aborts. */
  arrives(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#media.arrives(() => this.isLive && !this.isFenced, timeoutMs, signal);
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
  hold({ epoch, heldAtMs, onAirId }: Pick<ArrivingStream, 'epoch' | 'heldAtMs' | 'onAirId'>): void {
    this.#hold.take({ epoch, heldAtMs, owner: null, onAirId: onAirId ?? null });
  }

  /** Starts a publish that the store has begun at `begunAtMs`. The handler of the one before it must be closed. */
  publish(publisher: Publisher, begun: BegunPublish, begunAtMs: number, log: Logger): PublisherHandler {
    // Both ingests may have begun at the same time.
    const handler = this.join(publisher) ?? this.#publishes.start(publisher, begun);
    this.#holdFor(publisher, begun, begunAtMs, log);
    return handler;
  }

  /** Goes on with a publish of the stream's other playback id, which `former` had, and which the store has begun here at `begunAtMs`. */
  goOnWith(publish: LivePublish, former: LiveStream, begun: BegunPublish, begunAtMs: number, log: Logger): void {
    this.#pastHealth = former.#pastHealth;
    this.#holdFor(publish.publisher, begun, begunAtMs, log);
    this.#publishes.goOnWith(publish, begun);
  }

  /** Gives a publish up, which goes on under the stream's other playback id. */
  letGo(publish: LivePublish, reason: BroadcastEndReason): void {
    this.#publishes.letGo(publish, reason);
  }

  #holdFor({ id: owner }: Publisher, { epoch, holder }: BegunPublish, heldAtMs: number, log: Logger): void {
    this.#hold.take({ epoch, heldAtMs, owner, onAirId: holder.onAirId ?? null }, log);
  }

  /**
   * Takes the publisher of the stream's other ingest, beside the one on air. Null if nobody publishes, or if this is no other
   * ingest.
   */
  join(publisher: Publisher): PublisherHandler | null {
    return this.#publishes.join(publisher);
  }

  /**
   * Waits for a publisher who left, at a time that another task has seen. The stream ends if it stays away, or at once if somebody
   * has asked for that.
   */
  waitForPublisher(goneAtMs: number, requestedEnd: EndReason | null): void {
    const reason = requestedEnd ?? this.#absenceReason;
    this.#broadcast.onPublisherGone(reason, goneAtMs);
    const untilMs = endsPlaylists(reason) ? goneAtMs : goneAtMs + this.#options.reconnectWindowMs;
    this.#end.endIn(untilMs - this.#options.now(), reason);
  }

  /** The task drains: whoever may come back will do so on another one. */
  drain(): void {
    if (!this.hasPublisher) void this.#encoders.stop();
  }

  /**
   * Ends the broadcast, whose publisher has left, because a publish with this epoch gives the stream another playback id. What is
   * here stays for players that have to see the end. Somebody may have asked for it, which this task has not heard of.
   */
  retire(epoch: number, isStopped: boolean): void {
    this.#hold.retire(epoch);
    if (!this.#end.endIfRequested()) this.#end.endNow(isStopped ? 'stopped' : this.#absenceReason);
  }

  /**
   * Another task has the stream: nothing of it is written or answered here any more, and nobody is told of an end. Its publisher,
   * if there is one, has been replaced.
   */
  fence(): void {
    if (this.isFenced) return;
    this.#options.log.info({ epoch: this.epoch }, 'another task has the stream');
    this.#end.callOff();
    void this.#hold.fence();
    this.#media.freeze();
    this.#media.recheckArrivals();
    this.#publishes.fence();
    this.#options.onGone();
  }

  /** Ends the stream at once. Resolves when no process of it is left and the store knows. */
  async close(): Promise<void> {
    this.#publishes.close();
    await this.#encoders.stopAll();
    if (!this.isFenced) await this.#end.endWithTask();
  }

  /** Leaves the stream as it is. Resolves when no process of it is left. */
  async leave(): Promise<void> {
    this.#end.callOff();
    await this.#hold.fence();
    await this.#encoders.stopAll();
  }

  /** Nobody may answer for the stream any more, not even with its end, which is all that is left of it here. */
  forget(): void {
    this.#end.forgetNow();
  }

  get #absenceReason(): BroadcastEndReason {
    return this.#broadcast.absence?.reason ?? 'publisher-lost';
  }

  #onForgotten(): void {
    this.#isForgotten = true;
    this.#options.onGone();
  }

  #onPlayable(): void {
    if (this.isFenced) return;
    this.#media.recheckArrivals();
    if (this.isLive || this.#isGoingLive) return;
    this.#isGoingLive = true;
    void this.#hold.ifStillHeld(() => {
      this.#isGoingLive = false;
      if (this.hasEnded) return;
      this.#broadcast.onPlayable();
      this.#media.recheckArrivals();
      // Other tasks say that it is live as soon as this one does.
      this.#hold.renew();
    });
  }

  /** What the task tells the others about the stream. */
  #broadcastState(): BroadcastState {
    const { liveSinceMs, absence } = this.#broadcast;
    const { endedAtMs } = this.#end;
    const { qualityLevel } = this.#encoders;
    const { sequence } = this.#media;
    const gone = absence === null ? {} : { publisherGoneReason: absence.reason };
    const publisherGoneAtMs = absence?.sinceMs ?? null;
    return { liveSinceMs, publisherGoneAtMs, ...gone, endedAtMs, qualityLevel, sequence };
  }
}
