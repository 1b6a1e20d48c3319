import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { MAX_STOP_TIMEOUT_SECONDS } from '#domain/encoder-capacity.ts';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { EncoderProcess, type TaskEnd } from './encoder-process.ts';
import { LOOPBACK } from './http-server.ts';
import { resolvePort } from './ports.ts';

/** An open log. */
export interface LogFile {
  readonly path: string;
  /** Its file descriptor. */
  readonly fd: number;
}

export interface EncoderTasksOptions {
  readonly count: number;
  /** Where broadcasters publish. A single task listens there itself; several are behind a balancer. */
  readonly rtmpPort: number;
  readonly dataDir: string;
  /** The platform's log. A single task writes to it too. */
  readonly platformLog: LogFile;
  /** Writes to the platform's log. */
  readonly log: Logger;
}

/** What all tasks are started with. */
export interface EncoderProgram {
  /** The bundled program. */
  readonly path: string;
  /** Its variables, except those that concern the task as one among others. */
  readonly environment: NodeJS.ProcessEnv;
}

/** One encoder process. */
export interface PlatformTask {
  readonly pid: number;
  /** The task's own addresses. */
  readonly httpUrl: string;
  readonly rtmpUrl: string;
}

const HOST = LOOPBACK.host;

/** The encoder tasks of the platform, and what its load balancers have to know of them. */
export class EncoderTasks {
  readonly #options: EncoderTasksOptions;
  readonly #processes: EncoderProcess[] = [];
  readonly #closeLogs: (() => Promise<void>)[] = [];

  constructor(options: EncoderTasksOptions) {
    this.#options = options;
  }

  /** Whether there is more than one task, so that balancers have a choice. */
  get areMany(): boolean {
    return this.#options.count > 1;
  }

  /** The log files that only tasks write to. */
  get logPaths(): string[] {
    const { count, dataDir } = this.#options;
    if (!this.areMany) return [];
    return Array.from({ length: count }, (_, index) => join(dataDir, `headend-task-${index + 1}.log`));
  }

  /** The tasks that have started. */
  list(): PlatformTask[] {
    return this.#processes.map((task) => ({
      pid: task.pid,
      httpUrl: httpUrl(task),
      rtmpUrl: `rtmp://${HOST}:${task.rtmpPort}/${RTMP_APPLICATION}`,
    }));
  }

  /** Ports for new publishers. */
  rtmpPorts(): number[] {
    return this.#inRotation().map((task) => task.rtmpPort);
  }

  /** Addresses for new requests of viewers. A single task gets them also while it drains: nobody else has its streams. */
  originUrls(): string[] {
    return (this.areMany ? this.#inRotation() : this.#processes).map(httpUrl);
  }

  /** Starts all tasks and resolves when they listen. Rejects with a UserError if one does not. */
  async start(program: EncoderProgram): Promise<void> {
    const { rtmpPort, platformLog, log } = this.#options;
    const environment = {
      ...program.environment,
      TASK_ADDRESS: HOST,
      CLUSTER_SECRET: generateSecret(randomBytes),
      STOP_TIMEOUT_SECONDS: String(MAX_STOP_TIMEOUT_SECONDS),
    };
    const common = {
      ...{ programPath: program.path, rtmpPort: this.areMany ? 0 : rtmpPort, randomBytes },
      onEnded: (end: TaskEnd) => log.info(end, 'task ended; another one takes its place'),
    };
    const files = this.areMany ? await this.#openLogs() : [platformLog];
    const starts = files.map((file, index) => {
      const place = index + 1;
      const ownEnvironment = { ...environment, ...ownDatabase(program.environment, place) };
      const task = new EncoderProcess({ ...common, environment: ownEnvironment, place, logFile: file.fd });
      this.#processes.push(task);
      return this.#startTask(task, file.path);
    });
    await Promise.all(starts);
  }

  /** Ends all tasks and their broadcasts. Resolves when they are gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((task) => task.stop()));
    for (const closeLog of this.#closeLogs) await closeLog();
  }

  #inRotation(): EncoderProcess[] {
    return this.#processes.filter((task) => task.isInRotation);
  }

  async #openLogs(): Promise<LogFile[]> {
    const logs: LogFile[] = [];
    for (const path of this.logPaths) {
      const file = await open(path, 'w');
      this.#closeLogs.push(() => file.close());
      logs.push({ path, fd: file.fd });
    }
    return logs;
  }

  async #startTask(task: EncoderProcess, logPath: string): Promise<void> {
    try {
      await task.start();
    } catch (cause) {
      // One reason may be that its port was taken in the meantime.
      if (!this.areMany) await resolvePort(HOST, this.#options.rtmpPort, '--rtmp-port');
      throw new UserError(`The encoder ended before it was ready; ${logPath} says why.`, { cause });
    }
  }
}

/** Tests set such a variable, `LOCAL_DYNAMODB_URL_1` for the first task, to cut one task off from the database. */
function ownDatabase(environment: NodeJS.ProcessEnv, place: number): NodeJS.ProcessEnv {
  const url = environment[`LOCAL_DYNAMODB_URL_${place}`];
  return url === undefined ? {} : { AWS_ENDPOINT_URL_DYNAMODB: url };
}

const httpUrl = ({ httpPort }: EncoderProcess): string => `http://${HOST}:${httpPort}`;
