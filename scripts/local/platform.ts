import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PublishMode } from '#domain/environment.ts';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { createLogger } from '#runtime/log.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { bundleEncoder } from '#scripts/bundle.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { Closers } from './closers.ts';
import { BUILD_DIR, DYNAMODB_DIR, inDataDir, makeDataDir, openDataDir } from './data-dir.ts';
import { DemoPublisher } from './demo-publisher.ts';
import { startDynamoDb } from './dynamodb.ts';
import { EncoderTasks, type PlatformTask } from './encoder-tasks.ts';
import { LOOPBACK } from './http-server.ts';
import { readPublishMode } from './local-aws.ts';
import { LOCAL_TABLE_NAMES } from './local-tables.ts';
import { type ManagedServices, startManagedServices } from './managed-services.ts';
import { type NetworkReach, resolveReach } from './network-reach.ts';
import {
  homePathFor,
  isKeyValid,
  type OwnStream,
  type OwnStreamOptions,
  ownerLink,
  ownStream,
  ownStreamWithKey,
} from './own-stream.ts';
import { resolvePortOf } from './ports.ts';
import { removeRunningPlatform, writeRunningPlatform } from './running-platform.ts';
import type { StartOptions } from './start-options.ts';
import { TcpBalancer } from './tcp-balancer.ts';

/** Where everything listens that neither viewers nor broadcasters use, whatever `--host` says. */
const HOST = LOOPBACK.host;
const RECONNECT_WINDOW_SECONDS = 30;
/**
 * Room for eight streams of the usual ladder. That is more than a laptop can transcode at once, because streams that wait
 * for their publisher also hold room.
 */
const CAPACITY_VCPUS = 10;
const EVENT_BUS_NAME = 'headend';

/** The running platform. */
export interface Platform {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly apiUrl: string;
  readonly adminToken: string;
  /** Signs the owner in at the studio, once. */
  readonly studioUrl: string;
  /** The platform's log. A single task writes to it too. */
  readonly logPath: string;
  /** Logs that only tasks write to, one each. */
  readonly taskLogPaths: readonly string[];
  /** A first one for the user. Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  /** The one that the demo publishes. Null if there is no demo. */
  readonly demoStream: OwnStream | null;
  readonly reach: NetworkReach;
  readonly tasks: readonly PlatformTask[];
  /** Ends everything that was started. */
  close(): Promise<void>;
}

/** Starts the whole platform on this machine. Rejects with a UserError for problems that the user can fix. */
export function startPlatform(options: StartOptions): Promise<Platform> {
  const closers = new Closers();
  return inDataDir(options.dataDir, () => closers.guard(() => start(options, closers)));
}

async function start(options: StartOptions, closers: Closers): Promise<Platform> {
  const { dataDir, demo } = options;
  const publishMode = readPublishMode(process.env);
  if (demo && publishMode === 'webhook')
    throw new UserError('--demo does not work with PUBLISH_MODE=webhook: no backend knows its key.');
  const reach = await resolveReach(options.host);
  const rtmpPort = await resolvePortOf(reach.listenHosts, options.rtmpPort, '--rtmp-port');
  const httpPort = await resolvePortOf(reach.listenHosts, options.httpPort, '--http-port');
  const playbackBaseUrl = `http://${reach.address}:${httpPort}`;
  const rtmpUrl = rtmpUrlOf(reach.address, rtmpPort);
  await makeDataDir(dataDir);
  // Only one process can open the database, so it serves as the lock of the folder.
  const dynamoDb = await startDynamoDb({ directory: join(dataDir, DYNAMODB_DIR), tableNames: LOCAL_TABLE_NAMES });
  closers.add(() => dynamoDb.close());
  const state = await openDataDir(dataDir);
  const logFile = await openLog(dataDir, closers);

  const tasks = new EncoderTasks({ count: options.tasks, rtmpPort, dataDir, platformLog: logFile, log: logFile.log });
  // It ends after the tasks, which say goodbye to the publishers.
  if (tasks.areMany) await startIngestBalancer(tasks, rtmpPort, closers);
  const edgeSecret = generateSecret(randomBytes);
  let homePath = '/';
  const services = await startManagedServices({
    dynamoDbUrl: dynamoDb.url,
    addresses: { edge: edgeAddresses(reach, httpPort), lambda: LOOPBACK, eventBus: LOOPBACK },
    answersToAddress: reach.isOpen,
    originUrls: () => tasks.originUrls(),
    edgeSecret,
    publishMode,
    rtmpUrl,
    playbackBaseUrl,
    adminTokenHash: hashSecret(state.adminToken),
    viewerTokenKeys: state.viewerTokenKeys,
    buildDir: join(dataDir, BUILD_DIR),
    homePath: () => homePath,
    log: logFile.log,
  });
  closers.add(() => services.close());
  const { path: programPath } = await bundleEncoder(join(dataDir, BUILD_DIR));
  closers.add(() => tasks.stop());
  const settings = { options, reach, services, edgeSecret, publishMode };
  await tasks.start({ path: programPath, environment: taskEnvironment(settings) });

  const { apiUrl, streams } = services;
  const api = new ControlApiClient({ apiUrl, token: state.adminToken });
  const own = { state, api, dataDir, streams };
  const stream = publishMode === 'keys' ? await ownStream({ ...own, title: 'My stream' }) : null;
  // The address of loopback is there even while the network is not.
  const demoUrl = rtmpUrlOf(HOST, rtmpPort);
  const demoStream = demo ? await startDemo({ own, rtmpUrl: demoUrl, log: logFile.log }, closers) : null;
  homePath = homePathFor(demoStream ?? stream);
  closers.add(() => removeRunningPlatform(dataDir));
  await writeRunningPlatform(dataDir, {
    apiUrl,
    rtmpUrl,
    playbackBaseUrl,
    originUrls: tasks.list().map((task) => task.httpUrl),
  });
  return {
    rtmpUrl,
    playbackBaseUrl,
    apiUrl,
    adminToken: state.adminToken,
    studioUrl: await ownerLink(api),
    logPath: logFile.path,
    taskLogPaths: tasks.logPaths,
    ...{ stream, demoStream, reach },
    tasks: tasks.list(),
    close: () => closers.closeAll(),
  };
}

