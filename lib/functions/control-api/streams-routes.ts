import type { OpenAPIHono, z } from '@hono/zod-openapi';
import { generateId, generatePlaybackId, generateSecret, hashSecret } from '#domain/stream-ids.ts';
import type { StreamRecord } from '#domain/streams.ts';
import { type Attempt, beginAttempt } from './attempt.ts';
import { changedSince, entityTag, requireMatch } from './entity-tag.ts';
import { ProblemError } from './problem.ts';
import { type CreateStreamSchema, createStreamSchema } from './schemas.ts';
import {
  changed,
  findAnyStream,
  findStream,
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

/** Adds the routes of streams and their settings to an app. */
export function addStreamsRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { streams, live, addresses, now } = dependencies;
  const createSchema = createStreamSchema(dependencies.defaults);

  app.openapi(createStreamRoute(createSchema), async (context) => {
    // Parsed here for its defaults: where there is no body, the router hands on an empty object as it is.
    const settings = createSchema.parse(context.req.valid('json'));
    requireWindow(settings);
    requirePlayable(settings, dependencies);
    const attempt = await beginAttempt(context, { body: settings, base: null }, dependencies);
    const { stream, streamKey } = newStream(settings, attempt);
    const isOver = attempt.isDone || (await attempt.wasRemoved(stream.id));
    const stored = isOver ? await streams.get(stream.id) : await streams.create(stream);
    if (stored?.keyHash !== stream.keyHash || stored.deletedAt !== null) {
      throw new ProblemError({ status: 409, detail: 'The stream was created; it or its key is gone since.' });
    }
    if (!attempt.isDone) await attempt.finish();
    const body = { ...toStreamBody(stored, null, addresses, now()), streamKey };
    return context.json(body, 201, { Location: `/api/streams/${stored.id}`, ETag: entityTag(stored.version) });
  });

  app.openapi(listStreamsRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const page = await streams.list({ limit, afterId: cursor ?? null });
    const present = page.streams.filter((stream) => stream.deletedAt === null);
    const liveById = await live.batchGet(present.map((stream) => stream.id));
    const bodies = present.map((stream) => toStreamBody(stream, liveById.get(stream.id) ?? null, addresses, now()));
    return context.json({ streams: bodies, nextCursor: page.lastId }, 200);
  });

  app.openapi(getStreamRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const body = toStreamBody(stream, await live.get(stream.id), addresses, now());
    return context.json(body, 200, { ETag: entityTag(stream.version) });
  });

  app.openapi(changeStreamRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const ifMatch = context.req.valid('header')['if-match'];
    requireMatch(ifMatch, stream.version);
    // JSON has no undefined: a field is there with a value or not at all.
    const changes = context.req.valid('json') as Partial<StreamRecord>;
    requirePlayable(changes, dependencies);
    const { playback = stream.playback } = changes;
    const playbackId =
      playback === stream.playback ? stream.playbackId : generatePlaybackId(playback, dependencies.randomBytes);
    const next = changed(stream, { ...changes, playbackId }, now());
    requireWindow(next);
    if (!(await streams.replace(next))) throw changedSince(ifMatch);
    const body = toStreamBody(next, await live.get(next.id), addresses, now());
    return context.json(body, 200, { ETag: entityTag(next.version) });
  });

  app.openapi(deleteStreamRoute, async (context) => {
    const stream = await findAnyStream(dependencies, context.req.valid('param').id);
    let marked = stream;
    // Marked first: whatever fails after that, the key is dead, and the next DELETE does the rest.
    if (stream.deletedAt === null) {
      const ifMatch = context.req.valid('header')['if-match'];
      requireMatch(ifMatch, stream.version);
      const deletedAt = new Date(now()).toISOString();
      marked = changed(stream, { deletedAt }, now());
      if (!(await streams.replace(marked))) throw changedSince(ifMatch);
    }
    await live.requestEnd({ streamId: stream.id, reason: 'deleted', minVersion: marked.version, nowMs: now() });
    await dependencies.idempotency.markRemoved({ thingId: stream.id, nowMs: now() });
    await streams.remove(stream);
    return context.body(null, 204);
  });
}

function newStream(settings: z.infer<CreateStreamSchema>, { randomBytes, startedAtMs }: Attempt) {
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
    ...settings,
  };
  return { stream, streamKey };
}
