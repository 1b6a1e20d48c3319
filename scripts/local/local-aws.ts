import type { Logger } from 'pino';
import { PUBLISH_MODES, type PublishMode } from '#domain/environment.ts';
import { DEFAULT_LADDER } from '#domain/ladders.ts';
import { DEFAULT_LATENCY } from '#domain/latency-profiles.ts';
import type { PlaybackMode } from '#domain/playback-ids.ts';
import { DEFAULT_CODECS } from '#domain/video-codecs.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { createStreamStore, type StreamStore } from '#runtime/stream-store.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import type { AwsEndpointAddress } from './aws-endpoint.ts';
import { useLocalAws } from './aws-environment.ts';
import { LOCAL_DISTRIBUTION_ID } from './cloudfront.ts';
import { type ApiOrigin, createApiOrigin, createHttpApi, type HttpApi } from './http-api.ts';
import { startLambdaRuntime } from './lambda-runtime.ts';
import { LOCAL_TABLE_NAMES } from './local-tables.ts';

const INGEST_AUTH_FUNCTION = 'ingest-auth';

export interface LocalAwsOptions {
  /** A database that has all tables. */
  readonly dynamoDbUrl: string;
  /** Where the edge's cache is invalidated. */
  readonly cloudFrontUrl: string;
  /** Address of the Lambda Invoke API. */
  readonly lambdaAddress: AwsEndpointAddress;
  /** Whether the streams' keys or a backend decide about publishing. */
  readonly publishMode: PublishMode;
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminTokenHash: string;
  /** Keys of viewer tokens, as JSON. */
  readonly viewerTokenKeys: string;
  /** Path of the built watch page. */
  readonly pageFile: string;
  readonly log: Logger;
}

/** The AWS services other than the database, on this machine. */
export interface LocalAws {
  /** The control API behind API Gateway. */
  readonly api: HttpApi;
  /** The same, for pages. */
  readonly apiOrigin: ApiOrigin;
  /** The stream records of the control API. */
  readonly streams: StreamStore;
  close(): Promise<void>;
}

/**
 * Starts the Lambda functions. Sets the variables of this process, which its children inherit, so that functions and
 * encoder tasks find the services by the same variables as in AWS.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const {
    dynamoDbUrl,
    cloudFrontUrl,
    lambdaAddress: address,
    publishMode,
    rtmpUrl,
    playbackBaseUrl,
    adminTokenHash,
    viewerTokenKeys,
    pageFile,
    log,
  } = options;
  const lambda = await startLambdaRuntime({ functions: { [INGEST_AUTH_FUNCTION]: invokeIngestAuth }, log, address });
  useLocalAws(process.env, { dynamoDbUrl, lambdaUrl: lambda.url, cloudFrontUrl });
  Object.assign(process.env, LOCAL_TABLE_NAMES, {
    // The functions log to the user's terminal, so they only log problems. Encoder tasks have a log file.
    LOG_LEVEL: 'warn',
    INGEST_AUTH_FUNCTION,
    DISTRIBUTION_ID: LOCAL_DISTRIBUTION_ID,
    PUBLISH_MODE: publishMode,
    RTMP_URL: rtmpUrl,
    PLAYBACK_BASE_URL: playbackBaseUrl,
    DEFAULT_LADDER,
    DEFAULT_LATENCY,
    DEFAULT_CODECS: DEFAULT_CODECS.join(),
    DEFAULT_PLAYBACK: 'public' satisfies PlaybackMode,
    ADMIN_TOKEN_HASHES: adminTokenHash,
    VIEWER_TOKEN_KEYS: viewerTokenKeys,
    PAGE_FILE: pageFile,
  });
  // As in Lambda, function modules read the environment when they are loaded. It must be complete by then.
  const { handler } = await loaded(() => import('#functions/control-api/handler.ts'));
  await loaded(() => import('#functions/ingest-auth/handler.ts'));
  // The functions have read these secrets. The processes that are started from now on must not inherit them.
  delete process.env.VIEWER_TOKEN_KEYS;
  delete process.env.WEBHOOK_SECRET;
  delete process.env.OIDC_CLIENT_SECRET;
  const client = createDocumentClient();
  const apiOptions = { handler, now: Date.now, log };
  return {
    api: createHttpApi(apiOptions),
    apiOrigin: createApiOrigin(apiOptions),
    streams: createStreamStore({ client, tables: LOCAL_TABLE_NAMES }),
    close: () => {
      client.destroy();
      return lambda.close();
    },
  };
}

/** Loads a function. Wrong settings end the start, and not the first request. */
async function loaded<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new UserError(errorMessage(cause), { cause });
  }
}

/**
 * Reads from the environment whether the streams' keys (the default) or a backend decide about publishing. Throws a
 * UserError if the variables are wrong.
 */
export function readPublishMode(environment: NodeJS.ProcessEnv): PublishMode {
  const named = environment.PUBLISH_MODE || 'keys';
  const mode = PUBLISH_MODES.find((known) => known === named);
  if (mode === undefined) {
    throw new UserError(`PUBLISH_MODE must be one of ${PUBLISH_MODES.join(', ')}, not "${named}".`);
  }
  // WEBHOOK_SECRET_ARN does not help here: nothing on this machine can reach Secrets Manager.
  if (mode === 'webhook' && !(environment.WEBHOOK_URL && environment.WEBHOOK_SECRET)) {
    throw new UserError('PUBLISH_MODE=webhook needs WEBHOOK_URL and WEBHOOK_SECRET.');
  }
  return mode;
}

async function invokeIngestAuth(event: unknown): Promise<unknown> {
  const { handler } = await import('#functions/ingest-auth/handler.ts');
  return handler(event);
}
