import { type Architecture, publishVCpus } from '#domain/encoder-capacity.ts';
import type { EmitEvent } from '#domain/events.ts';
import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import { type Publisher, type PublisherHandler, PublishRefusal, refuseIfEnded } from '#encoder/rtmp/publisher.ts';
import type { BegunPublish } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { Acceptance } from './incoming-streams.ts';
import type { LiveStream } from './live-stream.ts';
import { type BeginningOptions, type PublishMoves, toBeginRequest } from './publish-moves.ts';
import type { TaskRoom } from './task-room.ts';

/** The next try may reach a task that has room. */
const NO_ROOM = 'No capacity for another broadcast right now; try again in a minute';
const KEY_REPLACED = 'This stream key is no longer valid';
const PLAYBACK_ID_TAKEN =
  'Another stream with the same playback id is live or has just ended; try again in a minute or two';

export interface AdmissionOptions extends BeginningOptions {
  readonly store: Pick<LiveStore, 'claimPlaybackId' | 'begin'>;
  readonly room: TaskRoom;
  readonly architecture: Architecture;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** Publishes that go from one playback id of their stream to the other. */
  readonly moves: PublishMoves;
  /** Streams that this task holds. */
  readonly held: () => readonly LiveStream[];
  /** Ended broadcasts of streams that have another playback id now. */
  readonly retired: () => readonly LiveStream[];
  readonly emit: EmitEvent;
}

/** Takes authorised publishers on, or refuses them. */
export class Admission {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** The vCPUs that a publish takes as far as known before its source is. */
  costOf({ ladder, codecs }: AuthorisedStream): number {
    return publishVCpus({ ladder, codecs, architecture: this.#options.architecture });
  }

  /**
   * Takes an authorised publisher on. Rejects with a PublishRefusal if it may not publish or the task has no room for it, and
   * with the store's error if its epochs can't be reserved.
   */
  async accept(publisher: Publisher): Promise<PublisherHandler> {
    const { streamId } = publisher.stream;
    for (let moving = this.#moveOf(streamId); moving !== null; moving = this.#moveOf(streamId)) await moving;
    const joined = this.#join(publisher);
    if (joined !== null) return joined;
    // Before the store is asked, since that takes the stream from a publisher on another task.
    this.#takeRoom(publisher);
    const acceptance = this.#options.incoming.addPublisher(publisher);
    try {
      return await this.#begin(publisher, acceptance);
    } finally {
      acceptance.onSettled();
      this.releaseRoomUnlessNeeded(streamId);
    }
  }

  /**
   * Releases a stream's room if nobody is about to publish it and its playlists have ended. It keeps its room during the reconnect
   * window, so that a broadcaster who comes back finds room.
   */
  releaseRoomUnlessNeeded(streamId: string): void {
    const { incoming, held, room } = this.#options;
    const isHolding = held().some((stream) => stream.streamId === streamId && !stream.hasEnded);
    if (!incoming.hasPublisherOf(streamId) && !isHolding) room.release(streamId);
  }

  #moveOf(streamId: string): Promise<unknown> | null {
    return this.#options.moves.settled(streamId);
  }

  /** The publisher of a stream's other ingest needs neither room nor epochs. The end of a key is heard by the stream. */
  #join(publisher: Publisher): PublisherHandler | null {
    const { streamId } = publisher.stream;
    const held = this.#options.held().find((stream) => stream.streamId === streamId);
    const handler = held?.join(publisher) ?? null;
    if (handler !== null)
      this.#options.log.info({ streamId, connectionId: publisher.id }, 'the other ingest has joined');
    return handler;
  }

  async #begin(publisher: Publisher, acceptance: Acceptance): Promise<PublisherHandler> {
    const { stream } = publisher;
    const { held, streamFor, now } = this.#options;
    const log = this.#options.log.child({ streamId: stream.streamId, connectionId: publisher.id });
    await this.#claimPlaybackId(publisher);
    // Perhaps under the playback id that it had before.
    const existing = held().find(({ streamId }) => streamId === stream.streamId);
    await existing?.pauseLease();
    try {
      // Other tasks may have taken seconds to answer, and the broadcaster may be at one of them by now.
      refuseIfEnded(publisher);
      const begunAtMs = now();
      const begun = await this.#beginInStore(publisher);
      if (begun === null) this.#refuse(publisher, 'NetStream.Publish.BadName', KEY_REPLACED);
      acceptance.onBegun(begun);
      const live = await streamFor({ ...stream, playbackId: begun.holder.playbackId }, begun);
      return live.publish(publisher, begun, begunAtMs, log);
    } catch (error) {
      existing?.resumeLease();
      throw error;
    }
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

  /** Refuses a playback id that another stream's viewers have: they must not get this one's picture. */
  async #claimPlaybackId(publisher: Publisher): Promise<void> {
    const { streamId } = publisher.stream;
    const { store, now } = this.#options;
    for (const playbackId of playbackIdsOf(publisher)) {
      const claimed = await this.#orReport(publisher, store.claimPlaybackId({ playbackId, streamId, nowMs: now() }));
      if (!claimed) this.#refuse(publisher, 'NetStream.Publish.Rejected', PLAYBACK_ID_TAKEN);
    }
    this.#refuseTakenPlaybackId(publisher);
  }

  /** Refuses a playback id that another stream has on this task, or will have. */
  #refuseTakenPlaybackId(publisher: Publisher): void {
    const { streamId } = publisher.stream;
    const playbackIds = playbackIdsOf(publisher);
    const { incoming, held, retired } = this.#options;
    const earlier = incoming.publishersBefore(publisher).map(({ stream }) => stream);
    const others = [...earlier, ...held(), ...retired()];
    const isTaken = others.some((other) => playbackIds.includes(other.playbackId) && other.streamId !== streamId);
    if (isTaken) this.#refuse(publisher, 'NetStream.Publish.Rejected', PLAYBACK_ID_TAKEN);
  }

  /** Null if the stream has changed since the publish was authorised. */
  async #beginInStore(publisher: Publisher): Promise<BegunPublish | null> {
    const { store, task, reconnectWindowMs, now } = this.#options;
    const { playbackId, onAirPlaybackId } = publisher.stream;
    const request = {
      ...toBeginRequest(publisher, { ...task, playbackId }, now()),
      ...(onAirPlaybackId === undefined ? {} : { onAir: { playbackId: onAirPlaybackId, reconnectWindowMs } }),
    };
    return this.#orReport(publisher, store.begin(request));
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
}

/** The playback ids under which a publish may go on. */
const playbackIdsOf = ({ stream }: Publisher): readonly string[] =>
  stream.onAirPlaybackId === undefined ? [stream.playbackId] : [stream.playbackId, stream.onAirPlaybackId];
