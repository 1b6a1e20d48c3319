import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { STREAM_ID_PATTERN } from '#domain/stream-ids.ts';
import type { StoredTrace } from '#runtime/trace-store.ts';
import { idPathSchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { findRecordedStream, type StreamsDependencies } from './stream-access.ts';
import { traceSchema } from './trace-schemas.ts';

/** A task hears of a request within two seconds, and stores its trace at once. */
const CHECKS = 16;
const CHECK_MS = 250;

const getTraceRoute = createRoute({
  method: 'get',
  path: '/api/streams/{id}/trace',
  summary: 'Get the trace of a stream',
  description:
    'What the publisher sent in the last minute: times, sizes and kinds, but no media. With it come the connections, ' +
    "the runs of FFmpeg with its last words, and the warnings as they came. While the stream is on air, its encoder's " +
    'task is asked for a new trace, which takes up to 4 s. Afterwards, the trace of the last publish is kept for a day.',
  security: needs('streams:read'),
  request: { params: idPathSchema },
  responses: { 200: json(traceSchema, 'The latest trace'), ...problems(404) },
});

/** Adds the route that gets a stream's trace. */
export function addTraceRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  app.openapi(getTraceRoute, async (context) => {
    const { id } = context.req.valid('param');
    await findRecordedStream(dependencies, id);
    const stored = STREAM_ID_PATTERN.test(id) ? await latestTrace(id, dependencies) : null;
    if (stored === null) {
      throw new ProblemError({ status: 404, detail: 'Nobody has published this stream in the last day.' });
    }
    return context.json(stored.trace, 200);
  });
}

/** The trace of now if a task holds the stream and answers, or else the last one. Null if there is none. */
async function latestTrace(
  streamId: string,
  { live, traces, now, pause }: StreamsDependencies,
): Promise<StoredTrace | null> {
  const requestedAtMs = now();
  const isAsked = await live.requestTrace(streamId, requestedAtMs);
  let stored = await traces.get(streamId, now());
  for (let check = 1; isAsked && check < CHECKS && (stored?.requestedAtMs ?? 0) < requestedAtMs; check += 1) {
    await pause(CHECK_MS);
    stored = await traces.get(streamId, now());
  }
  return stored;
}
