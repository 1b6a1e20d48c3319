import type { Logger } from 'pino';
import { type Architecture, publishVCpus } from '#domain/encoder-capacity.ts';
import type { EmitEvent } from '#domain/events.ts';
import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { BroadcastState } from '#domain/streams.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { type Publisher, type PublisherHandler, PublishRefusal } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { type BegunPublish, EPOCHS_PER_PUBLISH, type FormerHolder } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import { LiveStream } from './live-stream.ts';
import { lostBroadcast } from './lost-broadcast.ts';
import { asHandedOver, NO_PAST, type StreamPast } from './stream-past.ts';
import type { RoomSnapshot, TaskRoom } from './task-room.ts';

/** The next try may reach a task that has room. */
const NO_ROOM = 'No capacity for another broadcast right now; try again in a minute';
const KEY_REPLACED = 'This stream key is no longer valid';
const PLAYBACK_ID_TAKEN =
  'Another stream with the same playback id is live or has just ended; try again in a minute or two';
/** How far the epoch of the newest media may be below that of who asks for it: one publish between may have been refused. */
const NEWEST_MEDIA_EPOCHS = 2 * EPOCHS_PER_PUBLISH;
/** How long a stream that another task has is kept for that task, which fetches its media. */
const KEEP_FENCED_MS = 10_000;

/** This task, as others find it. */
export interface TaskAddress {
  readonly taskId: string;
  /** `host:port` of the internal server. */
  readonly address: string;
}

/** What a former holder is asked for. */
export interface TakeOverRequest {
  readonly streamId: string;
  /** The epoch under which this task has the stream now. */
  readonly epoch: number;
  readonly former: FormerHolder;
}

export interface LiveStreamsOptions {
  readonly task: TaskAddress;
  readonly store: Pick<LiveStore, 'claimPlaybackId' | 'begin' | 'heartbeat' | 'forget' | 'forgetFormer'>;
  /**
   * Fetches a stream's media from its former holder. Resolves when the former holder does not answer for the stream any more. Null
   * if the media can't be had.
   */
  readonly takeOver: (request: TakeOverRequest) => Promise<StreamPackage | null>;
  readonly reconnectWindowMs: number;
  /** How much of the task's CPU its streams hold. */
  readonly room: TaskRoom;
  readonly architecture: Architecture;
  /** Decides which stream steps down if the task can't keep up. */
  readonly arbiter: StepArbiter;
  readonly emit: EmitEvent;
  readonly spawn: SpawnProcess;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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

/** A stream that begins on this task with nobody publishing it. */
export interface ArrivingStream {
  readonly streamId: string;
  readonly playbackId: string;
  readonly epoch: number;
  /** When the store was asked for the epoch, in milliseconds since 1970. */
  readonly heldAtMs: number;
  /** Null if its media is lost. */
  readonly package: StreamPackage | null;
  readonly broadcast: BroadcastState;
}

/** A stream that is on its way here from another task. */
interface IncomingStream {
  readonly streamId: string;
  readonly playbackId: string;
  /** Settles when it is here, or will not come. Never rejects. */
  readonly settled: Promise<unknown>;
}

/** A publisher that is being accepted. */
interface Acceptance {
  /** What the stream's playback id was until now, if it is known to have been another one. */
  formerPlaybackId: string | null;
  /** Its fencing epoch; null if the store gives it none. Never rejects. */
  readonly begun: Promise<number | null>;
  /** Settles when the publisher is accepted or refused. */
  readonly settled: Promise<unknown>;
}

/** Whether a publish has a playback id, or its stream had it until now. */
const hasPlaybackId =
  (playbackId: string) =>
  ({ stream }: Publisher, { formerPlaybackId }: Acceptance): boolean =>
    stream.playbackId === playbackId || formerPlaybackId === playbackId;

/** The streams that this task holds, by playback id. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #streams = new Map<string, LiveStream>();
  /** Streams that other tasks have, by stream id. */
  readonly #fenced = new Map<string, LiveStream>();
  /** Ended broadcasts of streams that have another playback id now, by their former one. */
  readonly #retired = new Map<string, LiveStream>();
  /** Publishers that are being accepted. Their streams hold room already, so that two at once can't both take the last. */
  readonly #accepting = new Map<Publisher, Acceptance>();

