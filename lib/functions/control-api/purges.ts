import type { Logger } from 'pino';
import { invalidationPaths, type PlaybackHold, type PurgeInvalidation, type PurgeRecord } from '#domain/purges.ts';
import { playbackIdsOf, type StreamRecord } from '#domain/streams.ts';
import { isTaskAlive, type TaskRecord } from '#domain/tasks.ts';
import type { LiveStore } from '#runtime/live-store.ts';
import type { PurgeStore } from '#runtime/purge-store.ts';
import type { TaskStore } from '#runtime/task-store.ts';
import type { Invalidations } from './invalidations.ts';
import { ProblemError, tryAgain } from './problem.ts';

/** A task hears of a purge within two seconds, so a request waits for that, but not much longer. */
const CLOSED_CHECKS = 12;
const CLOSED_CHECK_MS = 250;

/** The stores, CDN, clock, timer and log that purges use. */
export interface PurgesDependencies {
  readonly purges: PurgeStore;
  readonly live: Pick<LiveStore, 'listHolds'>;
  readonly tasks: Pick<TaskStore, 'list'>;
  readonly invalidations: Invalidations;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly log: Logger;
}

/** A purge of a stream whose tasks have been asked to forget it. */
export type NewPurge = Pick<PurgeRecord, 'purgeId' | 'streamId' | 'ownerId' | 'playbackIds' | 'requestedAt'>;

/** All playback ids under which caches or tasks may have something of a stream. */
export async function exposedPlaybackIds(
  stream: StreamRecord,
  { live }: Pick<PurgesDependencies, 'live'>,
): Promise<readonly string[]> {
  const held = await live.listHolds(stream.id);
  return [...new Set([...playbackIdsOf(stream), ...held.map(({ playbackId }) => playbackId)])];
}

/** Stores a purge. From then on, it can be brought to its end, whatever happens to this process. */
export async function beginPurge(purge: NewPurge, { purges }: PurgesDependencies): Promise<PurgeRecord> {
  const begun: PurgeRecord = { ...purge, invalidation: null, completedAt: null };
  await purges.put(begun);
  return begun;
}

/**
 * Waits for a moment until no task answers for the old addresses, and then invalidates them: a cache would fetch them
 * again from a task that still answers. If a task has not said so by then, the caches are cleared all the same, because
 * nobody may ever ask for the status. Whoever does has them cleared once more when the last task has stopped. Throws a
 * 503 if the CDN does not accept that.
 */
export async function carryOutPurge(purge: PurgeRecord, dependencies: PurgesDependencies): Promise<PurgeRecord> {
  for (let check = 1; check < CLOSED_CHECKS; check += 1) {
    if (await isClosed(purge, dependencies)) break;
    await dependencies.pause(CLOSED_CHECK_MS);
  }
  return advancePurge(purge, dependencies);
}

/** Does what is left to do of a purge and can be done now. Throws a 503 if the CDN does not answer. */
export async function advancePurge(purge: PurgeRecord, dependencies: PurgesDependencies): Promise<PurgeRecord> {
  if (purge.completedAt !== null) return purge;
  const { invalidation } = purge;
  const advanced = invalidation?.isFinal
    ? await confirm(purge, invalidation, dependencies)
    : await invalidate(purge, dependencies);
  if (advanced !== purge) await dependencies.purges.put(advanced);
  return advanced;
}

async function invalidate(purge: PurgeRecord, dependencies: PurgesDependencies): Promise<PurgeRecord> {
  const { purgeId, playbackIds, invalidation } = purge;
  if (playbackIds.length === 0) return { ...purge, completedAt: new Date(dependencies.now()).toISOString() };
  const isFinal = await isClosed(purge, dependencies);
  if (invalidation !== null && !isFinal) return purge;
  const reference = isFinal ? purgeId : `${purgeId}-early`;
  const creating = dependencies.invalidations.create({ paths: invalidationPaths(playbackIds), reference });
  return { ...purge, invalidation: { id: await orTryAgain(creating, dependencies), isFinal } };
}

async function confirm(
  purge: PurgeRecord,
  { id }: PurgeInvalidation,
  dependencies: PurgesDependencies,
): Promise<PurgeRecord> {
  const isCompleted = await orTryAgain(dependencies.invalidations.isCompleted(id), dependencies);
  // A local CDN that was started again knows no invalidations. The next look asks for another one.
  if (isCompleted === null) return { ...purge, invalidation: null };
  return isCompleted ? { ...purge, completedAt: new Date(dependencies.now()).toISOString() } : purge;
}

/** Whether no task answers for the old addresses any more. */
async function isClosed({ streamId, playbackIds }: PurgeRecord, dependencies: PurgesDependencies): Promise<boolean> {
  const { live, tasks, now } = dependencies;
  const holds = (await live.listHolds(streamId)).filter(({ playbackId }) => playbackIds.includes(playbackId));
  if (holds.length === 0) return true;
  if (holds.some(({ leaseUntilMs }) => leaseUntilMs > now())) return false;
  const records = await tasks.list();
  return holds.every((hold) => hasLetGo(hold, streamId, records, now()));
}

/**
 * Whether a task whose lease has run out does not answer for the stream. One that can't reach the database may go on
 * with its publisher. The others remove the record of a task that has gone, when they have looked after its streams.
 */
function hasLetGo({ taskId }: PlaybackHold, streamId: string, records: readonly TaskRecord[], nowMs: number): boolean {
  const task = records.find((record) => record.taskId === taskId);
  return task === undefined || (isTaskAlive(task, nowMs) && !task.streamIds.includes(streamId));
}

async function orTryAgain<Answer>(asking: Promise<Answer>, { log }: PurgesDependencies): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    log.error({ err: error }, 'the CDN did not invalidate');
    throw new ProblemError(tryAgain('The CDN did not accept the invalidation. Try again.'));
  }
}
