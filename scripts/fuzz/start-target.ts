import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readDescendants, readProcess } from '#kit/process-usage.ts';

/** What the target reports about itself. */
export interface TargetReport {
  readonly type: 'report';
  /** Types of the resources that keep its event loop alive (Node.js, process.getActiveResourcesInfo). */
  readonly resources: readonly string[];
  readonly violations: number;
  /** Accepted publishes, and how many of them were transcoded. */
  readonly publishes: number;
  readonly transcoders: number;
}

export type TargetMessage =
  | { readonly type: 'ready'; readonly port: number; readonly closeTimeoutMs: number }
  | TargetReport;

/** The RTMP server under attack. */
export interface FuzzTarget {
  readonly port: number;
  /** How long it may take to close a connection whose client is done. */
  readonly closeTimeoutMs: number;
  /** Exit code and last output after it died. Null as long as it runs. */
  readonly death: string | null;
  /** The target collects its garbage first. */
  report(): Promise<TargetReport>;
  residentBytes(): Promise<number>;
  /** Names of its child processes. */
  children(): Promise<readonly string[]>;
  /** Closes the server. Resolves to whether the process then ended by itself, with exit code 0, within the time. */
  close(timeoutMs: number): Promise<boolean>;
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL('target.ts', import.meta.url));
const STDERR_TAIL_BYTES = 8_000;

/** Starts the target on a free port. If that fails, rejects with its output. */
export async function startTarget(): Promise<FuzzTarget> {
  const child = fork(PROGRAM, {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const life = followLife(child);
  const [ready] = (await Promise.race([once(child, 'message'), life.ended.then(() => [])])) as TargetMessage[];
  if (ready?.type !== 'ready') throw new Error(`the target did not start: ${life.death}`);
  const pid = child.pid ?? 0;
  return {
    port: ready.port,
    closeTimeoutMs: ready.closeTimeoutMs,
    get death() {
      return life.death;
    },
    report: async () => {
      child.send('report');
      const [report] = (await once(child, 'message')) as [TargetReport];
      return report;
    },
    residentBytes: async () => (await readProcess(pid))?.residentBytes ?? 0,
    children: async () => (await readDescendants(pid)).map(({ name }) => name),
    close: async (timeoutMs) => {
      child.send('close');
      const timeout = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await life.ended;
      clearTimeout(timeout);
      return child.exitCode === 0;
    },
    kill: () => child.kill('SIGKILL'),
  };
}

function followLife(child: ChildProcess) {
  const life = { death: null as string | null, ended: Promise.resolve() };
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_TAIL_BYTES);
  });
  life.ended = once(child, 'close').then(([code, signal]) => {
    life.death = `exit ${code ?? signal}: ${stderr.trim()}`;
  });
  return life;
}
