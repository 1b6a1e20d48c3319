import type { OpenAPIHono } from '@hono/zod-openapi';
import { generateSecret, hashSecret, STREAM_ID_PATTERN } from '#domain/stream-ids.ts';
import { beginAttempt } from './attempt.ts';
import { changedSince, entityTag, requireMatch } from './entity-tag.ts';
import { ProblemError } from './problem.ts';
import { changed, findRecordedStream, findStream, noSuchStream, type StreamsDependencies } from './stream-access.ts';
import { toStreamBody } from './stream-body.ts';
import { rotateKeyRoute, stopStreamRoute } from './stream-definitions.ts';

/** Adds the routes that decide who may publish now: keys, stop. */
export function addBroadcastRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { streams, live, addresses, now } = dependencies;

  app.openapi(rotateKeyRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const attempt = await beginAttempt(context, { body: null, base: stream.version }, dependencies);
    const streamKey = generateSecret(attempt.randomBytes);
    const keyHash = hashSecret(streamKey);
    let rotated = stream;
    if (stream.keyHash !== keyHash) {
      requireUnchanged(attempt, stream.version);
      const ifMatch = context.req.valid('header')['if-match'];
      requireMatch(ifMatch, stream.version);
      rotated = changed(stream, { keyHash }, now());
      if (!(await streams.replaceKey(rotated))) throw changedSince(ifMatch);
    }
    if (!attempt.isDone) {
      // The version of the new key's first moment: a repeat cuts nobody who was allowed by that key.
      const minVersion = attempt.base + 1;
      await live.requestEnd({ streamId: stream.id, reason: 'key-rotated', minVersion, nowMs: now() });
      if (rotated !== stream) await streams.forgetKey(stream.keyHash);
      await attempt.finish();
    }
    const body = { ...toStreamBody(rotated, await live.get(stream.id), addresses, now()), streamKey };
    return context.json(body, 200, { ETag: entityTag(rotated.version) });
  });

  app.openapi(stopStreamRoute, async (context) => {
    const { id } = context.req.valid('param');
    const stream = await findRecordedStream(dependencies, id);
    const base = await findPublisher(dependencies, id);
    const attempt = await beginAttempt(context, { body: null, base }, dependencies);
    const { owner, wasLive } = attempt.base;
    if (stream === null && owner === null) throw noSuchStream();
    if (!attempt.isDone) {
      if (owner !== null) await stopPublisher(dependencies, id, owner);
      await attempt.finish();
    }
    return context.json({ wasLive }, 202);
  });
}

/** Throws a 409 where somebody has changed the stream since the first attempt: its key may be another's by now. */
function requireUnchanged({ isDone, base }: { isDone: boolean; base: number }, version: number): void {
  if (isDone) throw new ProblemError({ status: 409, detail: 'The new key has been replaced since.' });
  if (base === version) return;
  const detail = 'The stream has been changed since this request was first made; read it, and rotate by a new request.';
  throw new ProblemError({ status: 409, detail });
}

/** Who publishes a stream, if anybody; `wasLive` is false where its lease has run out. */
async function findPublisher({ live, now }: StreamsDependencies, id: string) {
  const record = STREAM_ID_PATTERN.test(id) ? await live.get(id) : null;
  return { owner: record?.owner ?? null, wasLive: record !== null && record.leaseUntilMs > now() };
}

/** Throws a 409 where another publishes by now: whoever asked for the end may not mean that broadcast. */
async function stopPublisher({ live, now }: StreamsDependencies, streamId: string, owner: string): Promise<void> {
  if (await live.requestEnd({ streamId, reason: 'stopped', owner, nowMs: now() })) return;
  if ((await live.get(streamId)) === null) return;
  const detail = 'Another broadcast has begun since this request was first made; stop that one by a new request.';
  throw new ProblemError({ status: 409, detail });
}
