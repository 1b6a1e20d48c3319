import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { PurgeRecord } from '#domain/purges.ts';
import { generateId, generatePlaybackId, ID_PATTERN } from '#domain/stream-ids.ts';
import { type StreamRecord, withPlaybackId } from '#domain/streams.ts';
import { type Attempt, beginAttempt } from './attempt.ts';
import { noteChange, streamFields } from './audit-notes.ts';
import { idempotencyHeaderSchema, idPathSchema, ifMatchHeaderSchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { purgePathSchema, purgeSchema, toPurgeBody } from './purge-schemas.ts';
import { advancePurge, beginPurge, carryOutPurge, exposedPlaybackIds } from './purges.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { nextVersion, requireMatch, versionConflict } from './stream-version.ts';

const purgeStreamRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/purge',
  summary: 'Take a stream down',
  description:
    'The broadcast ends at once and its publisher is disconnected. The stream gets another `playbackId`, and its old ' +
    'addresses stop working, at the encoder tasks and in the caches of the CDN. The stream key stays valid: whoever ' +
    'has it can publish again, at the new addresses. What viewers have stored themselves cannot be taken back. If ' +
    'your own backend decides who may publish, its streams have no record here and cannot be purged.',
  security: needs('streams:end'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema.extend(idempotencyHeaderSchema.shape) },
  responses: {
    202: json(purgeSchema, 'The purge has begun. Ask for its status until it is completed, usually within a minute'),
    ...problems(404, 409, 412, 413, 422),
  },
});

const getPurgeRoute = createRoute({
  method: 'get',
  path: '/api/streams/{id}/purges/{purgeId}',
  summary: 'Get the status of a purge',
  description: 'For a week, even if the stream has been deleted.',
  security: needs('streams:read'),
  request: { params: purgePathSchema },
  responses: { 200: json(purgeSchema, 'The purge'), ...problems(404) },
});

/** What the first attempt at a purge found. */
interface PurgeBase {
  readonly version: number;
  readonly playbackIds: readonly string[];
}

/** Path of a purge's status. */
export const purgePath = ({ streamId, purgeId }: Pick<PurgeRecord, 'streamId' | 'purgeId'>): string =>
  `/api/streams/${streamId}/purges/${purgeId}`;

/** Adds the routes that take a stream down and say how far that is. */
export function addPurgeRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  app.openapi(purgeStreamRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const base = { version: stream.version, playbackIds: await exposedPlaybackIds(stream, dependencies) };
    const attempt = await beginAttempt<PurgeBase>(context, { body: null, base }, dependencies);
    const purgeId = generateId(attempt.randomBytes);
    const ifMatch = context.req.valid('header')['if-match'];
    if (!attempt.isDone) {
      const closed = await close(stream, { purgeId, attempt, ifMatch }, dependencies);
      noteChange(context, { before: streamFields(stream), after: streamFields(closed) });
    }
    const purge = await findPurge({ id: stream.id, purgeId }, dependencies);
    const carryOut = attempt.isDone ? advancePurge : carryOutPurge;
    return context.json(toPurgeBody(await carryOut(purge, dependencies)), 202, { Location: purgePath(purge) });
  });

  app.openapi(getPurgeRoute, async (context) => {
    const purge = await findPurge(context.req.valid('param'), dependencies);
    return context.json(toPurgeBody(await advancePurge(purge, dependencies)), 200);
  });
}

interface PurgeAttempt {
  readonly purgeId: string;
  readonly attempt: Attempt<PurgeBase>;
  readonly ifMatch: string | undefined;
}

/**
 * Gives the stream another playback id, and then asks its task to forget it. From then on nobody publishes it at the
 * old addresses any more. Resolves to the stream as it is then.
 */
async function close(
  stream: StreamRecord,
  { purgeId, attempt, ifMatch }: PurgeAttempt,
  dependencies: StreamsDependencies,
): Promise<StreamRecord> {
  const { streams, live, now } = dependencies;
  const { version, playbackIds } = attempt.base;
  const playbackId = generatePlaybackId(stream.playback, attempt.randomBytes);
  let closed = stream;
  if (stream.playbackId !== playbackId) {
    if (stream.version !== version) throw changedSince();
    requireMatch(ifMatch, version);
    closed = nextVersion(stream, withPlaybackId(stream, playbackId), now());
    if (!(await streams.replace(closed))) throw versionConflict(ifMatch);
  }
  const closing = { reason: 'purged', minVersion: version + 1, playbackIds } as const;
  await live.requestEnd({ streamId: stream.id, ...closing, nowMs: now() });
  const requestedAt = new Date(attempt.startedAtMs).toISOString();
  const ownerId = stream.owner?.id ?? null;
  await beginPurge({ purgeId, streamId: stream.id, ownerId, playbackIds, requestedAt }, dependencies);
  await attempt.finish();
  return closed;
}

/** A repeat must not purge what somebody else has done since. */
function changedSince(): ProblemError {
  const detail = 'The stream has changed since this request was first made. Read it and purge it with a new request.';
  return new ProblemError({ status: 409, detail });
}

async function findPurge(
  { id, purgeId }: { readonly id: string; readonly purgeId: string },
  { purges }: StreamsDependencies,
): Promise<PurgeRecord> {
  const purge = ID_PATTERN.test(purgeId) ? await purges.get(purgeId) : null;
  if (purge?.streamId === id) return purge;
  throw new ProblemError({ status: 404, detail: 'The stream has no purge with this id.' });
}
