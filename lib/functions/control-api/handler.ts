import { randomBytes } from 'node:crypto';
import { createAdminTokenStore } from '#runtime/admin-token-store.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { readEnvironment } from '#runtime/environment.ts';
import { createIdempotencyStore } from '#runtime/idempotency-store.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { parseNewStreamDefaults } from '#runtime/stream-defaults.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { parseTokenHashes } from './admin-auth.ts';
import { createApp } from './app.ts';
import { createHandler } from './create-handler.ts';
import { resolveViewerTokenKeys } from './viewer-token-keys.ts';

const environment = readEnvironment('control-api', process.env);
const client = createDocumentClient();

/** The control API's Lambda function, behind an API Gateway HTTP API. */
export const handler = createHandler(
  createApp({
    streams: createStreamStore({ client, tables: environment }),
    live: createLiveStore({ client, tables: environment }),
    addresses: {
      rtmpUrl: environment.RTMP_URL,
      rtmpsUrl: readRtmpsUrl(),
      playbackBaseUrl: environment.PLAYBACK_BASE_URL,
    },
    defaults: parseNewStreamDefaults(environment),
    viewerTokenKeys: resolveViewerTokenKeys(process.env, Date.now),
    tokens: createAdminTokenStore({ client, tables: environment }),
    idempotency: createIdempotencyStore({ client, tables: environment }),
    bootstrapHashes: readBootstrapHashes(),
    now: Date.now,
    randomBytes,
    log: createLogger({ service: 'control-api', level: environment.LOG_LEVEL }),
  }),
);

/** None where the deployment has no bootstrap token: then only tokens from the table count. */
function readBootstrapHashes(): readonly string[] {
  if (!process.env.ADMIN_TOKEN_HASHES) return [];
  return parseTokenHashes(readEnvironment('control-api with bootstrap tokens', process.env).ADMIN_TOKEN_HASHES);
}

function readRtmpsUrl(): string | null {
  if (!process.env.RTMPS_URL) return null;
  return readEnvironment('control-api with RTMPS', process.env).RTMPS_URL;
}