const rtmpUrlOf = (host: string, port: number): string => `rtmp://${host}:${port}/${RTMP_APPLICATION}`;

function edgeAddresses({ listenHosts: [first, ...others] }: NetworkReach, port: number) {
  const address = (host: string) => ({ host, port, option: '--http-port' });
  return [address(first), ...others.map(address)] as const;
}

/** Several tasks are behind one address, like the tasks of a deployment behind the network load balancer. */
async function startIngestBalancer(tasks: EncoderTasks, port: number, closers: Closers): Promise<void> {
  const address = { host: HOST, port, option: '--rtmp-port' };
  const balancer = await TcpBalancer.start({ address, targetPorts: () => tasks.rtmpPorts(), now: Date.now });
  closers.add(() => balancer.close());
}

/** Opens the platform's log file. */
async function openLog(dataDir: string, closers: Closers) {
  const path = join(dataDir, 'headend.log');
  const file = await open(path, 'w');
  closers.add(() => file.close());
  const destination = { write: (line: string) => file.appendFile(line) };
  return { path, fd: file.fd, log: createLogger({ service: 'platform', level: 'info', destination }) };
}

interface TaskSettings {
  readonly options: StartOptions;
  readonly reach: NetworkReach;
  readonly services: ManagedServices;
  readonly edgeSecret: string;
  readonly publishMode: PublishMode;
}

/** What tasks have in common. The variables of AWS were set in this process by the managed services. */
function taskEnvironment({ options, reach, services, edgeSecret, publishMode }: TaskSettings): NodeJS.ProcessEnv {
  const { slate, slateImage } = options;
  return {
    ...process.env,
    SLATE: slate ? 'on' : 'off',
    ...(slateImage !== null && { SLATE_IMAGE: slateImage }),
    LOG_LEVEL: 'info',
    LISTEN_HOST: HOST,
    RTMP_LISTEN_HOSTS: reach.listenHosts.join(','),
    // No deployment replaces a laptop's tasks.
    DRAIN_MINUTES: '0',
    RECONNECT_WINDOW_SECONDS: process.env.RECONNECT_WINDOW_SECONDS ?? String(RECONNECT_WINDOW_SECONDS),
    CAPACITY_VCPUS: String(CAPACITY_VCPUS),
    EVENT_BUS_NAME,
    EDGE_SECRET: edgeSecret,
    // Only a backend knows its streams.
    ...(publishMode === 'webhook' && { STREAMS_TABLE: '' }),
    AWS_ENDPOINT_URL_EVENTBRIDGE: services.eventBusUrl,
  };
}

interface DemoOptions {
  readonly own: Omit<OwnStreamOptions, 'title'>;
  readonly rtmpUrl: string;
  readonly log: Logger;
}

async function startDemo({ own, rtmpUrl, log }: DemoOptions, closers: Closers): Promise<OwnStream> {
  const stream = await ownStreamWithKey({ ...own, title: 'Demo' });
  const publisher = new DemoPublisher({
    ...{ rtmpUrl, streamKey: stream.streamKey, keyFile: join(own.dataDir, BUILD_DIR, 'demo.ffpreset') },
    isKeyValid: () => isKeyValid(own.streams, stream),
    onKeyLost: () => log.warn({ streamId: stream.id }, 'the demo ends: its stream was deleted or has another key'),
  });
  await publisher.start();
  closers.add(() => publisher.stop());
  return stream;
}
