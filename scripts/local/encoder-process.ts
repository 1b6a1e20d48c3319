import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { RandomBytes } from '#domain/stream-ids.ts';

/** What a task says to its parent when it listens. */
const taskReadySchema = z.object({
  rtmpPort: z.number(),
  httpPort: z.number(),
  internalPort: z.number().optional(),
});

/** What it says when it takes no new publishers, because it hands its streams over and ends. */
const taskDrainingSchema = z.object({ draining: z.literal(true) });

/** How a task's process has ended. */
export interface TaskEnd {
  readonly taskId: string;
  /** Null if a signal has ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface EncoderProcessOptions {
  /** The task's place among the tasks, from 1 on. A restarted task keeps it. */
  readonly place: number;
  /** The bundled program. */
  readonly programPath: string;
  /** All environment variables except the task's id and its ports. */
  readonly environment: NodeJS.ProcessEnv;
  /** 0 for any free port. A restarted task keeps all ports of the previous one. */
  readonly rtmpPort: number;
  /** File descriptor of the log. */
  readonly logFile: number;
  /** Makes the task's id, a new one for each start. */
  readonly randomBytes: RandomBytes;
  /** Called when a process has ended that the platform has not stopped. */
  readonly onEnded: (end: TaskEnd) => void;
  /** How long it may take to end when the platform ends. @default STOP_TIMEOUT_MS */
  readonly stopTimeoutMs?: number;
}

/** Pause before a dead task is restarted, so that a task that cannot start does not spin. ECS takes longer. */
const RESTART_DELAY_MS = 500;
/** More than broadcasts need to end properly, and no longer than a person waits after Ctrl-C. */
const STOP_TIMEOUT_MS = 15_000;
/** Tells the starts of a task apart. */
const ID_SUFFIX_BYTES = 3;

/** Keeps one encoder process running, like an ECS service its tasks. */
export class EncoderProcess {
  readonly #options: EncoderProcessOptions;
  #child: ChildProcess | null = null;
  #ports: z.infer<typeof taskReadySchema>;
  #isInRotation = false;
  #restartTimer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: EncoderProcessOptions) {
    this.#options = options;
    this.#ports = { rtmpPort: options.rtmpPort, httpPort: 0 };
  }

  /** Process id of the running encoder. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get rtmpPort(): number {
    return this.#ports.rtmpPort;
  }

  get httpPort(): number {
    return this.#ports.httpPort;
  }

  /** Whether load balancers send it new connections: from the moment it listens until it drains or ends. */
  get isInRotation(): boolean {
    return this.#isInRotation;
  }

  /** Starts the process and resolves when it listens. Rejects if it ends before that. */
  async start(): Promise<void> {
    const { place, randomBytes, onEnded } = this.#options;
    const taskId = `${place}-${randomBytes(ID_SUFFIX_BYTES).toString('hex')}`;
    const child = this.#spawn(taskId);
    this.#child = child;
    const gone = new AbortController();
    child.on('message', (message) => this.#onMessage(child, message));
    child.once('exit', (code, signal) => {
      this.#isInRotation = false;
      if (!this.#isStopped) onEnded({ taskId, code, signal });
      gone.abort();
    });
    try {
      const [message] = await once(child, 'message', { signal: gone.signal });
      taskReadySchema.parse(message);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error('the encoder ended before it was ready', { cause });
    }
    if (hasEnded(child)) this.#restartSoon();
    else child.once('exit', () => this.#restartSoon());
  }

  /** Ends the process and its broadcasts for good, by force if it takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const exited = once(child, 'exit');
    // SIGTERM would ask the task to hand its streams over, and there is no other task to take them.
    child.kill('SIGINT');
    // A task that somebody has paused would not see it.
    child.kill('SIGCONT');
    const deadline = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    await exited.finally(() => clearTimeout(deadline));
  }

  #spawn(taskId: string): ChildProcess {
    const { programPath, environment, logFile } = this.#options;
    const { rtmpPort, httpPort, internalPort = 0 } = this.#ports;
    return spawn(process.execPath, [programPath], {
      env: {
        ...environment,
        TASK_ID: taskId,
        RTMP_PORT: String(rtmpPort),
        HTTP_PORT: String(httpPort),
        INTERNAL_PORT: String(internalPort),
      },
      stdio: ['ignore', logFile, logFile, 'ipc'],
    });
  }

  #onMessage(child: ChildProcess, message: unknown): void {
    // The last messages may come after the end.
    if (hasEnded(child)) return;
    const ready = taskReadySchema.safeParse(message);
    if (ready.success) {
      this.#ports = ready.data;
      this.#isInRotation = true;
    } else if (taskDrainingSchema.safeParse(message).success) {
      this.#isInRotation = false;
    }
  }

  #restartSoon(): void {
    if (this.#isStopped) return;
    this.#restartTimer = setTimeout(() => {
      this.start().catch(() => this.#restartSoon());
    }, RESTART_DELAY_MS);
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
