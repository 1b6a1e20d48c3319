import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hashSecret } from '#domain/stream-ids.ts';
import { createLogger } from '#runtime/log.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import { Closers } from './closers.ts';
import { BUILD_DIR, openDataDir } from './data-dir.ts';
import type { EdgeOptions } from './edge-options.ts';
import { readPublishMode } from './local-aws.ts';
import { createMissingTables, LOCAL_TABLE_NAMES } from './local-tables.ts';
import { startManagedServices } from './managed-services.ts';
import { homePathFor, type OwnStream, ownStream } from './own-stream.ts';
import { resolvePort } from './ports.ts';
import { removeRunningPlatform, writeRunningPlatform } from './running-platform.ts';

/** Containers start at the same time, and DynamoDB Local needs longer because of Java. */
const DATABASE_ATTEMPTS = 60;
const DATABASE_PAUSE_MS = 500;

/** The running edge. */
export interface StandaloneEdge {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminToken: string;
  /** A first stream for the user. Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  close(): Promise<void>;
}

/**
 * Starts the local platform without encoder and database, which run elsewhere and may start later. Rejects with a
 * UserError for problems that the user can fix, and with an AbortError if it is stopped before it has started.
 */
export function startStandaloneEdge(options: EdgeOptions, stopped: AbortSignal): Promise<StandaloneEdge> {
  const closers = new Closers();
  return closers.guard(() => start(options, stopped, closers));
}

async function start(options: EdgeOptions, stopped: AbortSignal, closers: Closers): Promise<StandaloneEdge> {
  const { dynamoDbUrl, originUrl, rtmpUrl, playbackBaseUrl, dataDir } = options;
  const publishMode = readPublishMode(process.env);
  const addresses = {
    edge: await resolveAddress(options.listenHost, options.httpPort, '--http-port'),
    lambda: await resolveAddress(options.listenHost, options.lambdaPort, '--lambda-port'),
    eventBus: await resolveAddress(options.listenHost, options.eventsPort, '--events-port'),
  };
  const state = await openDataDir(dataDir);
  await createTables(dynamoDbUrl, stopped);
  let homePath = '/';
  const services = await startManagedServices({
    dynamoDbUrl,
    addresses,
    originUrls: () => [originUrl],
    publishMode,
    rtmpUrl,
    playbackBaseUrl,
    adminTokenHash: hashSecret(state.adminToken),
    viewerTokenKeys: state.viewerTokenKeys,
    buildDir: join(dataDir, BUILD_DIR),
    homePath: () => homePath,
    log: createLogger({ service: 'edge', level: 'info' }),
  });
  closers.add(() => services.close());
  const { apiUrl, streams } = services;
  const api = new ControlApiClient({ apiUrl, token: state.adminToken });
  const stream = publishMode === 'keys' ? await ownStream({ title: 'My stream', state, api, dataDir, streams }) : null;
  homePath = homePathFor(stream);
  closers.add(() => removeRunningPlatform(dataDir));
  await writeRunningPlatform(dataDir, { apiUrl });
  return { rtmpUrl, playbackBaseUrl, adminToken: state.adminToken, stream, close: () => closers.closeAll() };
}

async function resolveAddress(host: string, port: number, option: string) {
  return { host, port: await resolvePort(host, port, option), option };
}

/** Creates the tables. Waits for the database if it does not answer yet. */
async function createTables(dynamoDbUrl: string, stopped: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await createMissingTables({ dynamoDbUrl, tableNames: LOCAL_TABLE_NAMES });
    } catch (cause) {
      if (attempt === DATABASE_ATTEMPTS) throw noDatabase(dynamoDbUrl, cause);
    }
    await setTimeout(DATABASE_PAUSE_MS, undefined, { signal: stopped });
  }
}

function noDatabase(dynamoDbUrl: string, cause: unknown): UserError {
  const message = `No DynamoDB at ${dynamoDbUrl}: ${errorMessage(cause)}. Name another with --dynamodb-url.`;
  return new UserError(message, { cause });
}
