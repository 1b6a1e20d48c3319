import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { needsViewerToken } from '#domain/playback-ids.ts';
import { embedPath, healthPath } from '#domain/playback-paths.ts';
import { makeViewerToken, type TokenUse, VIEWER_TOKEN_TTL_SECONDS } from '#domain/viewer-tokens.ts';
import { hmacSha256 } from '#runtime/viewer-token-keys.ts';
import { idPathSchema } from './parameter-schemas.ts';
import { json, problems } from './responses.ts';
import { needs } from './route-access.ts';
import { previewTokenSchema } from './schemas.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { picturePlaybackId } from './stream-body.ts';
import { keysForTokens } from './viewer-token-keys.ts';

const createPreviewTokenRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/preview-tokens',
  summary: 'Create addresses for those who broadcast',
  description:
    'The embed page of a stream, with a viewer token if it needs one, and its health of the last ten minutes. While a ' +
    'stream is not on air, they are those of its preview. Ask again when its `status` has changed. The addresses cannot ' +
    'be revoked, they expire.',
  security: needs('streams:read'),
  request: { params: idPathSchema },
  responses: { 201: json(previewTokenSchema, 'The addresses'), ...problems(404, 409) },
});

/**
 * Adds the route with which a stream's page gets its preview and its health. A repeat gets other addresses, and nothing is stored, so
 * an Idempotency-Key would mean nothing.
 */
export function addPreviewTokensRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { addresses, live, now } = dependencies;

  app.openapi(createPreviewTokenRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const playbackId = picturePlaybackId(stream, await live.getPresence(stream.id), now());
    const keys = await keysForTokens(dependencies);
    const expiresAtSeconds = Math.floor(now() / 1000) + VIEWER_TOKEN_TTL_SECONDS.usual;
    const tokenFor = (use: TokenUse): string =>
      makeViewerToken({ playbackId, use, expiresAtSeconds, keys }, hmacSha256);
    const body = {
      embedUrl: `${addresses.playbackBaseUrl}${embedPath(playbackId, needsViewerToken(playbackId) ? tokenFor('viewing') : null)}`,
      healthUrl: `${addresses.playbackBaseUrl}${healthPath(playbackId, tokenFor('health'))}`,
      expiresAt: new Date(expiresAtSeconds * 1000).toISOString(),
    };
    return context.json(body, 201);
  });
}
