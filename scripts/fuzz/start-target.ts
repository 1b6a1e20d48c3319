import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readDescendants, readProcess } from '#kit/process-usage.ts';

/** What the target tells of itself. */
export interface TargetReport {
  readonly type: 'report';
  /** Kinds of what keeps its event loop alive (Node.js, process.getActiveResourcesInfo). */
  readonly resources: readonly string[];
  readonly violations: number;
  /** Publishes that were accepted, and those of them that were encoded for real. */
  readonly publishes: number;
  readonly encoders: number;
}

export type TargetMessage =
  | { readonly type: 'ready'; readonly port: number; readonly closeTimeoutMs: number }
  | TargetReport;

/** The RTMP server under attack. */
export interface Target {
  readonly port: number;
  /** Within which it has closed any connection whose peer is done. */
  readonly closeTimeoutMs: number;
  /** What it wrote when it died; null while it lives. */
  readonly death: string | null;
  /** Collects its garbage first. */
  report(): Promise<TargetReport>;
  residentBytes(): Promise<number>;
  /** Names of the processes that it runs. */
  children(): Promise<readonly string[]>;
  /** Closes the server; resolves to whether the process then ended by itself, in order, within the time. */
  close(timeoutMs: number): Promise<boolean>;
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL('target.ts', import.meta.url));
const STDERR_TAIL_BYTES = 8_000;

/** Starts it on a free port. Rejects with what it wrote where it does not come up. */
export async function startTarget(): Promise<Target> {
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
