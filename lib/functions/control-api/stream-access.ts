import { ID_PATTERN } from '#domain/stream-ids.ts';
import type { NewStreamDefaults, StreamRecord } from '#domain/streams.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import type { AttemptDependencies } from './attempt.ts';
import { invalidFields, ProblemError } from './problem.ts';
import type { PublicAddresses } from './stream-body.ts';
import { type ReadViewerTokenKeys, viewerTokensNotSetUp } from './viewer-token-keys.ts';

/** What the routes of streams work with. */
export interface StreamsDependencies extends AttemptDependencies {
  readonly streams: StreamStore;
  readonly live: Pick<LiveStore, 'get' | 'batchGet' | 'requestEnd'>;
  readonly addresses: PublicAddresses;
  readonly defaults: NewStreamDefaults;
  /** Null where there are none: then no stream can have playback "token". */
  readonly viewerTokenKeys: ReadViewerTokenKeys | null;
}

/** A stream by the id of a path, also one whose deletion has begun. Throws a 404. */
export async function findAnyStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await readStream(dependencies, id);
  if (stream === null) throw noSuchStream();
  return stream;
}

/** A stream by the id of a path. Throws a 404. */
export async function findStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await findAnyStream(dependencies, id);
  if (stream.deletedAt !== null) throw noSuchStream();
  return stream;
}

/** The same; null instead of a 404 where no record has the id, which may be that of a stream that a backend knows. */
export async function findRecordedStream(dependencies: Pick<StreamsDependencies, 'streams'>, id: string) {
  const stream = await readStream(dependencies, id);
  if (stream !== null && stream.deletedAt !== null) throw noSuchStream();
  return stream;
}

/** What to throw for the id of no stream. */
export const noSuchStream = (): ProblemError =>
  new ProblemError({ status: 404, detail: 'There is no stream with this id.' });

const readStream = ({ streams }: Pick<StreamsDependencies, 'streams'>, id: string) =>
  ID_PATTERN.test(id) ? streams.get(id) : null;

/** Throws a 422 for a key that would never open anything. */
export function requireWindow({ notBefore, notAfter }: Pick<StreamRecord, 'notBefore' | 'notAfter'>): void {
  if (notBefore === null || notAfter === null || notBefore < notAfter) return;
  throw new ProblemError(invalidFields([{ field: 'notAfter', detail: 'Must be after notBefore' }]));
}

/** Throws a 409 for playback "token" where nobody could ever watch. */
export function requirePlayable(
  { playback }: Pick<Partial<StreamRecord>, 'playback'>,
  { viewerTokenKeys }: Pick<StreamsDependencies, 'viewerTokenKeys'>,
): void {
  if (playback === 'token' && viewerTokenKeys === null) throw viewerTokensNotSetUp();
}

/** The next version of a stream with some changes. */
export const changed = (stream: StreamRecord, changes: Partial<StreamRecord>, nowMs: number): StreamRecord => ({
  ...stream,
  ...changes,
  version: stream.version + 1,
  updatedAt: new Date(nowMs).toISOString(),
});
