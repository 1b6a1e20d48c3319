import type { Logger } from 'pino';
import type { Architecture } from '#domain/encoder-capacity.ts';
import type { EmitEvent } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { TaskAddress } from '#domain/streams.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import type { Publisher, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { SlateMaker } from '#encoder/slate/slate-maker.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import type { BegunPublish, FormerHolder } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { TraceStore } from '#runtime/trace-store.ts';
import { Admission } from './admission.ts';
import { FencedStreams } from './fenced-streams.ts';
import { type ArrivingStream, type IncomingStream, IncomingStreams } from './incoming-streams.ts';
import { LiveStream } from './live-stream.ts';
import { PosterMaker } from './poster-maker.ts';
import { PublishMoves } from './publish-moves.ts';
import { fetchFormerMedia, NO_PAST, pastWith, retiredPast, type StreamPast, type TakeOver } from './stream-past.ts';
import type { RoomSnapshot, TaskRoom } from './task-room.ts';

export interface LiveStreamsOptions {
  readonly task: TaskAddress;
  readonly store: Pick<LiveStore, 'claimPlaybackId' | 'begin' | 'heartbeat' | 'forget' | 'forgetFormer'>;
  readonly traces: Pick<TraceStore, 'put'>;
  readonly takeOver: TakeOver;
  readonly reconnectWindowMs: number;
  /** From one heartbeat of a stream to the next. @default STREAM_HEARTBEAT_MS */
  readonly heartbeatMs?: number;
  /** How much of the task's CPU its streams hold. */
  readonly room: TaskRoom;
  readonly architecture: Architecture;
  /** Decides which stream steps down if the task can't keep up. */
  readonly arbiter: StepArbiter;
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

/** A task's load at the moment. */
export interface StreamsLoad {
  readonly room: RoomSnapshot;
  /** Streams that viewers can play. */
  readonly streamsLive: number;
  /** Streams of which viewers get less than ladder and source allow, because FFmpeg did not keep up. */
  readonly streamsReduced: number;
  /** Media seconds out per media second in of the slowest stream; null if unknown. */
  readonly encoderSpeed: number | null;
}

/** The streams that this task holds, by playback id. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #streams = new Map<string, LiveStream>();
  /** Ended broadcasts of streams that have another playback id now, by their former one. */
  readonly #retired = new Map<string, LiveStream>();
  readonly #fenced = new FencedStreams();
  readonly #incoming = new IncomingStreams();
  readonly #admission: Admission;
  readonly #posters: PosterMaker;
  readonly #moves: PublishMoves;
  #isDraining = false;

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
    this.#posters = new PosterMaker(options);
    const shared = {
      ...options,
      incoming: this.#incoming,
      streamFor: (stream: AuthorisedStream, begun: BegunPublish) => this.#streamFor(stream, begun),
    };
    this.#moves = new PublishMoves({
      ...shared,
      onSettled: (streamId) => this.#admission.releaseRoomUnlessNeeded(streamId),
    });
    this.#admission = new Admission({
      ...shared,
      moves: this.#moves,
      held: () => this.held,
      retired: () => [...this.#retired.values()],
    });
  }

  /** The package of a playback id; undefined if this task holds nothing of it. */
  find(playbackId: string): StreamPackage | undefined {
    return this.#streams.get(playbackId)?.currentPackage;
  }

  /** The stream of a playback id, if this task may answer for it. Waits for one that is just being accepted. */
  async findAnswerable(playbackId: string): Promise<LiveStream | undefined> {
    if (!this.#streams.has(playbackId)) await this.#incoming.accepted({ playbackId });
    const stream = this.#streams.get(playbackId) ?? this.#retired.get(playbackId);
    if (stream === undefined || !(await stream.mayAnswer())) return undefined;
    // The end that is kept here may not be the latest one if another task has the stream.
    const present = this.held.find(({ streamId }) => streamId === stream.streamId);
    return present === undefined || (await present.mayAnswer()) ? stream : undefined;
  }

  /** Whether there is room for a publish, or its stream holds room already. */
  hasRoomFor(stream: AuthorisedStream): boolean {
    return this.#options.room.hasRoom(stream.streamId, this.costOf(stream));
  }

  /** The vCPUs that a publish takes as far as known before its source is. */
  costOf(stream: AuthorisedStream): number {
    return this.#admission.costOf(stream);
  }

  /** Ids of all streams that this task holds. */
  get streamIds(): readonly string[] {
    return this.held.map(({ streamId }) => streamId);
  }

  /** Streams that this task holds. */
  get held(): readonly LiveStream[] {
    return [...this.#streams.values()];
  }

  /**
   * Takes an authorised publisher on. Rejects with a PublishRefusal if it may not publish or the task has no room for it, and
   * with the store's error if its epochs can't be reserved.
   */
  accept(publisher: Publisher): Promise<PublisherHandler> {
    return this.#admission.accept(publisher);
  }

  /**
   * Runs `bring`, which takes a stream from another task and then calls `arrive`. Until it settles, publishes of the stream and other
   * tasks that ask for it wait: the store may name this task as the holder already.
   */
  whileArriving<T>(stream: IncomingStream, bring: () => Promise<T>): Promise<T> {
    return this.#incoming.whileArriving(stream, bring);
  }

  /**
   * Holds a stream whose publisher may come back, or which has ended. The store has the task as its holder already. Null if a
   * publish of the stream has begun here meanwhile.
   */
  arrive({ streamId, playbackId, package: media, broadcast, ...held }: ArrivingStream): LiveStream | null {
    const { epoch } = held;
    if (this.epochOf(playbackId) >= epoch) return null;
    this.#streams.get(playbackId)?.fence();
    const { latency } = broadcast.sequence;
    const stream = this.#create({ streamId, playbackId, latency }, { package: media, broadcast });
    stream.hold(held);
    return stream;
  }

  /**
   * Gives a stream up for a task that has it under a higher epoch, and returns its final package. Undefined if this task does not
   * hold it under a lower one. Waits for an older publish of the stream that is just being accepted.
   */
  async giveUp(streamId: string, epoch: number): Promise<StreamPackage | undefined> {
    await this.#incoming.arrived({ streamId });
    await this.#incoming.accepted({ streamId }, epoch);
    const held = this.held.filter((stream) => stream.streamId === streamId && stream.epoch < epoch);
    for (const stream of held) stream.fence();
    return this.#fenced.newestBelow(streamId, epoch)?.currentPackage;
  }

  /**
   * Makes sure that this task does not answer for a stream under a lower epoch than another task knows. Waits for older publishes
   * of the stream that are just being accepted.
   */
  async fenceBelow(playbackId: string, epoch: number): Promise<void> {
    await this.#incoming.arrived({ playbackId });
    await this.#incoming.accepted({ playbackId }, epoch + 1);
    const stream = this.#streams.get(playbackId);
    if (stream !== undefined && stream.epoch < epoch) stream.fence();
  }

  /** The fencing epoch of a stream that this task holds; 0 if it holds none. */
  epochOf(playbackId: string): number {
    return (this.#streams.get(playbackId) ?? this.#retired.get(playbackId))?.epoch ?? 0;
  }

  /** The load now. */
  load(): StreamsLoad {
    const streams = this.held;
    const encoders = streams.flatMap(({ publishedEncoder }) => publishedEncoder ?? []);
    const speeds = encoders.flatMap(({ encoderSpeed }) => encoderSpeed ?? []);
    return {
      room: this.#options.room.snapshot(),
      streamsLive: streams.filter(({ isLive, isPreview }) => isLive && !isPreview).length,
      streamsReduced: encoders.filter(({ isReduced }) => isReduced).length,
      encoderSpeed: speeds.length === 0 ? null : Math.min(...speeds),
    };
  }

  /** Publishers who leave from now on are expected on other tasks. */
  drain(): void {
    this.#isDraining = true;
    for (const stream of this.held) stream.drain();
  }

  /** Ends all streams; resolves when no process is left and the store knows. */
  async close(): Promise<void> {
    const fenced = this.#fenced.all;
    this.#fenced.clear();
    await Promise.all([...this.held, ...this.#retired.values()].map((stream) => stream.close()));
    await Promise.all(fenced.map((stream) => stream.leave()));
  }

  /** Leaves the streams to whichever task goes on with them. Ends none; resolves when no process is left. */
  async leave(): Promise<void> {
    const all = [...this.held, ...this.#fenced.all, ...this.#retired.values()];
    await Promise.all(all.map((stream) => stream.leave()));
  }

  /** The stream as this task has it, or as it takes it over from its former holder. */
  async #streamFor(stream: AuthorisedStream, begun: BegunPublish): Promise<LiveStream> {
    await this.#incoming.arrived({ streamId: stream.streamId });
    const own = this.#streams.get(stream.playbackId);
    const isOurs = begun.former === null || begun.former.holder.taskId === this.#options.task.taskId;
    if (own !== undefined && isOurs) return own;
    // Another task has had the stream since, and this one has not heard of it.
    own?.fence();
    const past = await this.#past(stream, begun);
    // Perhaps that one gave it this playback id, and it is here under the one before.
    for (const stale of this.held) if (stale.streamId === stream.streamId) stale.fence();
    return this.#restored(stream) ?? this.#create(stream, past);
  }

  /** A stream that has its former playback id again, as one that goes on air once more. Null if nothing of that is left here. */
  #restored({ streamId, playbackId }: AuthorisedStream): LiveStream | null {
    const ended = this.#retired.get(playbackId);
    if (ended?.streamId !== streamId) return null;
    this.#retired.delete(playbackId);
    this.#streams.set(playbackId, ended);
    return ended;
  }

  async #past({ streamId, playbackId }: AuthorisedStream, begun: BegunPublish): Promise<StreamPast> {
    const { former } = begun;
    if (former === null) return NO_PAST;
    const { task, store, takeOver } = this.#options;
    const media = await fetchFormerMedia({ taskId: task.taskId, streamId, begun, former }, takeOver);
    // Nobody may see the end of a purged broadcast. The former holder has just stopped to answer.
    if (begun.isFormerClosed) await store.forgetFormer({ streamId, epoch: begun.epoch });
    else if (former.holder.playbackId !== playbackId) this.#retire(streamId, begun, former, media);
    return pastWith(playbackId, former, media);
  }

  /** Ends the broadcast under the playback id that the stream had before, and keeps its end here, whichever task had it. */
  #retire(streamId: string, begun: BegunPublish, former: FormerHolder, media: StreamPackage | null): void {
    const { epoch, isFormerStopped } = begun;
    const { task, now } = this.#options;
    const { playbackId } = former.holder;
    const own = this.#streams.get(playbackId);
    const isOurs = former.holder.taskId === task.taskId;
    if (!isOurs) own?.fence();
    const past = retiredPast(former, media, epoch, now());
    const ended = own !== undefined && isOurs ? own : this.#create({ streamId, playbackId, latency: 'standard' }, past);
    this.#streams.delete(playbackId);
    this.#retired.set(playbackId, ended);
    ended.retire(epoch, isFormerStopped);
  }

  #create(stream: Pick<AuthorisedStream, 'streamId' | 'playbackId' | 'latency'>, past: StreamPast): LiveStream {
    const { log } = this.#options;
    const { streamId, playbackId } = stream;
    const created: LiveStream = new LiveStream({
      ...this.#options,
      ...{ streamId, playbackId, past, posters: this.#posters },
      latency: past.broadcast?.sequence.latency ?? stream.latency,
      log: log.child({ streamId }),
      move: (...publish) => this.#moves.run(...publish),
      onCost: (vCpus) => this.#options.room.correct(streamId, vCpus),
      isDraining: () => this.#isDraining,
      onEnded: () => this.#admission.releaseRoomUnlessNeeded(streamId),
      onGone: () => this.#onGone(playbackId, created),
    });
    this.#streams.set(playbackId, created);
    return created;
  }

  #onGone(playbackId: string, stream: LiveStream): void {
    for (const streams of [this.#streams, this.#retired])
      if (streams.get(playbackId) === stream) streams.delete(playbackId);
    this.#admission.releaseRoomUnlessNeeded(stream.streamId);
    // Nothing is left of the stream, so nothing of its earlier broadcasts may be. Those that ended later belong to a newer publish.
    for (const [formerId, ended] of this.#retired) {
      if (ended.streamId !== stream.streamId || ended.epoch > stream.epoch) continue;
      this.#retired.delete(formerId);
      ended.forget();
    }
    if (stream.isFenced) this.#fenced.add(stream);
  }
}
