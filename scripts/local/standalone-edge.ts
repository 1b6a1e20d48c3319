import { join } from 'node:path';
import { hashSecret } from '#domain/stream-ids.ts';
import { createLogger } from '#runtime/log.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { LOCAL_SECRET_VARIABLE } from './aws-environment.ts';
import { Closers } from './closers.ts';
import { BUILD_DIR, DYNAMODB_DIR, inDataDir, makeDataDir, openDataDir } from './data-dir.ts';
import { startDynamoDb } from './dynamodb.ts';
import type { EdgeOptions } from './edge-options.ts';
import { readPublishMode } from './local-aws.ts';
import { LOCAL_TABLE_NAMES } from './local-tables.ts';
import { startManagedServices } from './managed-services.ts';
import { homePathFor, type OwnStream, ownerLink, ownStream } from './own-stream.ts';
import { resolvePort } from './ports.ts';
import { removeRunningPlatform, writeRunningPlatform } from './running-platform.ts';

/** The running edge. */
export interface StandaloneEdge {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminToken: string;
  /** Signs the owner in at the studio, once. */
  readonly studioUrl: string;
  /** A first stream for the user. Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  close(): Promise<void>;
}

/**
 * Starts the local platform without encoder, which runs elsewhere and may start later. Rejects with a UserError for
 * problems that the user can fix.
 */
export function startStandaloneEdge(options: EdgeOptions): Promise<StandaloneEdge> {
  const closers = new Closers();
  return inDataDir(options.dataDir, () => closers.guard(() => start(options, closers)));
}

async function start(options: EdgeOptions, closers: Closers): Promise<StandaloneEdge> {
  const { listenHost, originUrl, rtmpUrl, playbackBaseUrl, dataDir } = options;
  requireSecret(LOCAL_SECRET_VARIABLE, 'The encoder signs with it too');
  const edgeSecret = requireSecret('EDGE_SECRET', 'By it, the encoder knows the edge');
  const publishMode = readPublishMode(process.env);
  const resolveAddress = async (port: number, option: string) => {
    const hostName = options.hostName ?? undefined;
    return { host: listenHost, port: await resolvePort(listenHost, port, option), option, hostName };
  };
  const addresses = {
    edge: [await resolveAddress(options.httpPort, '--http-port')] as const,
    lambda: await resolveAddress(options.lambdaPort, '--lambda-port'),
    eventBus: await resolveAddress(options.eventsPort, '--events-port'),
  };
  await makeDataDir(dataDir);
  const dynamoDb = await startDynamoDb({
    directory: join(dataDir, DYNAMODB_DIR),
    tableNames: LOCAL_TABLE_NAMES,
    address: await resolveAddress(options.dynamoDbPort, '--dynamodb-port'),
  });
  closers.add(() => dynamoDb.close());
  const state = await openDataDir(dataDir);
  let homePath = '/';
  const services = await startManagedServices({
    dynamoDbUrl: dynamoDb.url,
    addresses,
    originUrls: () => [originUrl],
    edgeSecret,
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
  await writeRunningPlatform(dataDir, { apiUrl, rtmpUrl, playbackBaseUrl, originUrls: [originUrl] });
  return {
    ...{ rtmpUrl, playbackBaseUrl, adminToken: state.adminToken, stream },
    studioUrl: await ownerLink(api),
    close: () => closers.closeAll(),
  };
}

/** A variable that the encoder has too. Throws a UserError if it is not set. */
function requireSecret(name: string, reason: string): string {
  const secret = process.env[name];
  if (!secret) throw new UserError(`${name} is not set. ${reason}; "npm run build" makes one for compose.yaml.`);
  return secret;
}
