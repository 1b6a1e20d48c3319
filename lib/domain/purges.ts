import { needsViewerToken } from './playback-ids.ts';

/** How far a purge is: whether a cache may still answer for the old addresses. */
export const PURGE_STATUSES = ['in-progress', 'completed'] as const;

export type PurgeStatus = (typeof PURGE_STATUSES)[number];

/** An invalidation that the CDN was asked for. */
export interface PurgeInvalidation {
  readonly id: string;
  /** Whether it was sent after all tasks had stopped answering. Otherwise caches may have fetched files again. */
  readonly isFinal: boolean;
}

/** The removal of everything below a stream's old addresses from the tasks and from the CDN's caches. */
export interface PurgeRecord {
  readonly purgeId: string;
  readonly streamId: string;
  /** The stream's owner, who may ask for the status when the stream is gone. Null or missing without one. */
  readonly ownerId?: string | null;
  readonly playbackIds: readonly string[];
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
  /** The latest one. Null before the first. */
  readonly invalidation: PurgeInvalidation | null;
  /** ISO 8601, UTC. Null until no cache answers any more. */
  readonly completedAt: string | null;
}

/** A task that answers for a playback id, or did until its lease ran out. */
export interface PlaybackHold {
  readonly playbackId: string;
  readonly taskId: string;
  /** Milliseconds since 1970, by the task's clock. */
  readonly leaseUntilMs: number;
}

/**
 * What to invalidate. The watch and embed pages are not among it: they are the same file for every stream. A protected
 * file is cached under its path without the token. AWS advises to invalidate the path that viewers ask for as well, if a
 * function changes it ("What you need to know when invalidating paths"). That path begins with the token, and a wildcard
 * can only be at the end of a path, so all protected streams' files are fetched once more.
 */
export function invalidationPaths(playbackIds: readonly string[]): readonly string[] {
  const paths = playbackIds.map((playbackId) => `/live/${playbackId}/*`);
  return playbackIds.some(needsViewerToken) ? [...paths, '/t/*'] : paths;
}
