import type { Logger } from 'pino';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { StreamHolder, TaskAddress } from '#domain/streams.ts';
import type { Publisher } from '#encoder/rtmp/publisher.ts';
import type { BeginRequest, BegunPublish } from '#runtime/live-publishes.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { Acceptance, IncomingStreams } from './incoming-streams.ts';
import type { LivePublish } from './live-publish.ts';
import type { LiveStream } from './live-stream.ts';

/** What every publish needs that begins under a playback id. */
export interface BeginningOptions {
  readonly task: TaskAddress;
  /** Publishers that are being accepted. Their streams hold room already, so that two at once can't both take the last. */
  readonly incoming: IncomingStreams;
  /** The stream of a publish that the store has begun, as this task has it or as it takes it over from its former holder. */
  readonly streamFor: (stream: AuthorisedStream, begun: BegunPublish) => Promise<LiveStream>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

export interface PublishMovesOptions extends BeginningOptions {
  readonly store: Pick<LiveStore, 'begin'>;
  /** Called when a stream may not need its room any more. */
  readonly onSettled: (streamId: string) => void;
}

/** A publish that is about to go on under its stream's other playback id. */
interface PublishMove {
  readonly publish: LivePublish;
  /** The word by which it goes on air. Null if it becomes a preview. */
  readonly onAirId: string | null;
  readonly acceptance: Acceptance;
}

/**
 * Goes on with publishes under the other playback ids of their streams. The store begins such a publish once more, with epochs of its
 * own. So what viewers have is another broadcast, with its own package, and none of the media before is in it.
 */
export class PublishMoves {
  readonly #options: PublishMovesOptions;
  /** By stream id. They never reject. */
  readonly #moves = new Map<string, Promise<unknown>>();

  constructor(options: PublishMovesOptions) {
    this.#options = options;
  }

  /** Resolves when no publish of the stream is on its way. Null if there is none now. */
  settled(streamId: string): Promise<unknown> | null {
    return this.#moves.get(streamId) ?? null;
  }

  /**
   * Goes on with the publish of a stream: on air by a word, or as a preview without one. Resolves to false, and changes nothing, if
   * another publisher is being accepted, or the stream or the word has changed. Rejects if the store can't be reached.
   */
  async run(live: LiveStream, publish: LivePublish, onAirId: string | null): Promise<boolean> {
    const { incoming, onSettled } = this.#options;
    const { streamId } = live;
    if (incoming.hasPublisherOf(streamId)) return false;
    const acceptance = incoming.addPublisher(publish.publisher);
    const moving = this.#move(live, { publish, onAirId, acceptance });
    const settled = moving.catch(() => undefined);
    this.#moves.set(streamId, settled);
    try {
      return await moving;
    } finally {
      this.#moves.delete(streamId);
      acceptance.onSettled();
      onSettled(streamId);
    }
  }

  async #move(live: LiveStream, { publish, onAirId, acceptance }: PublishMove): Promise<boolean> {
    const { task, store, streamFor, now } = this.#options;
    const { publisher } = publish;
    const { stream } = publisher;
    const { streamId, playbackId, onAirPlaybackId = playbackId } = stream;
    const word = onAirId === null ? { playbackId } : { playbackId: onAirPlaybackId, onAirId };
    const log = this.#options.log.child({ streamId, connectionId: publisher.id });
    await live.pauseLease();
    let hasBegun = false;
    try {
      const begunAtMs = now();
      const request = toBeginRequest(publisher, { ...task, ...word }, begunAtMs);
      const begun = await store.begin({ ...request, formerEpoch: live.epoch });
      if (begun === null) return false;
      hasBegun = true;
      acceptance.onBegun(begun);
      live.letGo(publish, onAirId === null ? 'stopped' : 'on-air');
      const next = await streamFor({ ...stream, playbackId: word.playbackId }, begun);
      next.goOnWith(publish, live, begun, begunAtMs, log);
      log.info({ playbackId: word.playbackId }, onAirId === null ? 'stream off air' : 'stream on air');
      return true;
    } catch (error) {
      if (hasBegun) publish.fail();
      throw error;
    } finally {
      if (!hasBegun) live.resumeLease();
    }
  }
}

/** What the store is asked for when a publisher begins. */
export const toBeginRequest = (
  { id: owner, stream }: Publisher,
  holder: StreamHolder,
  nowMs: number,
): BeginRequest => ({
  ...{ streamId: stream.streamId, owner, holder, version: stream.version },
  ...{ startedAt: new Date(nowMs).toISOString(), nowMs },
});
