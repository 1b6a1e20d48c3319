import type { Logger } from 'pino';
import { type Architecture, publishVCpus } from '#domain/encoder-capacity.ts';
import type { EmitEvent } from '#domain/events.ts';
import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { TaskAddress } from '#domain/streams.ts';
import { type Publisher, type PublisherHandler, PublishRefusal, refuseIfEnded } from '#encoder/rtmp/publisher.ts';
import type { BeginRequest, BegunPublish } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { Acceptance, IncomingStreams } from './incoming-streams.ts';
import type { LivePublish } from './live-publish.ts';
import type { LiveStream } from './live-stream.ts';
import type { TaskRoom } from './task-room.ts';

/** The next try may reach a task that has room. */
const NO_ROOM = 'No capacity for another broadcast right now; try again in a minute';
const KEY_REPLACED = 'This stream key is no longer valid';
const PLAYBACK_ID_TAKEN =
  'Another stream with the same playback id is live or has just ended; try again in a minute or two';

export interface AdmissionOptions {
  readonly task: TaskAddress;
  readonly store: Pick<LiveStore, 'claimPlaybackId' | 'begin'>;
  readonly room: TaskRoom;
  readonly architecture: Architecture;
  /** How long a stream without a publisher waits for one before it ends. */
  readonly reconnectWindowMs: number;
  /** Publishers that are being accepted. Their streams hold room already, so that two at once can't both take the last. */
  readonly incoming: IncomingStreams;
  /** Streams that this task holds. */
  readonly held: () => readonly LiveStream[];
  /** Ended broadcasts of streams that have another playback id now. */
  readonly retired: () => readonly LiveStream[];
  /** The stream of a publish that the store has begun, as this task has it or as it takes it over from its former holder. */
  readonly streamFor: (stream: AuthorisedStream, begun: BegunPublish) => Promise<LiveStream>;
  readonly emit: EmitEvent;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

interface PublishMove {
  readonly publish: LivePublish;
  readonly onAirId: string | null;
  readonly acceptance: Acceptance;
}

/** Takes authorised publishers on, or refuses them. */
export class Admission {
  readonly #options: AdmissionOptions;
  /** Publishes that go from one playback id of their stream to the other, by stream id. They never reject. */
  readonly #moves = new Map<string, Promise<unknown>>();

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
    await this.#moves.get(streamId);
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
   * Goes on with a publish under its stream's other playback id: on air by a word, or as a preview without one. Resolves to false,
   * and changes nothing, if another publisher is on its way, or the stream or the word has changed. Rejects if the store can't be
   * reached.
   */
  async move(live: LiveStream, publish: LivePublish, onAirId: string | null): Promise<boolean> {
    const { incoming } = this.#options;
    const { publisher } = publish;
    const { streamId } = live;
    if (incoming.hasPublisherOf(streamId)) return false;
    const acceptance = incoming.addPublisher(publisher);
    const moving = this.#move(live, { publish, onAirId, acceptance });
    this.#moves.set(
      streamId,
      moving.catch(() => undefined),
    );
    try {
      return await moving;
    } finally {
      this.#moves.delete(streamId);
      acceptance.onSettled();
      this.releaseRoomUnlessNeeded(streamId);
    }
  }

  async #move(live: LiveStream, { publish, onAirId, acceptance }: PublishMove): Promise<boolean> {
    const { task, streamFor, now } = this.#options;
    const { publisher } = publish;
    const { stream } = publisher;
    const { playbackId, onAirPlaybackId = playbackId } = stream;
    const word = onAirId === null ? { playbackId } : { playbackId: onAirPlaybackId, onAirId };
    const log = this.#options.log.child({ streamId: stream.streamId, connectionId: publisher.id });
    await live.pauseLease();
    let hasBegun = false;
    try {
      const begunAtMs = now();
      const request = { ...this.#requestOf(publisher), holder: { ...task, ...word }, formerEpoch: live.epoch };
      const begun = await this.#options.store.begin(request);
      if (begun === null) return false;
      hasBegun = true;
      acceptance.onBegun(begun);
      live.letGo(publish, onAirId === null ? 'stopped' : 'on-air');
      const next = await streamFor({ ...stream, ...word }, begun);
      next.goOnWith(publish, begun, begunAtMs, log);
      log.info({ playbackId: word.playbackId }, onAirId === null ? 'stream off air' : 'stream on air');
      return true;
    } catch (error) {
      if (hasBegun) publish.fail();
      throw error;
    } finally {
      if (!hasBegun) live.resumeLease();
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
    const { store, task, reconnectWindowMs } = this.#options;
    const { playbackId, onAirPlaybackId } = publisher.stream;
    const request = {
      ...this.#requestOf(publisher),
      holder: { ...task, playbackId },
      ...(onAirPlaybackId === undefined ? {} : { onAir: { playbackId: onAirPlaybackId, reconnectWindowMs } }),
    };
    return this.#orReport(publisher, store.begin(request));
  }

  #requestOf({ id: owner, stream }: Publisher): Omit<BeginRequest, 'holder'> {
    const { streamId, version } = stream;
    const nowMs = this.#options.now();
    return { streamId, owner, version, startedAt: new Date(nowMs).toISOString(), nowMs };
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
