import { ID_PATTERN } from '#domain/stream-ids.ts';
import type { NewStreamDefaults, StreamRecord } from '#domain/streams.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { SlateImageStore } from '#runtime/slate-image-store.ts';
import type { StreamPage, StreamStore } from '#runtime/stream-store.ts';
import type { TraceStore } from '#runtime/trace-store.ts';
import type { AttemptDependencies } from './attempt.ts';
import type { Reach } from './caller.ts';
import { invalidFields, ProblemError } from './problem.ts';
import type { PurgesDependencies } from './purges.ts';
import type { PublicAddresses } from './stream-body.ts';
import { type ReadViewerTokenKeys, viewerTokensNotSetUp } from './viewer-token-keys.ts';

/** The stores and settings that the routes of streams use. */
export interface StreamsDependencies extends AttemptDependencies, PurgesDependencies {
  readonly streams: StreamStore;
  readonly live: Pick<
    LiveStore,
    | 'get'
    | 'getHeld'
    | 'getPresence'
    | 'listHolds'
    | 'listPresences'
    | 'wasPublished'
    | 'requestEnd'
    | 'requestTrace'
    | 'goOnAir'
    | 'goOffAir'
  >;
  readonly traces: Pick<TraceStore, 'get' | 'remove'>;
  readonly slateImages: SlateImageStore;
  readonly addresses: PublicAddresses;
  readonly defaults: NewStreamDefaults;
  /** Null if the deployment has no keys. Then no stream can have playback "token". */
  readonly viewerTokenKeys: ReadViewerTokenKeys | null;
}

/** Finds a stream by its id, even if its deletion has begun. Throws a 404 if there is none. */
export async function findAnyStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await readStream(dependencies, id);
  if (stream === null) throw noSuchStream();
  return stream;
}

/** Finds a stream by its id. Throws a 404 if there is none. */
export async function findStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await findAnyStream(dependencies, id);
  if (stream.deletedAt !== null) throw noSuchStream();
  return stream;
}

/**
 * Like `findStream`, but returns null if there is no record, because the id may be of a stream that only a backend
 * knows.
 */
export async function findRecordedStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await readStream(dependencies, id);
  if (stream !== null && stream.deletedAt !== null) throw noSuchStream();
  return stream;
}

/** A page of the streams that a caller sees. */
export async function listReached(
  dependencies: Pick<StreamsDependencies, 'streams'>,
  reach: Reach,
  page: { readonly limit: number; readonly afterId: string | null },
): Promise<StreamPage> {
  if (reach.kind !== 'stream') {
    return dependencies.streams.list({ ...page, ownerId: reach.kind === 'person' ? reach.personId : null });
  }
  const stream = await readStream(dependencies, reach.streamId);
  return { streams: stream === null ? [] : [stream], lastId: null };
}

/** The error for an id that no stream has. */
export const noSuchStream = (): ProblemError =>
  new ProblemError({ status: 404, detail: 'There is no stream with this id.' });

const readStream = ({ streams }: Pick<StreamsDependencies, 'streams'>, id: string) =>
  ID_PATTERN.test(id) ? streams.get(id) : null;

/** Throws a 422 if the window in which the key works is empty. */
export function requireWindow({ notBefore, notAfter }: Pick<StreamRecord, 'notBefore' | 'notAfter'>): void {
  if (notBefore === null || notAfter === null || Date.parse(notBefore) < Date.parse(notAfter)) return;
  throw new ProblemError(
    invalidFields([{ field: 'notAfter', detail: `Must be after notBefore (${notBefore}), not ${notAfter}` }]),
  );
}

/** Throws a 409 for playback "token" and for previews if the deployment has no keys, because nobody could ever watch. */
export function requirePlayable(
  { playback, autoStart }: Pick<Partial<StreamRecord>, 'playback' | 'autoStart'>,
  { viewerTokenKeys }: Pick<StreamsDependencies, 'viewerTokenKeys'>,
): void {
  if ((playback === 'token' || autoStart === false) && viewerTokenKeys === null) throw viewerTokensNotSetUp();
}
