import type { OpenAPIHono } from '@hono/zod-openapi';
import { isPreview } from '#domain/playback-ids.ts';
import { generateId, generateSecret, hashSecret, STREAM_ID_PATTERN } from '#domain/stream-ids.ts';
import { beginAttempt } from './attempt.ts';
import { noteChange, noteRepeat, streamFields } from './audit-notes.ts';
import { ProblemError } from './problem.ts';
import { findRecordedStream, findStream, noSuchStream, type StreamsDependencies } from './stream-access.ts';
import { toStreamBody } from './stream-body.ts';
import { goLiveRoute, rotateKeyRoute, stopStreamRoute } from './stream-definitions.ts';
import { entityTag, nextVersion, requireMatch, versionConflict } from './stream-version.ts';

/** Adds the routes that end a broadcast: key rotation and stop. */
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
      rotated = nextVersion(stream, { keyHash }, now());
      if (!(await streams.replaceKey(rotated, keyHash))) throw versionConflict(ifMatch);
    }
    noteChange(context, { before: streamFields(stream), after: streamFields(rotated) });
    if (!attempt.isDone) {
      // The first version with the new key. With it, a repeat does not disconnect a publisher who uses the new key.
      const minVersion = attempt.base + 1;
      await live.requestEnd({ streamId: stream.id, reason: 'key-rotated', minVersion, nowMs: now() });
      if (rotated !== stream) await streams.forgetKey(stream.keyHash);
      await attempt.finish();
    }
    const body = { ...toStreamBody(rotated, await live.getPresence(stream.id), addresses, now()), streamKey };
    return context.json(body, 200, { ETag: entityTag(rotated.version) });
  });

  app.openapi(stopStreamRoute, async (context) => {
    const { id } = context.req.valid('param');
    const stream = await findRecordedStream(dependencies, id);
    const base = await findBroadcast(dependencies, id);
    const attempt = await beginAttempt(context, { body: null, base }, dependencies);
    const { of, wasLive } = attempt.base;
    if (stream === null && of === null) throw noSuchStream();
    if (!attempt.isDone) {
      noteChange(context, { before: { wasLive }, after: null });
      if (of !== null) await stopBroadcast(dependencies, id, of);
      await attempt.finish();
    }
    return context.json({ wasLive }, 202);
  });

  app.openapi(goLiveRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const before = await live.getPresence(stream.id);
    const attempt = await beginAttempt(context, { body: null, base: { onAirId: before.onAirId } }, dependencies);
    const onAirId = generateId(attempt.randomBytes);
    const isAwaited = stream.autoStart === false || (before.held !== null && isPreview(before.held.holder.playbackId));
    const isNew =
      isAwaited &&
      !attempt.isDone &&
      attempt.base.onAirId === null &&
      (await live.goOnAir({ streamId: stream.id, onAirId }));
    if (isNew) noteChange(context, { before: { onAir: false }, after: { onAir: true } });
    else noteRepeat(context);
    if (!attempt.isDone) await attempt.finish();
    return context.json(toStreamBody(stream, await live.getPresence(stream.id), addresses, now()), 202);
  });
}

/**
 * Throws a 409 if the stream has changed since the first attempt, because another request may have replaced the key.
 */
export function requireUnchanged({ isDone, base }: { isDone: boolean; base: number }, version: number): void {
  if (isDone) throw new ProblemError({ status: 409, detail: 'The new key has since been replaced.' });
  if (base === version) return;
  const detail =
    'The stream has changed since this request was first made. Read it and rotate the key with a new request.';
  throw new ProblemError({ status: 409, detail });
}

/** A broadcast by its publisher: who that is, or when the one left that it waits for; or by the word that put it on air. */
type BroadcastOf = { readonly owner: string } | { readonly publisherGoneAtMs: number } | { readonly onAirId: string };

/**
 * Finds the broadcast of a stream. `wasLive` is false if nobody publishes or the lease has expired. A preview is none, but the word
 * for one may be taken back.
 */
async function findBroadcast(
  { live, now }: StreamsDependencies,
  id: string,
): Promise<{ readonly of: BroadcastOf | null; readonly wasLive: boolean }> {
  if (!STREAM_ID_PATTERN.test(id)) return { of: null, wasLive: false };
  const { publish, held, onAirId } = await live.getPresence(id);
  const { playbackId = '', onAirId: heldOnAirId } = held?.holder ?? {};
  const wasLive = publish !== null && !isPreview(playbackId) && publish.leaseUntilMs > now();
  if (onAirId !== null) return { of: { onAirId }, wasLive };
  // It is not on air, or its end is on the way.
  if (isPreview(playbackId) || heldOnAirId !== undefined) return { of: null, wasLive };
  if (publish !== null) return { of: { owner: publish.owner }, wasLive };
  const broadcast = held?.broadcast ?? null;
  if (broadcast === null || broadcast.publisherGoneAtMs === null || broadcast.endedAtMs !== null)
    return { of: null, wasLive: false };
  return { of: { publisherGoneAtMs: broadcast.publisherGoneAtMs }, wasLive: false };
}

/** Throws a 409 if another publisher has begun since, because the client may not mean to stop that broadcast. */
async function stopBroadcast({ live, now }: StreamsDependencies, streamId: string, of: BroadcastOf): Promise<void> {
  if ('onAirId' in of) {
    await live.goOffAir({ streamId, ...of });
    return;
  }
  if (await live.requestEnd({ streamId, reason: 'stopped', ...of, nowMs: now() })) return;
  if ((await live.get(streamId)) === null) return;
  const detail = 'Another broadcast has begun since this request was first made. Stop it with a new request.';
  throw new ProblemError({ status: 409, detail });
}
