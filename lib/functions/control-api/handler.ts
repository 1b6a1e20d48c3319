import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createAdminTokenStore } from '#runtime/admin-token-store.ts';
import { createAuditStore } from '#runtime/audit-store.ts';
import { createDocumentClient, createEventBridgeClient } from '#runtime/aws-clients.ts';
import { createIdempotencyStore } from '#runtime/idempotency-store.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { createPurgeStore } from '#runtime/purge-store.ts';
import { createSessionStore } from '#runtime/session-store.ts';
import { openSharedSecret } from '#runtime/shared-secret.ts';
import { createSlateImageStore } from '#runtime/slate-image-store.ts';
import { openSecretLate } from '#runtime/stored-secret.ts';
import { createStreamIndex } from '#runtime/stream-index.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { createTaskStore } from '#runtime/task-store.ts';
import { createTimelineStore } from '#runtime/timeline-store.ts';
import { createTraceStore } from '#runtime/trace-store.ts';
import { createApp } from './app.ts';
import { DEFAULT_CALLER_RATES } from './caller-limits.ts';
import { readControlApiEnvironment } from './control-api-environment.ts';
import { createHandler, type HttpApiHandler } from './create-handler.ts';
import { onlyEdgeRequests } from './edge-requests.ts';
import { createInvalidations } from './invalidations.ts';
import { createOidcProvider, type OidcProvider } from './oidc-provider.ts';
import { OIDC_CALLBACK_PATH } from './oidc-routes.ts';
import { openViewerTokenKeys } from './viewer-token-keys.ts';
import { WatchPage } from './watch-page.ts';

const environment = readControlApiEnvironment(process.env);
const client = createDocumentClient();
const { EVENT_BUS_NAME: eventBusName } = environment;

const log = createLogger({ service: 'control-api', level: environment.LOG_LEVEL });

const answer = createHandler(
  createApp({
    streams: createStreamStore({ client, tables: environment }),
    streamIndex: environment.PUBLISH_MODE === 'keys' ? createStreamIndex({ client, tables: environment }) : null,
    page: new WatchPage(readFileSync(environment.PAGE_FILE, 'utf8'), environment.PLAYBACK_BASE_URL),
    live: createLiveStore({ client, tables: environment }),
    tasks: createTaskStore({ client, tables: environment }),
    traces: createTraceStore({ client, tables: environment }),
    slateImages: createSlateImageStore({ client, tables: environment }),
    purges: createPurgeStore({ client, tables: environment }),
    invalidations: createInvalidations(environment.DISTRIBUTION_ID),
    addresses: {
      rtmpUrl: environment.RTMP_URL,
      rtmpsUrl: environment.RTMPS_URL,
      playbackBaseUrl: environment.PLAYBACK_BASE_URL,
    },
    defaults: {
      ladder: environment.DEFAULT_LADDER,
      latency: environment.DEFAULT_LATENCY,
      codecs: environment.DEFAULT_CODECS,
      playback: environment.DEFAULT_PLAYBACK,
    },
    viewerTokenKeys: environment.viewerTokenKeys && openViewerTokenKeys(environment.viewerTokenKeys, Date.now),
    tokens: createAdminTokenStore({ client, tables: environment }),
    sessions: createSessionStore({ client, tables: environment }),
    oidc: openProvider(),
    idempotency: createIdempotencyStore({ client, tables: environment }),
    audit: createAuditStore({ client, tables: environment }),
    timelines: createTimelineStore({ client, tables: environment }),
    eventBus: eventBusName === null ? null : { client: createEventBridgeClient(), eventBusName },
    bootstrapHashes: environment.ADMIN_TOKEN_HASHES,
    callerRates: DEFAULT_CALLER_RATES,
    now: Date.now,
    pause,
    randomBytes,
    log,
  }),
);

/** The control API's Lambda function, behind an API Gateway HTTP API. On a laptop, nothing leads past the edge. */
export const handler: HttpApiHandler =
  environment.EDGE_SECRET_ARN === null ? answer : await behindEdge(answer, environment.EDGE_SECRET_ARN);

function openProvider(): OidcProvider | null {
  const { oidc, PLAYBACK_BASE_URL } = environment;
  if (oidc === null) return null;
  const { settings, clientSecret } = oidc;
  return createOidcProvider({
    ...{ settings, callbackUrl: `${PLAYBACK_BASE_URL}${OIDC_CALLBACK_PATH}`, now: Date.now },
    clientSecret: clientSecret && openSecretLate(clientSecret, Date.now),
  });
}

async function behindEdge(next: HttpApiHandler, arn: string): Promise<HttpApiHandler> {
  const secret = await openSharedSecret({ arn }, { name: 'the secret of the edge', now: Date.now, log });
  return onlyEdgeRequests(next, { secret, ownDomain: environment.API_DOMAIN });
}
