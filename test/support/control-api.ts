import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { type ControlApiDependencies, createApp } from '#functions/control-api/app.ts';
import { DEFAULT_CALLER_RATES } from '#functions/control-api/caller-limits.ts';
import { createHandler } from '#functions/control-api/create-handler.ts';
import { WatchPage } from '#functions/control-api/watch-page.ts';
import { TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { createAdminTokenStore } from '#runtime/admin-token-store.ts';
import { createAuditStore } from '#runtime/audit-store.ts';
import { createIdempotencyStore } from '#runtime/idempotency-store.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { createPurgeStore } from '#runtime/purge-store.ts';
import { createSessionStore } from '#runtime/session-store.ts';
import { createSlateImageStore } from '#runtime/slate-image-store.ts';
import { createStreamIndex } from '#runtime/stream-index.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { createTaskStore } from '#runtime/task-store.ts';
import { createTimelineStore } from '#runtime/timeline-store.ts';
import { createTraceStore } from '#runtime/trace-store.ts';
import { nextViewerTokenKeys } from '#runtime/viewer-token-keys.ts';
import { createHttpApi } from '#scripts/local/http-api.ts';
import { listenOnLoopback } from '#scripts/local/http-server.ts';
import { TestCdn } from './test-cdn.ts';

/** As the player's page is before it is built. */
const PAGE_TEMPLATE = readFileSync(fileURLToPath(new URL('../../lib/site/watch/page.html', import.meta.url)), 'utf8');

/** Body, token and headers of a call. */
interface CallOptions {
  readonly body?: unknown;
  readonly token?: string;
  readonly 'If-Match'?: string;
  readonly 'Idempotency-Key'?: string;
}

/** Keys with which the API signs viewer tokens, unless a test has its own. */
export const TEST_VIEWER_TOKEN_KEYS = nextViewerTokenKeys(nextViewerTokenKeys(null, randomBytes), randomBytes);

/**
 * Starts the control API over real HTTP on a database, with two new admin tokens. `settings` replace its dependencies.
 */
export async function startControlApi(
  client: DynamoDBDocumentClient,
  now: () => number = Date.now,
  settings: Partial<ControlApiDependencies> = {},
) {
  const tokens = [generateSecret(randomBytes), generateSecret(randomBytes)] as const;
  const logLines: string[] = [];
  const log = createLogger({
    service: 'control-api',
    level: 'trace',
    destination: { write: (line) => logLines.push(line) },
  });
  const streams = createStreamStore({ client, tables: TEST_TABLES });
  const adminTokens = createAdminTokenStore({ client, tables: TEST_TABLES });
  const live = createLiveStore({ client, tables: TEST_TABLES });
  const tasks = createTaskStore({ client, tables: TEST_TABLES });
  const traces = createTraceStore({ client, tables: TEST_TABLES });
  const slateImages = createSlateImageStore({ client, tables: TEST_TABLES });
  const cdn = new TestCdn();
  const dependencies: ControlApiDependencies = {
    streams,
    streamIndex: createStreamIndex({ client, tables: TEST_TABLES }),
    page: new WatchPage(PAGE_TEMPLATE, 'http://127.0.0.1:8080'),
    live,
    tasks,
    traces,
    slateImages,
    purges: createPurgeStore({ client, tables: TEST_TABLES }),
    invalidations: cdn,
    addresses: { rtmpUrl: 'rtmp://127.0.0.1:1935/live', rtmpsUrl: null, playbackBaseUrl: 'http://127.0.0.1:8080' },
    defaults: { ladder: '720p', latency: 'low', codecs: ['h264'], playback: 'public' },
    viewerTokenKeys: async () => TEST_VIEWER_TOKEN_KEYS,
    tokens: adminTokens,
    sessions: createSessionStore({ client, tables: TEST_TABLES }),
    oidc: null,
    idempotency: createIdempotencyStore({ client, tables: TEST_TABLES }),
    audit: createAuditStore({ client, tables: TEST_TABLES }),
    timelines: createTimelineStore({ client, tables: TEST_TABLES }),
    eventBus: null,
    bootstrapHashes: tokens.map(hashSecret),
    callerRates: DEFAULT_CALLER_RATES,
    now,
    pause: async () => undefined,
    randomBytes,
    log,
    ...settings,
  };
  const app = createApp(dependencies);
  const api = createHttpApi({ handler: createHandler(app), now, log });
  const server = await listenOnLoopback(createServer(api));
  /** Sends a request, by default with the first token. `json` is null for an answer without a body. */
  async function call(method: string, path: string, { body, token = tokens[0], ...headers }: CallOptions = {}) {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === '' ? null : JSON.parse(text) };
  }

  return {
    url: server.url,
    api,
    dependencies,
    tokens,
    streams,
    live,
    tasks,
    traces,
    slateImages,
    adminTokens,
    cdn,
    logLines,
    call,
    close: server.close,
  };
}