  readonly #arriving = new Set<IncomingStream>();
  #isDraining = false;

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
  }

  /** The package of a playback id; undefined if this task holds nothing of it. */
  find(playbackId: string): StreamPackage | undefined {
    return this.#streams.get(playbackId)?.currentPackage;
  }

  /** The stream of a playback id, if this task may answer for it. Waits for one that is just being accepted. */
  async findAnswerable(playbackId: string): Promise<LiveStream | undefined> {
    if (!this.#streams.has(playbackId)) await this.#settled(hasPlaybackId(playbackId));
    const stream = this.#streams.get(playbackId) ?? this.#retired.get(playbackId);
    return stream !== undefined && (await stream.mayAnswer()) ? stream : undefined;
  }

  /** Whether there is room for a publish, or its stream holds room already. */
  hasRoomFor(stream: AuthorisedStream): boolean {
    return this.#options.room.hasRoom(stream.streamId, this.costOf(stream));
  }

  /** The vCPUs that a publish takes as far as known before its source is. */
  costOf({ ladder }: AuthorisedStream): number {
    return publishVCpus({ ladder, architecture: this.#options.architecture });
  }

  /** Ids of all streams that this task holds. */
  get streamIds(): readonly string[] {
    return [...this.#streams.values()].map(({ streamId }) => streamId);
  }

  /** Streams that this task holds. */
  get held(): readonly LiveStream[] {
    return [...this.#streams.values()];
  }

  /**
   * Takes an authorised publisher on. Rejects with a PublishRefusal if it may not publish or the task has no room for it, and
   * with the store's error if its epochs can't be reserved.
   */
  async accept(publisher: Publisher): Promise<PublisherHandler> {
    // Before the store is asked, since that takes the stream from a publisher on another task.
    this.#takeRoom(publisher);
    let onBegun: (epoch: number | null) => void = () => undefined;
    let onSettled: () => void = () => undefined;
    this.#accepting.set(publisher, {
      formerPlaybackId: null,
      begun: new Promise((resolve) => (onBegun = resolve)),
      settled: new Promise<void>((resolve) => (onSettled = resolve)),
    });
    try {
      return await this.#begin(publisher, onBegun);
    } finally {
      onBegun(null);
      onSettled();
      this.#accepting.delete(publisher);
      this.#releaseRoomUnlessNeeded(publisher.stream.streamId);
    }
  }

  /**
   * Runs `bring`, which takes a stream from another task and then calls `arrive`. Until it settles, publishes of the stream and other
   * tasks that ask for it wait: the store may name this task as the holder already.
   */
  async whileArriving<T>(stream: Omit<IncomingStream, 'settled'>, bring: () => Promise<T>): Promise<T> {
    const bringing = bring();
    const arrival: IncomingStream = { ...stream, settled: bringing.catch(() => undefined) };
    this.#arriving.add(arrival);
    return bringing.finally(() => this.#arriving.delete(arrival));
  }

  /**
   * Holds a stream whose publisher may come back, or which has ended. The store has the task as its holder already. Null if a
   * publish of the stream has begun here meanwhile.
   */
  arrive({ streamId, playbackId, epoch, heldAtMs, package: media, broadcast }: ArrivingStream): LiveStream | null {
    if (this.epochOf(playbackId) >= epoch) return null;
    this.#streams.get(playbackId)?.fence();
    const { latency } = broadcast.sequence;
    const stream = this.#create({ streamId, playbackId, latency }, { package: media, broadcast });
    stream.hold(epoch, heldAtMs);
    return stream;
  }

  /**
   * Gives a stream up for a task that has it under a higher epoch, and returns its final package. Undefined if this task does not
   * hold it under a lower one. Waits for an older publish of the stream that is just being accepted.
   */
  async giveUp(streamId: string, epoch: number): Promise<StreamPackage | undefined> {
    await this.#arrived((stream) => stream.streamId === streamId);
    await this.#settled(({ stream }) => stream.streamId === streamId, epoch);
    const held = [...this.#streams.values()].filter((stream) => stream.streamId === streamId && stream.epoch < epoch);
    for (const stream of held) stream.fence();
    const fenced = this.#fenced.get(streamId);
    // Older media is not the newest: this task is asked again because it was to hold the stream once more, and did not hear of that.
    const isNewest = fenced !== undefined && fenced.epoch < epoch && fenced.epoch >= epoch - NEWEST_MEDIA_EPOCHS;
    return isNewest ? fenced.currentPackage : undefined;
  }

  /**
   * Makes sure that this task does not answer for a stream under a lower epoch than another task knows. Waits for older publishes
   * of the stream that are just being accepted.
   */
  async fenceBelow(playbackId: string, epoch: number): Promise<void> {
    await this.#arrived((stream) => stream.playbackId === playbackId);
    await this.#settled(hasPlaybackId(playbackId), epoch + 1);
    const stream = this.#streams.get(playbackId);
    if (stream !== undefined && stream.epoch < epoch) stream.fence();
  }

  /** The fencing epoch of a stream that this task holds; 0 if it holds none. */
  epochOf(playbackId: string): number {
    return (this.#streams.get(playbackId) ?? this.#retired.get(playbackId))?.epoch ?? 0;
  }

  /** The load now. */
  load(): StreamsLoad {
    const streams = [...this.#streams.values()];
    const speeds = streams.flatMap(({ encoderSpeed }) => encoderSpeed ?? []);
    return {
      room: this.#options.room.snapshot(),
      streamsLive: streams.filter(({ isLive }) => isLive).length,
      streamsReduced: streams.filter(({ isReduced }) => isReduced).length,
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
    const fenced = [...this.#fenced.values()];
    this.#fenced.clear();
    await Promise.all([...this.#streams.values(), ...this.#retired.values()].map((stream) => stream.close()));
    await Promise.all(fenced.map((stream) => stream.leave()));
  }

  /** Leaves the streams to whichever task goes on with them. Ends none; resolves when no process is left. */
  async leave(): Promise<void> {
    const all = [this.#streams, this.#fenced, this.#retired].flatMap((streams) => [...streams.values()]);
    await Promise.all(all.map((stream) => stream.leave()));
  }

  async #begin(publisher: Publisher, onBegun: (epoch: number) => void): Promise<PublisherHandler> {
    const { stream } = publisher;
    const log = this.#options.log.child({ streamId: stream.streamId, connectionId: publisher.id });
    await this.#claimPlaybackId(publisher);
    // Perhaps under the playback id that it had before.
    const existing = this.held.find(({ streamId }) => streamId === stream.streamId);
    await existing?.pauseLease();
    try {
      const begunAtMs = this.#options.now();
      const begun = await this.#beginInStore(publisher);
      if (begun === null) this.#refuse(publisher, 'NetStream.Publish.BadName', KEY_REPLACED);
      const acceptance = this.#accepting.get(publisher);
      if (acceptance !== undefined) acceptance.formerPlaybackId = begun.former?.holder.playbackId ?? null;
      onBegun(begun.epoch);
      const live = await this.#streamOf(publisher, begun);
      return live.publish(publisher, begun, begunAtMs, log);
    } catch (error) {
      existing?.resumeLease();
      throw error;
    }
  }

  /**
   * Resolves when such publishers, of those that are being accepted, are accepted or refused. Those with a newer epoch are not waited
   * for: they may be waiting for the task that asks. Never rejects.
   */
  async #settled(
    isMeant: (publisher: Publisher, acceptance: Acceptance) => boolean,
    belowEpoch = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const meant = [...this.#accepting].filter(([publisher, acceptance]) => isMeant(publisher, acceptance));
    await Promise.all(
      meant.map(async ([, { begun, settled }]) => {
        if (((await begun) ?? 0) < belowEpoch) await settled;
      }),
    );
  }

  async #arrived(isMeant: (arrival: IncomingStream) => boolean): Promise<void> {
    await Promise.all([...this.#arriving].filter(isMeant).map(({ settled }) => settled));
  }

  #takeRoom(publisher: Publisher): void {
    const { streamId } = publisher.stream;
    const { room } = this.#options;
    this.#refuseTakenPlaybackId(publisher);
    const vCpus = this.costOf(publisher.stream);
    if (room.take(streamId, vCpus)) return;
    room.turnAway(streamId, vCpus);
    this.#refuse(publisher, 'NetStream.Publish.Rejected', NO_ROOM);
  }

  /** Releases a stream's room if nobody is about to publish it and its playlists have ended. */
  #releaseRoomUnlessNeeded(streamId: string): void {
    const isAccepting = [...this.#accepting.keys()].some(({ stream }) => stream.streamId === streamId);
    const isHolding = this.held.some((stream) => stream.streamId === streamId && stream.holdsRoom);
    if (!isAccepting && !isHolding) this.#options.room.release(streamId);
  }

  /** Refuses a playback id that another stream's viewers have: they must not get this one's picture. */
  async #claimPlaybackId(publisher: Publisher): Promise<void> {
    const { streamId, playbackId } = publisher.stream;
    const { store, now } = this.#options;
    const claimed = await this.#orReport(publisher, store.claimPlaybackId({ playbackId, streamId, nowMs: now() }));
    if (!claimed) this.#refuse(publisher, 'NetStream.Publish.Rejected', PLAYBACK_ID_TAKEN);
    this.#refuseTakenPlaybackId(publisher);
  }

  /** Refuses a playback id that another stream has on this task, or will have. */
  #refuseTakenPlaybackId(publisher: Publisher): void {
    const { streamId, playbackId } = publisher.stream;
    const accepting = [...this.#accepting.keys()];
    const isLast = !accepting.includes(publisher);
    const earlier = isLast ? accepting : accepting.slice(0, accepting.indexOf(publisher));
    const others = [...earlier.map(({ stream }) => stream), ...this.held, ...this.#retired.values()];
    const isTaken = others.some((other) => other.playbackId === playbackId && other.streamId !== streamId);
    if (isTaken) this.#refuse(publisher, 'NetStream.Publish.Rejected', PLAYBACK_ID_TAKEN);
  }

  async #beginInStore(publisher: Publisher): Promise<BegunPublish | null> {
    const { store, now, task } = this.#options;
    const { streamId, playbackId, version } = publisher.stream;
    const nowMs = now();
    const startedAt = new Date(nowMs).toISOString();
    const holder = { ...task, playbackId };
    return this.#orReport(publisher, store.begin({ streamId, owner: publisher.id, holder, version, startedAt, nowMs }));
  }

  /** Reports a publish as refused if the store can't be reached. Rejects with the store's error. */
  async #orReport<Answer>(publisher: Publisher, asking: Promise<Answer>): Promise<Answer> {
    try {
      return await asking;
    } catch (error) {
      this.#reportRefused(publisher, 'NetStream.Publish.Rejected', 'The live store could not be reached');
      throw error;
    }
  }

  #refuse(publisher: Publisher, code: RefusalCode, description: string): never {
    this.#reportRefused(publisher, code, description);
    throw new PublishRefusal(code, description);
  }

  #reportRefused({ stream, remoteAddress }: Publisher, code: RefusalCode, description: string): void {
    const { streamId } = stream;
    this.#options.emit({ type: 'stream.refused', streamId, code, description, sourceAddress: remoteAddress });
  }

  /** The stream as this task has it, or as it takes it over from its former holder. */
  async #streamOf({ stream }: Publisher, begun: BegunPublish): Promise<LiveStream> {
    await this.#arrived(({ streamId }) => streamId === stream.streamId);
    const own = this.#streams.get(stream.playbackId);
    const isOurs = begun.former === null || begun.former.holder.taskId === this.#options.task.taskId;
    if (own !== undefined && isOurs) return own;
    // Another task has had the stream since, and this one has not heard of it.
    own?.fence();
    return this.#create(stream, await this.#past(stream, begun));
  }

  async #past({ streamId, playbackId }: AuthorisedStream, begun: BegunPublish): Promise<StreamPast> {
    const { former } = begun;
    if (former === null) return NO_PAST;
    const media = await this.#mediaOf(streamId, begun, former);
    const { broadcast, holder } = former;
    const isSameId = holder.playbackId === playbackId;
    if (!isSameId) this.#retire(streamId, begun.epoch, former, media);
    // An ended broadcast is over, and so is one whose viewers have another playback id. Their sequences go on all the same.
    const goesOn = isSameId && (broadcast?.endedAtMs ?? null) === null;
    if (goesOn) return { package: media, broadcast: broadcast && asHandedOver(broadcast, media) };
    return { package: null, broadcast: broadcast && { ...broadcast, liveSinceMs: null } };
  }

  /** Ends the broadcast under the playback id that the stream had before, and keeps its end here, whichever task had it. */
  #retire(streamId: string, epoch: number, { holder, broadcast }: FormerHolder, media: StreamPackage | null): void {
    const { task, now } = this.#options;
    const { playbackId } = holder;
    const own = this.#streams.get(playbackId);
    const isOurs = holder.taskId === task.taskId;
    if (!isOurs) own?.fence();
    const latency = broadcast?.sequence.latency ?? 'standard';
    const past = {
      package: media ?? (broadcast && lostBroadcast(broadcast, epoch, now())),
      broadcast: broadcast && asHandedOver(broadcast, media),
    };
    const ended = own !== undefined && isOurs ? own : this.#create({ streamId, playbackId, latency }, past);
    this.#streams.delete(playbackId);
    this.#retired.set(playbackId, ended);
    ended.retire(epoch);
  }

  /** Null if it is lost. Resolves when no other task answers for the stream any more. */
  async #mediaOf(
    streamId: string,
    { epoch, server }: BegunPublish,
    former: FormerHolder,
  ): Promise<StreamPackage | null> {
    const { task, takeOver } = this.#options;
    const isOurs = former.holder.taskId === task.taskId;
    const media = isOurs ? null : await takeOver({ streamId, epoch, former });
    const isKnown = server === null || [task.taskId, former.holder.taskId].includes(server.taskId);
    if (media !== null || isKnown) return media;
    // The answer that made the former holder the holder was lost, so that the one before it knows nothing of that.
    const older = await takeOver({ streamId, epoch, former: { ...former, holder: server } });
    // Another task may have gone on with it for a moment.
    return isOurs ? older : null;
  }

  #create(stream: Pick<AuthorisedStream, 'streamId' | 'playbackId' | 'latency'>, past: StreamPast): LiveStream {
    const { log } = this.#options;
    const { streamId, playbackId } = stream;
    const created: LiveStream = new LiveStream({
      ...this.#options,
      ...{ streamId, playbackId, past },
      latency: past.broadcast?.sequence.latency ?? stream.latency,
      log: log.child({ streamId }),
      onCost: (vCpus) => this.#options.room.correct(streamId, vCpus),
      isDraining: () => this.#isDraining,
      onEnded: () => this.#releaseRoomUnlessNeeded(streamId),
      onGone: () => this.#onGone(playbackId, created),
    });
    this.#streams.set(playbackId, created);
    return created;
  }

  #onGone(playbackId: string, stream: LiveStream): void {
    for (const streams of [this.#streams, this.#retired])
      if (streams.get(playbackId) === stream) streams.delete(playbackId);
    this.#releaseRoomUnlessNeeded(stream.streamId);
    if (!stream.isFenced) return;
    this.#fenced.set(stream.streamId, stream);
    const timer = setTimeout(() => {
      if (this.#fenced.get(stream.streamId) === stream) this.#fenced.delete(stream.streamId);
    }, KEEP_FENCED_MS);
    timer.unref();
  }
}
