import { createRoute } from '@hono/zod-openapi';
import { idempotencyHeaderSchema, idPathSchema, ifMatchHeaderSchema, pageQuerySchema } from './parameter-schemas.ts';
import { json, jsonBody, jsonWithTag, problems } from './responses.ts';
import { needs } from './route-access.ts';
import {
  type CreateStreamSchema,
  changeStreamSchema,
  createBackupKeySchema,
  stopSchema,
  streamListSchema,
  streamSchema,
  streamWithBackupKeySchema,
  streamWithKeySchema,
} from './schemas.ts';

/** POST /api/streams */
export const createStreamRoute = (schema: CreateStreamSchema) =>
  createRoute({
    method: 'post',
    path: '/api/streams',
    summary: 'Create a stream',
    description: 'Only this response contains the stream key.',
    security: needs('streams:write'),
    request: { headers: idempotencyHeaderSchema, body: jsonBody(schema) },
    responses: {
      201: jsonWithTag(streamWithKeySchema, 'The stream and its key'),
      ...problems(400, 409, 413, 415, 422),
    },
  });

/** GET /api/streams */
export const listStreamsRoute = createRoute({
  method: 'get',
  path: '/api/streams',
  summary: 'List streams',
  security: needs('streams:read'),
  request: { query: pageQuerySchema },
  responses: { 200: json(streamListSchema, 'A page of streams'), ...problems(422) },
});

/** GET /api/streams/{id} */
export const getStreamRoute = createRoute({
  method: 'get',
  path: '/api/streams/{id}',
  summary: 'Get a stream',
  security: needs('streams:read'),
  request: { params: idPathSchema },
  responses: { 200: jsonWithTag(streamSchema, 'The stream'), ...problems(404) },
});

/** PATCH /api/streams/{id} */
export const changeStreamRoute = createRoute({
  method: 'patch',
  path: '/api/streams/{id}',
  summary: 'Change a stream',
  description:
    'A live broadcast keeps the settings that it began with. Changing `playback` also changes `playbackId`, ' +
    "so the stream's old addresses stop working. A live broadcast stays at the old addresses, open to the same " +
    'viewers, until it is published again. Then it ends there. Stop it to close them. If nothing changes, the ' +
    'version stays.',
  security: needs('streams:write'),
  request: {
    params: idPathSchema,
    headers: ifMatchHeaderSchema,
    body: { ...jsonBody(changeStreamSchema), required: true },
  },
  responses: {
    200: jsonWithTag(streamSchema, 'The changed stream'),
    ...problems(400, 404, 409, 412, 413, 415, 422),
  },
});

const deletedResponse = {
  description: 'The stream is deleted',
  headers: { Location: { schema: { type: 'string' as const }, description: 'Status of the purge' } },
};

/** DELETE /api/streams/{id} */
export const deleteStreamRoute = createRoute({
  method: 'delete',
  path: '/api/streams/{id}',
  summary: 'Delete a stream',
  description:
    'A broadcast ends, also one that waits for its publisher to come back, and the addresses of the stream are purged.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema },
  responses: { 204: deletedResponse, ...problems(404, 409, 412, 413, 422) },
});

/** POST /api/streams/{id}/key */
export const rotateKeyRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/key',
  summary: 'Replace the stream key',
  description:
    'The old key stops working and its publisher is disconnected. Only this response contains the new stream key.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema.extend(idempotencyHeaderSchema.shape) },
  responses: {
    200: jsonWithTag(streamWithKeySchema, 'The stream and its new key'),
    ...problems(404, 409, 412, 413, 422),
  },
});

/** POST /api/streams/{id}/backup-key */
export const createBackupKeyRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/backup-key',
  summary: 'Give the stream a backup key',
  description:
    'A second encoder that publishes with this key takes over when the one on air stalls or leaves, and gives way when ' +
    'that has been steady for 30 s. A backup key that there was before stops working, and a broadcast is disconnected ' +
    'once. Only this response contains the backup key.',
  security: needs('streams:write'),
  request: {
    params: idPathSchema,
    headers: ifMatchHeaderSchema.extend(idempotencyHeaderSchema.shape),
    body: jsonBody(createBackupKeySchema),
  },
  responses: {
    200: jsonWithTag(streamWithBackupKeySchema, 'The stream and its backup key'),
    ...problems(400, 404, 409, 412, 413, 415, 422),
  },
});

/** DELETE /api/streams/{id}/backup-key */
export const removeBackupKeyRoute = createRoute({
  method: 'delete',
  path: '/api/streams/{id}/backup-key',
  summary: 'Take the backup key away',
  description: 'It stops working, and a broadcast is disconnected once.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: ifMatchHeaderSchema },
  responses: { 204: { description: 'The stream has no backup key' }, ...problems(404, 409, 412, 413, 422) },
});

/** POST /api/streams/{id}/stop */
export const stopStreamRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/stop',
  summary: 'End a broadcast',
  description:
    'A broadcast that waits for its publisher to come back ends too. The stream key stays valid for the next ' +
    'broadcast. If `autoStart` is false, the publisher stays connected, and what it sends is a preview again. If your own backend decides who may publish, its streams have no record here and can be stopped ' +
    'only while they are on air.',
  security: needs('streams:end'),
  request: { params: idPathSchema, headers: idempotencyHeaderSchema },
  responses: {
    202: json(stopSchema, 'Viewers, if there are any, see the end at the next segment, within 6 s'),
    ...problems(404, 409, 413, 422),
  },
});

/** POST /api/streams/{id}/golive */
export const goLiveRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/golive',
  summary: 'Put a stream on air',
  description:
    'For streams with `autoStart` false. Viewers get what the publisher sends from now on, as soon as a keyframe and a ' +
    'segment have come. Nothing that was sent before is among it. If nobody publishes yet, the stream is on air as soon as ' +
    'somebody does. If it is on air already, nothing changes. When the broadcast has ended, the next publish is a preview ' +
    'again. The streams of your own backend have no record here, and always go on air by themselves.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: idempotencyHeaderSchema },
  responses: { 202: json(streamSchema, 'The stream, which is on air or will be'), ...problems(404, 409, 413, 422) },
});
