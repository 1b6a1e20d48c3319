import type { Logger } from 'pino';
import type { EmitEvent } from '#domain/events.ts';
import type { RefusalCode } from '#domain/ingest-auth.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { type Publisher, type PublisherHandler, PublishRefusal } from '#encoder/rtmp/publisher.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import type { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { EPOCHS_PER_PUBLISH, type LiveStore } from '#runtime/live-store.ts';
import { Lease } from './lease.ts';
import type { LivePublish } from './live-publish.ts';
import { LiveStream } from './live-stream.ts';
import type { ReservedEpochs } from './numbering.ts';

/** The next try may reach a task that has room. */
const NO_SLOT = 'No capacity for another broadcast right now; try again in a minute';
const KEY_REPLACED = 'This stream key is no longer valid';
const PLAYBACK_ID_TAKEN =
  'Another stream with the same playback id is live here or has just ended; try again in a minute or two';

export interface LiveStreamsOptions {
  readonly store: Pick<LiveStore, 'begin' | 'heartbeat' | 'end'>;
  readonly reconnectWindowMs: number;
  /** How many broadcasts the task takes at once. */
  readonly slots: number;
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
  readonly slots: number;
  readonly slotsUsed: number;
  /** Streams that viewers can play. */
  readonly streamsLive: number;
  /** Streams of which viewers get less than ladder and source allow, because FFmpeg did not keep up. */
  readonly streamsReduced: number;
  /** Media seconds out per media second in of the slowest stream; null if unknown. */
  readonly encoderSpeed: number | null;
}

/** The streams of this task, by playback id. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #streams = new Map<string, LiveStream>();
  readonly #leases = new Set<Lease>();
  /** Publishers that are being accepted. Their streams hold slots already, so that two at once can't both take the last. */
  readonly #accepting = new Set<Publisher>();

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
  }

  /** The package of a playback id; undefined if nothing of it is live or still kept. */
  find(playbackId: string): StreamPackage | undefined {
    return this.#streams.get(playbackId)?.currentPackage;
  }

  /**
   * Takes an authorised publisher on. Rejects with a PublishRefusal if it may not publish or the task has no slot left, and with
   * the store's error if its epochs can't be reserved.
   */
  async accept(publisher: Publisher): Promise<PublisherHandler> {
    // Before the store is asked, since that takes the stream from a publisher on another task.
    this.#refuseWithoutSlot(publisher);
    this.#accepting.add(publisher);
    try {
      return await this.#begin(publisher);
    } finally {
      this.#accepting.delete(publisher);
    }
  }

  /** The load now. */
  load(): StreamsLoad {
    const streams = [...this.#streams.values()];
    const speeds = streams.flatMap(({ encoderSpeed }) => encoderSpeed ?? []);
    return {
      slots: this.#options.slots,
      slotsUsed: this.#slotHolders().size,
      streamsLive: streams.filter(({ isLive }) => isLive).length,
      streamsReduced: streams.filter(({ isReduced }) => isReduced).length,
      encoderSpeed: speeds.length === 0 ? null : Math.min(...speeds),
    };
  }

  /** Ends all streams; resolves when no process is left and the store knows. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.close()));
    await Promise.all([...this.#leases].map((lease) => lease.release()));
  }

  async #begin(publisher: Publisher): Promise<PublisherHandler> {
    const log = this.#options.log.child({ streamId: publisher.stream.streamId, connectionId: publisher.id });
    const epochs = await this.#reserveEpochs(publisher);
    const publish = this.#streamOf(publisher).publish(publisher, epochs, log);
    const lease = this.#holdLease(publisher, publish, log);
    return {
      onTag: (tag, receivedAtMs) => publish.onTag(tag, receivedAtMs),
      isPlayable: () => publish.isPlayable(),
      onClose: () => {
        publish.onClose();
        void lease.release().then(() => this.#leases.delete(lease));
      },
    };
  }

  #refuseWithoutSlot(publisher: Publisher): void {
    const holders = this.#slotHolders();
    if (holders.has(publisher.stream.playbackId) || holders.size < this.#options.slots) return;
    this.#refuse(publisher, 'NetStream.Publish.Rejected', NO_SLOT);
  }

  /** The playback ids of the streams that hold a slot. */
  #slotHolders(): ReadonlySet<string> {
    const accepting = [...this.#accepting].map(({ stream }) => stream.playbackId);
    const taken = [...this.#streams].filter(([, { holdsSlot }]) => holdsSlot).map(([playbackId]) => playbackId);
    return new Set([...accepting, ...taken]);
  }

  async #reserveEpochs(publisher: Publisher): Promise<ReservedEpochs> {
    // Before the store is asked, so that a refused publish is not shown as live until its lease runs out.
    this.#refuseTakenPlaybackId(publisher);
    const begun = await this.#beginInStore(publisher);
    if (begun === null) this.#refuse(publisher, 'NetStream.Publish.BadName', KEY_REPLACED);
    return { first: begun.firstEpoch, count: EPOCHS_PER_PUBLISH };
  }

  async #beginInStore(publisher: Publisher): ReturnType<LiveStore['begin']> {
    const { store, now } = this.#options;
    const { streamId, version } = publisher.stream;
    const nowMs = now();
    const startedAt = new Date(nowMs).toISOString();
    try {
      return await store.begin({ streamId, owner: publisher.id, version, startedAt, nowMs });
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

  /** Refuses a playback id that another stream's viewers have: they must not get this one's picture. */
  #refuseTakenPlaybackId(publisher: Publisher): void {
    const existing = this.#streams.get(publisher.stream.playbackId);
    if (existing === undefined || existing.streamId === publisher.stream.streamId) return;
    this.#refuse(publisher, 'NetStream.Publish.Rejected', PLAYBACK_ID_TAKEN);
  }

  #streamOf(publisher: Publisher): LiveStream {
    this.#refuseTakenPlaybackId(publisher);
    const { stream } = publisher;
    const existing = this.#streams.get(stream.playbackId);
    if (existing !== undefined) return existing;
    const { reconnectWindowMs, arbiter, emit, spawn, now, log } = this.#options;
    const created = new LiveStream({
      streamId: stream.streamId,
      playbackId: stream.playbackId,
      latency: stream.latency,
      reconnectWindowMs,
      arbiter,
      emit,
      spawn,
      now,
      log: log.child({ streamId: stream.streamId }),
      onGone: () => this.#streams.delete(stream.playbackId),
    });
    this.#streams.set(stream.playbackId, created);
    return created;
  }

  #holdLease(publisher: Publisher, publish: LivePublish, log: Logger): Lease {
    const lease = new Lease({
      store: this.#options.store,
      streamId: publisher.stream.streamId,
      owner: publisher.id,
      health: () => publish.health(),
      onLost: (reason) => publish.end(reason),
      now: this.#options.now,
      log,
    });
    this.#leases.add(lease);
    return lease;
  }
}
