import type { AuthorisedStream, RefusalCode } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { Departure, PublisherHandler } from '#encoder/rtmp/publisher.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';

export const STREAM: AuthorisedStream = {
  streamId: 'stream-1',
  playbackId: 'playback-1',
  version: 1,
  ladder: '360p',
  latency: 'ultra',
  maxInputKbps: 1_456,
};

/** How the server ended a publish. */
export interface PublishEnd {
  readonly code: RefusalCode;
  readonly description: string;
}

/** Stands in for a publishing connection of the RTMP server. */
export interface TestPublish {
  /** Resolves when the server ends it. */
  readonly ended: Promise<PublishEnd>;
  /** Resolves when the server asks it to connect again. */
  readonly sentAway: Promise<void>;
  readonly isClosed: boolean;
  /** Sends tags in real time. Resolves when all are sent or the publish is closed. */
  send(tags: readonly FlvTag[]): Promise<void>;
  /** Sends all tags at once. */
  burst(tags: readonly FlvTag[]): void;
  /** @default its connection is lost */
  leave(departure?: Departure): void;
}

const open = new Set<TestPublish>();

/** Makes every publish that is still open leave. For `afterEach`. */
export function leaveAll(): void {
  for (const publish of open) publish.leave();
}

/** Publishes to LiveStreams. Rejects if the publish is not accepted. */
export async function publish(streams: Pick<LiveStreams, 'accept'>, id: string, stream = STREAM): Promise<TestPublish> {
  let handler: PublisherHandler | null = null;
  let isClosed = false;
  let resolveEnded: (end: PublishEnd) => void = () => undefined;
  const ended = new Promise<PublishEnd>((resolve) => {
    resolveEnded = resolve;
  });
  let resolveSentAway: () => void = () => undefined;
  const sentAway = new Promise<void>((resolve) => {
    resolveSentAway = resolve;
  });
  const close = (departure: Departure = 'lost'): void => {
    if (isClosed) return;
    isClosed = true;
    open.delete(opened);
    handler?.onClose(departure);
  };
  handler = await streams.accept({
    id,
    remoteAddress: '192.0.2.1',
    software: null,
    stream,
    end: (code, description) => {
      // As a connection does, which closes its handler after the call.
      queueMicrotask(() => {
        close();
        resolveEnded({ code, description });
      });
    },
    sendAway: () => resolveSentAway(),
    hasEnded: () => isClosed,
  });
  const hand = (tag: FlvTag): void => {
    if (!isClosed) handler?.onTag(tag, Date.now());
  };
  const opened: TestPublish = {
    ended,
    sentAway,
    get isClosed() {
      return isClosed;
    },
    send: async (tags) => {
      const startedAtMs = performance.now();
      const firstMs = tags.find(({ timestampMs }) => timestampMs > 0)?.timestampMs ?? 0;
      for (const tag of tags) {
        const dueInMs = tag.timestampMs - firstMs - (performance.now() - startedAtMs);
        if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
        if (isClosed) return;
        hand(tag);
      }
    },
    burst: (tags) => tags.forEach(hand),
    leave: (departure) => close(departure),
  };
  open.add(opened);
  return opened;
}
