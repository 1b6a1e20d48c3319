import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { hashSecret } from '#domain/stream-ids.ts';
import { createLogger } from '#runtime/log.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { bundleEncoder } from '#scripts/bundle.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { Closers } from './closers.ts';
import { BUILD_DIR, makeDataDir, openDataDir } from './data-dir.ts';
import { DemoPublisher } from './demo-publisher.ts';
import { startDynamoDb } from './dynamodb.ts';
import { EncoderProcess } from './encoder-process.ts';
import { LOOPBACK } from './http-server.ts';
import { readPublishMode } from './local-aws.ts';
import { LOCAL_TABLE_NAMES } from './local-tables.ts';
import { type ManagedServices, startManagedServices } from './managed-services.ts';
import {
  homePathFor,
  isKeyValid,
  type OwnStream,
  type OwnStreamOptions,
  ownStream,
  ownStreamWithKey,
} from './own-stream.ts';
import { resolvePort } from './ports.ts';
import { removeRunningPlatform, writeRunningPlatform } from './running-platform.ts';
import type { StartOptions } from './start-options.ts';

/** Everything listens on loopback: other machines have no business with a laptop's control API and RTMP port. */
const HOST = LOOPBACK.host;
const RECONNECT_WINDOW_SECONDS = 30;
/**
 * Room for eight streams of the usual ladder. That is more than a laptop can transcode at once, because streams that wait
 * for their publisher also hold room.
 */
const CAPACITY_VCPUS = 10;
const EVENT_BUS_NAME = 'headend';

/** One encoder process. */
export interface PlatformTask {
  readonly pid: number;
  readonly httpUrl: string;
  readonly rtmpUrl: string;
}

/** The running platform. */
export interface Platform {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly apiUrl: string;
  readonly adminToken: string;
  readonly logPath: string;
  /** The demo's stream, or a first one for the user. Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  readonly tasks: readonly PlatformTask[];
  /** Ends everything that was started. */
  close(): Promise<void>;
}

/** Starts the whole platform on this machine. Rejects with a UserError for problems that the user can fix. */
export function startPlatform(options: StartOptions): Promise<Platform> {
  const closers = new Closers();
  return closers.guard(() => start(options, closers));
}

async function start(options: StartOptions, closers: Closers): Promise<Platform> {
  const { dataDir, demo } = options;
  const publishMode = readPublishMode(process.env);
  if (demo && publishMode === 'webhook')
    throw new UserError('--demo does not work with PUBLISH_MODE=webhook: no backend knows its key.');
  const rtmpPort = await resolvePort(HOST, options.rtmpPort, '--rtmp-port');
  const httpPort = await resolvePort(HOST, options.httpPort, '--http-port');
  const playbackBaseUrl = `http://${HOST}:${httpPort}`;
  const rtmpUrl = `rtmp://${HOST}:${rtmpPort}/${RTMP_APPLICATION}`;
  await makeDataDir(dataDir);
  // Only one process can open the database, so it serves as the lock of the folder.
  const dynamoDb = await startDynamoDb({ directory: join(dataDir, 'dynamodb'), tableNames: LOCAL_TABLE_NAMES });
  closers.add(() => dynamoDb.close());
  const state = await openDataDir(dataDir);
  const logFile = await openLog(dataDir, closers);

  const tasks: EncoderProcess[] = [];
  let homePath = '/';
  const services = await startManagedServices({
    dynamoDbUrl: dynamoDb.url,
    addresses: { edge: { host: HOST, port: httpPort, option: '--http-port' }, lambda: LOOPBACK, eventBus: LOOPBACK },
    originUrls: () => tasks.map(taskHttpUrl),
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
  const environment = taskEnvironment(services);
  const task = new EncoderProcess({ programPath, environment, rtmpPort, httpPort: 0, logFile: logFile.fd });
  closers.add(() => task.stop());
  await startTask(task, { rtmpPort, logPath: logFile.path });
  tasks.push(task);

  const { apiUrl, streams } = services;
  const api = new ControlApiClient({ apiUrl, token: state.adminToken });
  const own = { state, api, dataDir, streams };
  let stream: OwnStream | null = null;
  if (demo) stream = await startDemo({ own, rtmpUrl, log: logFile.log }, closers);
  else if (publishMode === 'keys') stream = await ownStream({ ...own, title: 'My stream' });
  homePath = homePathFor(stream);
  closers.add(() => removeRunningPlatform(dataDir));
  await writeRunningPlatform(dataDir, { apiUrl });
  return {
    rtmpUrl,
    playbackBaseUrl,
    apiUrl,
    adminToken: state.adminToken,
    logPath: logFile.path,
    stream,
    tasks: tasks.map((running) => ({ pid: running.pid, httpUrl: taskHttpUrl(running), rtmpUrl })),
    close: () => closers.closeAll(),
  };
}

/** Opens the log file. Encoder tasks write to it too. */
async function openLog(dataDir: string, closers: Closers) {
  const path = join(dataDir, 'headend.log');
  const file = await open(path, 'w');
  closers.add(() => file.close());
  const destination = { write: (line: string) => file.appendFile(line) };
  return { path, fd: file.fd, log: createLogger({ service: 'platform', level: 'info', destination }) };
}

/** All variables of a task except its ports. Those of AWS were set in this process by the managed services. */
function taskEnvironment(services: ManagedServices): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LOG_LEVEL: 'info',
    LISTEN_HOST: HOST,
    RECONNECT_WINDOW_SECONDS: String(RECONNECT_WINDOW_SECONDS),
    CAPACITY_VCPUS: String(CAPACITY_VCPUS),
    EVENT_BUS_NAME,
    AWS_ENDPOINT_URL_EVENTBRIDGE: services.eventBusUrl,
  };
}

const taskHttpUrl = ({ httpPort }: EncoderProcess): string => `http://${HOST}:${httpPort}`;

/** Starts a task. Rejects with a UserError. One reason may be that its port was taken in the meantime. */
async function startTask(task: EncoderProcess, { rtmpPort, logPath }: { rtmpPort: number; logPath: string }) {
  try {
    await task.start();
  } catch (cause) {
    await resolvePort(HOST, rtmpPort, '--rtmp-port');
    throw new UserError(`The encoder ended before it was ready; ${logPath} says why.`, { cause });
  }
}

interface DemoOptions {
  readonly own: Omit<OwnStreamOptions, 'title'>;
  readonly rtmpUrl: string;
  readonly log: Logger;
}

async function startDemo({ own, rtmpUrl, log }: DemoOptions, closers: Closers): Promise<OwnStream> {
  const stream = await ownStreamWithKey({ ...own, title: 'Demo' });
  const publisher = new DemoPublisher({
    publishUrl: `${rtmpUrl}/${stream.streamKey}`,
    isKeyValid: () => isKeyValid(own.streams, stream),
    onKeyLost: () => log.warn({ streamId: stream.id }, 'the demo ends: its stream was deleted or has another key'),
  });
  publisher.start();
  closers.add(() => publisher.stop());
  return stream;
}
