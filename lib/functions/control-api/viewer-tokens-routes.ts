import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { makeViewerToken } from '#domain/viewer-tokens.ts';
import { hmacSha256 } from '#runtime/viewer-token-keys.ts';
import { beginAttempt } from './attempt.ts';
import { noteChange } from './audit-notes.ts';
import { idempotencyHeaderSchema, idPathSchema } from './parameter-schemas.ts';
import { ProblemError } from './problem.ts';
import { json, jsonBody, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { createViewerTokenSchema, viewerTokenSchema } from './schemas.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { keysForTokens } from './viewer-token-keys.ts';

const createViewerTokenRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/viewer-tokens',
  summary: 'Create a viewer token',
  description: 'For streams with playback "token". A viewer token cannot be revoked, it expires.',
  security: needs('streams:write'),
  request: { params: idPathSchema, headers: idempotencyHeaderSchema, body: jsonBody(createViewerTokenSchema) },
  responses: {
    201: json(viewerTokenSchema, 'The token, and addresses that contain it'),
    ...problems(400, 404, 409, 413, 415, 422),
  },
});

/** Adds the route that creates viewer tokens. Tokens are not stored, so a token cannot be revoked before it expires. */
export function addViewerTokensRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { playbackBaseUrl } = dependencies.addresses;

  app.openapi(createViewerTokenRoute, async (context) => {
    const { playback, playbackId } = await findStream(dependencies, context.req.valid('param').id);
    if (playback !== 'token') {
      const detail = `Viewer tokens are for streams with playback "token". This stream has playback "${playback}".`;
      throw new ProblemError({ status: 409, detail });
    }
    // Parse again to fill in the defaults: without a body the router passes on an unparsed empty object.
    const { ttlSeconds } = createViewerTokenSchema.parse(context.req.valid('json'));
    const keys = await keysForTokens(dependencies);
    const attempt = await beginAttempt(context, { body: { ttlSeconds }, base: null }, dependencies);
    const expiresAtSeconds = Math.floor(attempt.startedAtMs / 1000) + ttlSeconds;
    const token = makeViewerToken({ playbackId, expiresAtSeconds, keys }, hmacSha256);
    if (!attempt.isDone) await attempt.finish();
    const expiresAt = new Date(expiresAtSeconds * 1000).toISOString();
    noteChange(context, { before: null, after: { expiresAt } });
    const body = {
      token,
      url: `${playbackBaseUrl}${masterPath(playbackId, token)}`,
      watchUrl: `${playbackBaseUrl}${watchPath(playbackId, token)}`,
      expiresAt,
    };
    return context.json(body, 201);
  });
}
