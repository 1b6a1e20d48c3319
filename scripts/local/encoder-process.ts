import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

/** The ports of a running encoder task. */
const taskPortsSchema = z.object({ rtmpPort: z.number(), httpPort: z.number() });

export interface EncoderProcessOptions {
  /** The bundled program. */
  readonly programPath: string;
  /** All environment variables except the ports. */
  readonly environment: NodeJS.ProcessEnv;
  /** 0 for any free port. A restarted task keeps the ports of the previous one. */
  readonly rtmpPort: number;
  readonly httpPort: number;
  /** File descriptor of the log. */
  readonly logFile: number;
  /** How long it may take to end on SIGTERM. @default STOP_TIMEOUT_MS */
  readonly stopTimeoutMs?: number;
}

/** Pause before a dead task is restarted, so that a task that cannot start does not spin. ECS takes longer. */
const RESTART_DELAY_MS = 500;
/** More than broadcasts need to end properly, and no longer than a person waits after Ctrl-C. */
const STOP_TIMEOUT_MS = 15_000;

/** Keeps one encoder process running, like an ECS service its tasks. */
export class EncoderProcess {
  readonly #options: EncoderProcessOptions;
  #child: ChildProcess | null = null;
  #ports: z.infer<typeof taskPortsSchema>;
  #restartTimer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: EncoderProcessOptions) {
    this.#options = options;
    this.#ports = { rtmpPort: options.rtmpPort, httpPort: options.httpPort };
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

  /** Starts the process and resolves when it listens. Rejects if it ends before that. */
  async start(): Promise<void> {
    const { programPath, environment, logFile } = this.#options;
    const child = spawn(process.execPath, [programPath], {
      env: { ...environment, RTMP_PORT: String(this.#ports.rtmpPort), HTTP_PORT: String(this.#ports.httpPort) },
      stdio: ['ignore', logFile, logFile, 'ipc'],
    });
    this.#child = child;
    const gone = new AbortController();
    child.once('exit', () => gone.abort());
    try {
      const [message] = await once(child, 'message', { signal: gone.signal });
      this.#ports = taskPortsSchema.parse(message);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error('the encoder ended before it was ready', { cause });
    }
    if (child.exitCode !== null || child.signalCode !== null) this.#restartSoon();
    else child.once('exit', () => this.#restartSoon());
  }

  /** Ends the process for good, by force if it takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const deadline = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    await exited.finally(() => clearTimeout(deadline));
  }

  #restartSoon(): void {
    if (this.#isStopped) return;
    this.#restartTimer = setTimeout(() => {
      this.start().catch(() => this.#restartSoon());
    }, RESTART_DELAY_MS);
  }
}
