import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { STREAM_ID_PATTERN } from '#domain/stream-ids.ts';
import type { StreamIndex } from '#runtime/stream-index.ts';
import { TIMELINE_RETENTION_DAYS, type TimelineStore } from '#runtime/timeline-store.ts';
import { timelineSchema } from './event-schemas.ts';
import { eventPageQuerySchema, idPathSchema } from './parameter-schemas.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { findStream, noSuchStream, type StreamsDependencies } from './stream-access.ts';

/** The stores and the clock that the route of timelines uses. */
export interface EventsDependencies extends Pick<StreamsDependencies, 'streams'> {
  readonly timelines: Pick<TimelineStore, 'list'>;
  /** Null if another backend knows the streams. */
  readonly streamIndex: StreamIndex | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const listEventsRoute = createRoute({
  method: 'get',
  path: '/api/streams/{id}/events',
  summary: 'List what happened to a stream',
  description:
    `Of the last ${TIMELINE_RETENTION_DAYS} days, the newest first: what the encoder tasks saw, and what was ` +
    'done with this API. It is best effort: an event may be missing if the database did not answer. Of refusals that ' +
    'repeat, some are counted in the next one. The last page may be empty.',
  security: needs('streams:read'),
  request: { params: idPathSchema, query: eventPageQuerySchema },
  responses: { 200: json(timelineSchema, 'A page of events'), ...problems(404, 422) },
});

/** Adds the route that lists a stream's timeline. Streams that another backend knows have one, too. */
export function addEventsRoutes(app: OpenAPIHono, dependencies: EventsDependencies): void {
  const { timelines, streamIndex, now } = dependencies;

  app.openapi(listEventsRoute, async (context) => {
    const { id } = context.req.valid('param');
    const { limit, cursor } = context.req.valid('query');
    if (streamIndex !== null) await findStream(dependencies, id);
    else if (!STREAM_ID_PATTERN.test(id)) throw noSuchStream();
    const page = await timelines.list({ streamId: id, limit, position: cursor ?? null, nowMs: now() });
    // Nothing but its events is known here of a stream of another backend.
    if (streamIndex === null && cursor === undefined && page.events.length === 0) throw noSuchStream();
    return context.json({ events: page.events, nextCursor: page.nextPosition }, 200);
  });
}
