import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Logger } from 'pino';
import { makeViewerToken, type ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { hmacSha256 } from '#runtime/viewer-token-keys.ts';
import { beginAttempt } from './attempt.ts';
import { ProblemError, tryAgain } from './problem.ts';
import { ADMIN_ONLY, json, jsonBody, problems } from './responses.ts';
import { createViewerTokenSchema, idempotencyHeaderSchema, idPathSchema, viewerTokenSchema } from './schemas.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { viewerTokensNotSetUp } from './viewer-token-keys.ts';

/** What the route of viewer tokens works with. */
export interface ViewerTokensDependencies extends StreamsDependencies {
  readonly log: Logger;
}

const createViewerTokenRoute = createRoute({
  method: 'post',
  path: '/api/streams/{id}/viewer-tokens',
  summary: 'Make a viewer token; a stream with playback "public" has none',
  security: ADMIN_ONLY,
  request: { params: idPathSchema, headers: idempotencyHeaderSchema, body: jsonBody(createViewerTokenSchema) },
  responses: {
    201: json(viewerTokenSchema, 'The token, and addresses with it'),
    ...problems(400, 401, 404, 409, 413, 415, 422, 503),
  },
});

/** Adds the route of viewer tokens to an app. Tokens are stored nowhere, so that none can be taken back before it expires. */
export function addViewerTokensRoutes(app: OpenAPIHono, dependencies: ViewerTokensDependencies): void {
  const { playbackBaseUrl } = dependencies.addresses;

  app.openapi(createViewerTokenRoute, async (context) => {
    const { playback, playbackId } = await findStream(dependencies, context.req.valid('param').id);
    if (playback !== 'token') {
      const detail = `Viewer tokens are for streams with playback "token"; this one's is "${playback}".`;
      throw new ProblemError({ status: 409, detail });
    }
    // Parsed here for its defaults: where there is no body, the router hands on an empty object as it is.
    const { ttlSeconds } = createViewerTokenSchema.parse(context.req.valid('json'));
    const keys = await readKeys(dependencies);
    const attempt = await beginAttempt(context, { body: { ttlSeconds }, base: null }, dependencies);
    const expiresAtSeconds = Math.floor(attempt.startedAtMs / 1000) + ttlSeconds;
    const token = makeViewerToken({ playbackId, expiresAtSeconds, keys }, hmacSha256);
    if (!attempt.isDone) await attempt.finish();
    const body = {
      token,
      url: `${playbackBaseUrl}/t/${token}/live/${playbackId}/master.m3u8`,
      // Behind the hash it reaches no server, and so no log, of those who pass the link on.
      watchUrl: `${playbackBaseUrl}/watch/${playbackId}#token=${token}`,
      expiresAt: new Date(expiresAtSeconds * 1000).toISOString(),
    };
    return context.json(body, 201);
  });
}

async function readKeys({ viewerTokenKeys, log }: ViewerTokensDependencies): Promise<ViewerTokenKeys> {
  if (viewerTokenKeys === null) throw viewerTokensNotSetUp();
  try {
    return await viewerTokenKeys();
  } catch (error) {
    log.error({ err: error }, 'the keys of viewer tokens can not be read');
    throw new ProblemError(tryAgain('The keys of viewer tokens can not be read now; try again.'));
  }
}
