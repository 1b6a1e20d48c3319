import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIHono, z } from '@hono/zod-openapi';
import { generateId, generatePlaybackId, generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { type StreamOwner, type StreamRecord, withPlaybackId } from '#domain/streams.ts';
import { type Attempt, beginAttempt } from './attempt.ts';
import { noteChange, noteRepeat, streamFields } from './audit-notes.ts';
import { callerOf } from './caller.ts';
import { ProblemError } from './problem.ts';
import { purgePath } from './purge-routes.ts';
import { beginPurge, carryOutPurge, exposedPlaybackIds } from './purges.ts';
import { type CreateStreamSchema, createStreamSchema } from './schemas.ts';
import {
  findAnyStream,
  findStream,
  listReached,
  requirePlayable,
  requireWindow,
  type StreamsDependencies,
} from './stream-access.ts';
import { toStreamBody } from './stream-body.ts';
import {
  changeStreamRoute,
  createStreamRoute,
  deleteStreamRoute,
  getStreamRoute,
  listStreamsRoute,
} from './stream-definitions.ts';
import { entityTag, nextVersion, requireMatch, versionConflict } from './stream-version.ts';

/** Adds the routes that create, read, change and delete streams. */
export function addStreamsRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { streams, live, addresses, now } = dependencies;
  const createSchema = createStreamSchema(dependencies.defaults);

  app.openapi(createStreamRoute(createSchema), async (context) => {
    // Parse again to fill in the defaults: without a body the router passes on an unparsed empty object.
    const settings = createSchema.parse(context.req.valid('json'));
    requireWindow(settings);
    requirePlayable(settings, dependencies);
    const attempt = await beginAttempt(context, { body: settings, base: null }, dependencies);
    const { stream, streamKey } = newStream(settings, attempt, callerOf(context).person);
    noteChange(context, { streamId: stream.id, before: null, after: streamFields(stream) });
    const isOver = attempt.isDone || (await attempt.wasRemoved(stream.id));
    const stored = isOver ? await streams.get(stream.id) : await streams.create(stream);
    if (stored?.keyHash !== stream.keyHash || stored.deletedAt !== null) {
      throw new ProblemError({
        status: 409,
        detail: 'The stream was created, but has since been deleted or its key replaced.',
      });
    }
    if (!attempt.isDone) await attempt.finish();
    const body = { ...toStreamBody(stored, null, addresses, now()), streamKey };
    return context.json(body, 201, { Location: `/api/streams/${stored.id}`, ETag: entityTag(stored.version) });
  });

  app.openapi(listStreamsRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const page = await listReached(dependencies, callerOf(context).reach, { limit, afterId: cursor ?? null });
    const present = page.streams.filter((stream) => stream.deletedAt === null);
    const presences = await live.listPresences(present.map((stream) => stream.id));
    const bodies = present.map((stream) => toStreamBody(stream, presences.get(stream.id) ?? null, addresses, now()));
    return context.json({ streams: bodies, nextCursor: page.lastId }, 200);
  });

  app.openapi(getStreamRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const body = toStreamBody(stream, await live.getPresence(stream.id), addresses, now());
    return context.json(body, 200, { ETag: entityTag(stream.version) });
  });

  app.openapi(changeStreamRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const ifMatch = context.req.valid('header')['if-match'];
    requireMatch(ifMatch, stream.version);
    // JSON has no undefined, so a field either has a value or is absent.
    const changes = context.req.valid('json') as Partial<StreamRecord>;
    requirePlayable(changes, dependencies);
    const { playback = stream.playback } = changes;
    const playbackId =
      playback === stream.playback ? stream.playbackId : generatePlaybackId(playback, dependencies.randomBytes);
    const changed = { ...stream, ...changes, ...withPlaybackId(stream, playbackId) };
    requireWindow(changed);
    const next = isDeepStrictEqual(changed, stream) ? stream : nextVersion(changed, {}, now());
    if (next === stream) noteRepeat(context);
    else noteChange(context, { before: streamFields(stream), after: streamFields(next) });
    if (next !== stream && !(await streams.replace(next))) throw versionConflict(ifMatch);
    const body = toStreamBody(next, await live.getPresence(next.id), addresses, now());
    return context.json(body, 200, { ETag: entityTag(next.version) });
  });

  app.openapi(deleteStreamRoute, async (context) => {
    const stream = await findAnyStream(dependencies, context.req.valid('param').id);
    noteChange(context, { before: streamFields(stream), after: null });
    let marked = stream;
    // Mark it first. If a later step fails, the key no longer works and the next DELETE completes the deletion.
    if (stream.deletedAt === null) {
      const ifMatch = context.req.valid('header')['if-match'];
      requireMatch(ifMatch, stream.version);
      const deletedAt = new Date(now()).toISOString();
      marked = nextVersion(stream, { deletedAt }, now());
      if (!(await streams.replace(marked))) throw versionConflict(ifMatch);
    }
    const playbackIds = await exposedPlaybackIds(stream, dependencies);
    const closing = { reason: 'deleted', minVersion: marked.version, playbackIds } as const;
    await live.requestEnd({ streamId: stream.id, ...closing, nowMs: now() });
    await dependencies.traces.remove(stream.id, now());
    await dependencies.slateImages.remove({ streamId: stream.id, version: marked.version }, now());
    await dependencies.idempotency.markRemoved({ thingId: stream.id, nowMs: now() });
    // CloudFront works on fifteen wildcards at once. No cache has anything of a stream that was never on air.
    const wasPublished = await live.wasPublished(stream.id);
    const purge = await carryOutPurge(
      await beginPurge(
        {
          ...{ purgeId: generateId(dependencies.randomBytes), streamId: stream.id, ownerId: stream.owner?.id ?? null },
          playbackIds: wasPublished ? playbackIds : [],
          requestedAt: new Date(now()).toISOString(),
        },
        dependencies,
      ),
      dependencies,
    );
    await streams.remove(stream);
    return context.body(null, 204, { Location: purgePath(purge) });
  });
}

function newStream(
  settings: z.infer<CreateStreamSchema>,
  { randomBytes, startedAtMs }: Attempt,
  owner: StreamOwner | null,
) {
  const streamKey = generateSecret(randomBytes);
  const createdAt = new Date(startedAtMs).toISOString();
  const stream: StreamRecord = {
    id: generateId(randomBytes),
    playbackId: generatePlaybackId(settings.playback, randomBytes),
    keyHash: hashSecret(streamKey),
    version: 1,
    createdAt,
    updatedAt: createdAt,
    deletedAt: null,
    owner,
    ...settings,
  };
  return { stream, streamKey };
}
