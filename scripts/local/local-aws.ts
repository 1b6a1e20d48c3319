import type { Logger } from 'pino';
import type { PublishMode } from '#domain/environment.ts';
import { DEFAULT_LADDER } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import type { PlaybackMode } from '#domain/playback-ids.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { createStreamStore, type StreamStore } from '#runtime/stream-store.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { useLocalAws } from './aws-environment.ts';
import { createHttpApi, type HttpApi } from './http-api.ts';
import { startLambdaRuntime } from './lambda-runtime.ts';
import type { ListenAddress } from './listening-server.ts';
import { LOCAL_TABLE_NAMES } from './table-names.ts';

const INGEST_AUTH_FUNCTION = 'ingest-auth';

export interface LocalAwsOptions {
  /** A database with all tables. */
  readonly dynamoDbUrl: string;
  /** Where the Lambda functions are invoked. */
  readonly lambdaAddress: ListenAddress;
  /** Who knows the stream keys. */
  readonly publishMode: PublishMode;
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminTokenHash: string;
  /** Keys of viewer tokens, as JSON. */
  readonly viewerTokenKeys: string;
  readonly log: Logger;
}

/** What the platform uses of AWS beside the database, on this machine. */
export interface LocalAws {
  /** The control API behind its API Gateway. */
  readonly api: HttpApi;
  /** What the control API stores of streams. */
  readonly streams: StreamStore;
  close(): Promise<void>;
}

/**
 * Starts the Lambda functions, and points this process and those it starts at them and at the database: functions and
 * encoder tasks read the same variables as in the cloud.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const {
    dynamoDbUrl,
    lambdaAddress: address,
    publishMode,
    rtmpUrl,
    playbackBaseUrl,
    adminTokenHash,
    viewerTokenKeys,
    log,
  } = options;
  const lambda = await startLambdaRuntime({ functions: { [INGEST_AUTH_FUNCTION]: invokeIngestAuth }, log, address });
  useLocalAws(process.env, { dynamoDbUrl, lambdaUrl: lambda.url });
  Object.assign(process.env, LOCAL_TABLE_NAMES, {
    // The functions share the terminal with a person: only what went wrong. Encoder tasks have a log file.
    LOG_LEVEL: 'warn',
    INGEST_AUTH_FUNCTION,
    PUBLISH_MODE: publishMode,
    RTMP_URL: rtmpUrl,
    PLAYBACK_BASE_URL: playbackBaseUrl,
    DEFAULT_LADDER,
    DEFAULT_LATENCY,
    DEFAULT_PLAYBACK: 'public' satisfies PlaybackMode,
    ADMIN_TOKEN_HASHES: adminTokenHash,
    VIEWER_TOKEN_KEYS: viewerTokenKeys,
  });
  // Function modules read their environment when they are loaded, as they do in Lambda: not before it is complete.
  const { handler } = await import('#functions/control-api/handler.ts');
  await loadIngestAuth();
  // They have read them; the processes that are started from now on inherit all the rest.
  delete process.env.VIEWER_TOKEN_KEYS;
  delete process.env.WEBHOOK_SECRET;
  const client = createDocumentClient();
  return {
    api: createHttpApi({ handler, now: Date.now, log }),
    streams: createStreamStore({ client, tables: LOCAL_TABLE_NAMES }),
    close: () => {
      client.destroy();
      return lambda.close();
    },
  };
}

/** Its settings are a person's own where it asks a backend: what is wrong with them is said now, not to a broadcaster. */
async function loadIngestAuth(): Promise<void> {
  try {
    await import('#functions/ingest-auth/handler.ts');
  } catch (cause) {
    throw new UserError(errorMessage(cause), { cause });
  }
}

async function invokeIngestAuth(event: unknown): Promise<unknown> {
  const { handler } = await import('#functions/ingest-auth/handler.ts');
  return handler(event);
}
