import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** `child_process.spawn`, passed in. */
export type SpawnProcess = (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;

/** How a process ended. If code and signal are null, it could not be started. */
export interface FfmpegExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines that it wrote to stderr, oldest first. */
  readonly stderrTail: readonly string[];
}

export interface FfmpegProcessOptions {
  readonly args: readonly string[];
  /** Names of the output pipes, from FIRST_OUTPUT_FD on. */
  readonly outputs: readonly string[];
  readonly spawn: SpawnProcess;
  readonly onOutput: (output: string, chunk: Buffer) => void;
  /** FFmpeg has read what was written, and takes more. */
  readonly onDrain: () => void;
  readonly onStderrLine: (line: string) => void;
}

/** The file descriptor of the first output. The others follow in order. */
export const FIRST_OUTPUT_FD = 3;

const STDERR_TAIL_LINES = 20;
const MAX_STDERR_LINE_CHARACTERS = 500;
const FLUSH_LIMIT_MS = 2000;

/** One FFmpeg: FLV on stdin, and a pipe for each output. It exits if its parent dies, because stdin ends then. */
export class FfmpegProcess {
  /** Resolves when the process has exited and every pipe was read to its end. */
  readonly exit: Promise<FfmpegExit>;
  readonly #child: ChildProcess;
  readonly #stderrTail: string[] = [];
  /** Since when the writes have waited that FFmpeg has not read yet, oldest first. */
  readonly #pendingWritesMs: number[] = [];
  #flushTimer: NodeJS.Timeout | null = null;

  constructor({ args, outputs, spawn, onOutput, onDrain, onStderrLine }: FfmpegProcessOptions) {
    this.#child = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'pipe', ...outputs.map(() => 'pipe' as const)] });
    this.exit = this.#waitForExit();
    for (const [index, output] of outputs.entries()) {
      const pipe = this.#child.stdio[FIRST_OUTPUT_FD + index] as Readable | undefined;
      pipe?.on('data', (chunk: Buffer) => onOutput(output, chunk));
      pipe?.on('error', (error) => this.#breakOff(`output ${output}`, error));
    }
    // A broken pipe means that FFmpeg is gone, and `exit` reports that.
    this.#child.stdin?.on('error', () => this.#pendingWritesMs.splice(0));
    this.#child.stdin?.on('drain', onDrain);
    if (this.#child.stderr !== null) {
      const lines = createInterface({ input: this.#child.stderr });
      lines.on('line', (line) => this.#keepLine(line, onStderrLine));
      // readline repeats its input's errors. An 'error' event without a listener would throw.
      lines.on('error', (error) => this.#breakOff('messages', error));
    }
  }

  /** Whether FFmpeg has yet to read what was written. More should not be written until `onDrain`. */
  get isBusy(): boolean {
    return this.#child.stdin?.writableNeedDrain ?? false;
  }

  /** Writes bytes that have waited for FFmpeg since `sinceMs`. */
  write(bytes: Buffer, sinceMs: number): void {
    const stdin: Writable | null = this.#child.stdin;
    if (stdin === null || !stdin.writable) return;
    this.#pendingWritesMs.push(sinceMs);
    stdin.write(bytes, () => this.#pendingWritesMs.shift());
  }

  /** Since when the oldest input has waited that was written and not read yet; null if there is none. */
  get waitingSinceMs(): number | null {
    return this.#pendingWritesMs[0] ?? null;
  }

  /** Ends the input. FFmpeg writes what it has and exits; if that takes longer than 2 s, or another limit, it is killed. */
  finish(limitMs = FLUSH_LIMIT_MS): void {
    this.#child.stdin?.end();
    this.#flushTimer ??= setTimeout(() => this.kill(), limitMs);
  }

  /** Sends SIGKILL, which also ends a stopped process. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #waitForExit(): Promise<FfmpegExit> {
    return new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
        resolve({ code, signal, stderrTail: this.#stderrTail });
      };
      this.#child.once('close', settle);
      this.#child.on('error', (error) => {
        const isRunning = this.#child.pid !== undefined;
        this.#keepTail(`ffmpeg could not be ${isRunning ? 'signalled' : 'started'}: ${error.message}`);
        if (!isRunning) settle(null, null);
      });
    });
  }

  /** Its output is lost, so the process is of no more use. */
  #breakOff(pipe: string, error: Error): void {
    this.#keepTail(`${pipe} of ffmpeg could not be read: ${error.message}`);
    this.kill();
  }

  #keepLine(line: string, onStderrLine: (line: string) => void): void {
    const kept = line.slice(0, MAX_STDERR_LINE_CHARACTERS);
    this.#keepTail(kept);
    onStderrLine(kept);
  }

  #keepTail(line: string): void {
    this.#stderrTail.push(line);
    if (this.#stderrTail.length > STDERR_TAIL_LINES) this.#stderrTail.shift();
  }
}
