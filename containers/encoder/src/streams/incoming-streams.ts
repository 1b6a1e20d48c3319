import type { BroadcastState } from '#domain/streams.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import type { Publisher } from '#encoder/rtmp/publisher.ts';
import type { BegunPublish } from '#runtime/live-publishes.ts';

/** A stream that begins on this task with nobody publishing it. */
export interface ArrivingStream {
  readonly streamId: string;
  readonly playbackId: string;
  readonly epoch: number;
  /** When the store was asked for the epoch, in milliseconds since 1970. */
  readonly heldAtMs: number;
  /** The word by which it is on air. Missing for a preview, and if the stream goes on air by itself. */
  readonly onAirId?: string;
  /** Null if its media is lost. */
  readonly package: StreamPackage | null;
  readonly broadcast: BroadcastState;
}

/** A stream that is on its way here from another task. */
export type IncomingStream = Pick<ArrivingStream, 'streamId' | 'playbackId'>;

/** What somebody knows of a stream. */
type StreamName = Pick<IncomingStream, 'streamId'> | Pick<IncomingStream, 'playbackId'>;

/** Hears how far a publisher is on its way. */
export interface Acceptance {
  /** The store has begun the publish. */
  onBegun(begun: BegunPublish): void;
  /** The publisher is accepted or refused. */
  onSettled(): void;
}

/** A publisher that is being accepted. */
interface IncomingPublisher {
  /** What the stream's playback id was until now, if it is known to have been another one. */
  formerPlaybackId: string | null;
  /** Its fencing epoch; null if the store gives it none. Never rejects. */
  readonly begun: Promise<number | null>;
  /** Settles when the publisher is accepted or refused. */
  readonly settled: Promise<void>;
}

/** What is on its way to this task, publishers and streams from other tasks, and those who wait for it. */
export class IncomingStreams {
  /** In the order in which they came. */
  readonly #publishers = new Map<Publisher, IncomingPublisher>();
  /** With what settles when a stream is here, or will not come. Never rejects. */
  readonly #streams = new Map<IncomingStream, Promise<unknown>>();

  /** Publishers that are being accepted and came before this one. */
  publishersBefore(publisher: Publisher): readonly Publisher[] {
    const all = [...this.#publishers.keys()];
    return all.includes(publisher) ? all.slice(0, all.indexOf(publisher)) : all;
  }

  /** Whether a publisher of a stream is being accepted. */
  hasPublisherOf(streamId: string): boolean {
    return [...this.#publishers.keys()].some(({ stream }) => stream.streamId === streamId);
  }

  /** Counts a publisher as being accepted until that has settled. */
  addPublisher(publisher: Publisher): Acceptance {
    let resolveBegun: (epoch: number | null) => void = () => undefined;
    let resolveSettled: () => void = () => undefined;
    const incoming: IncomingPublisher = {
      formerPlaybackId: null,
      begun: new Promise((resolve) => (resolveBegun = resolve)),
      settled: new Promise((resolve) => (resolveSettled = resolve)),
    };
    this.#publishers.set(publisher, incoming);
    return {
      onBegun: ({ epoch, former }) => {
        incoming.formerPlaybackId = former?.holder.playbackId ?? null;
        resolveBegun(epoch);
      },
      onSettled: () => {
        resolveBegun(null);
        resolveSettled();
        this.#publishers.delete(publisher);
      },
    };
  }

  /** Counts a stream as being on its way until `bring` settles. */
  async whileArriving<T>(stream: IncomingStream, bring: () => Promise<T>): Promise<T> {
    const bringing = bring();
    const incoming = { ...stream };
    const settled = bringing.catch(() => undefined);
    this.#streams.set(incoming, settled);
    return bringing.finally(() => this.#streams.delete(incoming));
  }

  /**
   * Resolves when the publishers of a stream, of those that are being accepted, are accepted or refused. A stream has its former
   * playback id until then. Those with a newer epoch are not waited for: they may be waiting for the task that asks. Never rejects.
   */
  async accepted(name: StreamName, belowEpoch = Number.POSITIVE_INFINITY): Promise<void> {
    const meant = [...this.#publishers].filter(
      ([{ stream }, { formerPlaybackId }]) =>
        isNamed(name, stream.streamId, stream.playbackId) ||
        isNamed(name, stream.streamId, stream.onAirPlaybackId ?? null) ||
        isNamed(name, stream.streamId, formerPlaybackId),
    );
    await Promise.all(
      meant.map(async ([, { begun, settled }]) => {
        if (((await begun) ?? 0) < belowEpoch) await settled;
      }),
    );
  }

  /** Resolves when a stream that is on its way from another task is here, or will not come. Never rejects. */
  async arrived(name: StreamName): Promise<void> {
    await Promise.all(
      [...this.#streams]
        .filter(([{ streamId, playbackId }]) => isNamed(name, streamId, playbackId))
        .map(([, settled]) => settled),
    );
  }
}

function isNamed(name: StreamName, streamId: string, playbackId: string | null): boolean {
  return 'streamId' in name ? name.streamId === streamId : name.playbackId === playbackId;
}
