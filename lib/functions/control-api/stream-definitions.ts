import { createRoute } from '@hono/zod-openapi';
import { ADMIN_ONLY, json, jsonBody, jsonWithTag, problems } from './responses.ts';
import {
  type CreateStreamSchema,
  changeStreamSchema,
  idempotencyHeaderSchema,
  idPathSchema,
  ifMatchHeaderSchema,
  pageQuerySchema,
  stopSchema,
  streamListSchema,
  streamSchema,
  streamWithKeySchema,
} from './schemas.ts';

/** POST /api/streams */
export const createStreamRoute = (schema: CreateStreamSchema) =>
  createRoute({
    method: 'post',
    path: '/api/streams',
    summary: 'Create a stream; its key is shown this once',
    security: ADMIN_ONLY,
    request: { headers: idempotencyHeaderSchema, body: jsonBody(schema) },
    responses: {
      201: jsonWithTag(streamWithKeySchema, 'The stream and its key'),
      ...problems(400, 401, 409, 413, 415, 422, 503),
    },
  });

/** GET /api/streams */
export const listStreamsRoute = createRoute({
  method: 'get',
  path: '/api/streams',
  summary: 'List streams',
  security: ADMIN_ONLY,
  request: { query: pageQuerySchema },
  responses: { 200: json(streamListSchema, 'A page of streams'), ...problems(401, 422, 503) },
});

/** GET /api/streams/{id} */
export const getStreamRoute = createRoute({
  method: 'get',
  path: '/api/streams/{id}',
  summary: 'Show a stream',
  security: ADMIN_ONLY,
  request: { params: idPathSchema },
  responses: { 200: jsonWithTag(streamSchema, 'The stream'), ...problems(401, 404, 503) },
});

/** PATCH /api/streams/{id} */
export const changeStreamRoute = createRoute({
  method: 'patch',
  path: '/api/streams/{id}',
  summary: 'Change a stream; a live broadcast goes on as it began',
  description:
    'Another playback gives the stream another playbackId: addresses with the old one end. A live broadcast goes on under the ' +
    'old one, open to whom it was open, until it is published anew; stop it to end that at once.',
  security: ADMIN_ONLY,
  request: {
    params: idPathSchema,
    headers: ifMatchHeaderSchema,
    body: { ...jsonBody(changeStreamSchema), required: true },
  },
  responses: {
    200: jsonWithTag(streamSchema, 'The stream as it is now'),
    ...problems(400, 401, 404, 409, 412, 413, 415, 422, 503),
  },
});

/** DELETE /api/streams/{id} */
export const deleteStreamRoute = createRoute({
  method: 'delete',
  path: '/api/streams/{id}',
  summary: 'Delete a stream; a live broadcast ends',
  security: ADMIN_ONLY,
  request: { params: idPathSchema, headers: ifMatchHeaderSchema },
  responses: { 204: { description: 'It is gone' }, ...problems(401, 404, 409, 412, 413, 422, 503) },
});

/** POST /api/streams/{id}/key */
export const rotateKeyRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/key',
  summary: 'Give a stream a new key; the old one is dead and its publisher is cut',
  security: ADMIN_ONLY,
  request: { params: idPathSchema, headers: ifMatchHeaderSchema.extend(idempotencyHeaderSchema.shape) },
  responses: {
    200: jsonWithTag(streamWithKeySchema, 'The stream and its new key'),
    ...problems(401, 404, 409, 412, 413, 422, 503),
  },
});

/** POST /api/streams/{id}/stop */
export const stopStreamRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/stop',
  summary: 'End the broadcast; its key stays valid for the next one',
  description: 'A stream whose keys a backend keeps has no record here: it can be stopped while it is live.',
  security: ADMIN_ONLY,
  request: { params: idPathSchema, headers: idempotencyHeaderSchema },
  responses: {
    202: json(stopSchema, 'The publisher, if any, is cut within 2 s'),
    ...problems(401, 404, 409, 413, 422, 503),
  },
});
