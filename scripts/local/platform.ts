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
import { makeDataDir, openDataDir } from './data-dir.ts';
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

/** Everything listens on loopback: a laptop's control API and RTMP port are nobody else's business. */
const HOST = LOOPBACK.host;
const RECONNECT_WINDOW_SECONDS = 30;
/** More than a laptop encodes at once, since streams that wait for their publisher count too. */
const STREAM_SLOTS = 8;
const EVENT_BUS_NAME = 'headend';
/** Folder of what is built on start, below the data folder. */
const BUILD_DIR = 'build';

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
  /** A stream to begin with: the demo's, or one of the user's own. Null where a backend knows the streams. */
  readonly stream: OwnStream | null;
  readonly tasks: readonly PlatformTask[];
  /** Ends everything it started. */
  close(): Promise<void>;
}

/** Starts the whole platform on this machine. Throws a UserError for what the person at the keyboard can mend. */
export function startPlatform(options: StartOptions): Promise<Platform> {
  const closers = new Closers();
  return closers.guard(() => start(options, closers));
}

async function start(options: StartOptions, closers: Closers): Promise<Platform> {
  const { dataDir, demo } = options;
  const publishMode = readPublishMode(process.env);
  if (demo && publishMode === 'webhook') throw new UserError('--demo has no key that a backend would allow.');
  const rtmpPort = await resolvePort(HOST, options.rtmpPort, '--rtmp-port');
  const httpPort = await resolvePort(HOST, options.httpPort, '--http-port');
  const playbackBaseUrl = `http://${HOST}:${httpPort}`;
  const rtmpUrl = `rtmp://${HOST}:${rtmpPort}/${RTMP_APPLICATION}`;
  await makeDataDir(dataDir);
  // The database is the folder's lock: what is in the folder belongs to who holds it.
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

/** The log file, which encoder tasks write to as well. */
async function openLog(dataDir: string, closers: Closers) {
  const path = join(dataDir, 'headend.log');
  const file = await open(path, 'w');
  closers.add(() => file.close());
  const destination = { write: (line: string) => file.appendFile(line) };
  return { path, fd: file.fd, log: createLogger({ service: 'platform', level: 'info', destination }) };
}

/** All that a task reads but its ports. The managed services have put AWS's variables into this process's own. */
function taskEnvironment(services: ManagedServices): NodeJS.ProcessEnv {
  return {
    ...process.env,
    LOG_LEVEL: 'info',
    LISTEN_HOST: HOST,
    RECONNECT_WINDOW_SECONDS: String(RECONNECT_WINDOW_SECONDS),
    STREAM_SLOTS: String(STREAM_SLOTS),
    EVENT_BUS_NAME,
    AWS_ENDPOINT_URL_EVENTBRIDGE: services.eventBusUrl,
  };
}

const taskHttpUrl = ({ httpPort }: EncoderProcess): string => `http://${HOST}:${httpPort}`;

/** Starts a task. Rejects with a UserError: its port may have been taken since it was found free. */
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
    onKeyLost: () => log.warn({ streamId: stream.id }, 'the demo ends: its stream has another key, or is gone'),
  });
  publisher.start();
  closers.add(() => publisher.stop());
  return stream;
}
