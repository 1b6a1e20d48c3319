import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { assertNoSecret, rememberSecret } from '#kit/secrets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The JSON line of `npm start -- --json`. */
interface ReadyLine {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly apiUrl: string;
  readonly adminToken: string;
  readonly studioUrl: string;
  readonly tasks: readonly { readonly pid: number; readonly httpUrl: string; readonly rtmpUrl: string }[];
}

/** What a test may ask of its stream. */
interface TestStreamSettings {
  readonly title?: string;
  readonly latency?: string;
  readonly ladder?: string;
  readonly playback?: string;
  readonly autoStart?: boolean;
}

/** A stream with all its addresses. */
export interface TestStream {
  readonly id: string;
  readonly playbackId: string;
  readonly streamKey: string;
  /** Includes the key. */
  readonly publishUrl: string;
  /** Folder of the playlists, without a trailing slash. */
  readonly liveUrl: string;
  readonly watchUrl: string;
}

/** How the platform's process ended, and everything that it wrote. */
interface PlatformExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm start` on free ports, with its own data folder. */
export interface TestPlatform extends ReadyLine {
  readonly pid: number;
  readonly rtmpPort: number;
  readonly dataDir: string;
  /** Calls the control API with the admin token. A body is sent as JSON. */
  callApi(method: string, path: string, body?: unknown): Promise<Response>;
  createStream(settings?: TestStreamSettings): Promise<TestStream>;
  /** Process ids of the FFmpegs that the encoders run now. Those that have replaced an encoder are left out. */
  ffmpegPids(): Promise<number[]>;
  /** The log files so far, the platform's own first. */
  log(): Promise<string>;
  /** Ends it as Ctrl-C does, and keeps the data folder. Rejects if it printed a key or token that this test file knows. */
  stop(): Promise<PlatformExit>;
  /** Ends it and removes the data folder. */
  close(): Promise<void>;
}

/** Platforms that run, so that a failed test leaves none behind. */
const open = new Set<TestPlatform>();

/** For `afterEach` or `afterAll`: closes every platform that is still open. */
export async function closeTestPlatforms(): Promise<void> {
  const closed = await Promise.allSettled([...open].map((platform) => platform.close()));
  for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Runs `npm start` to its end. For starts that fail. */
export function runStart(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<PlatformExit> {
  return followExit(spawnStart(args, environment));
}

export interface TestPlatformOptions {
  /** @default a temporary one */
  readonly dataDir?: string;
  /** Number of encoder tasks. @default 1 */
  readonly tasks?: number;
  /** Whether viewers get a slate while a stream waits for its publisher. @default true */
  readonly slate?: boolean;
  /** Whether it publishes a test picture. @default false */
  readonly demo?: boolean;
  /** Further options. @default none */
  readonly args?: readonly string[];
  /** Variables in addition to those of this process. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the platform. Rejects with its output if it ends before it is ready. */
export async function startTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'headend-test-')));
  const child = spawnStart(
    [
      ...[...FREE_PORTS, '--tasks', String(options.tasks ?? 1), '--json', '--data-dir', dataDir],
      ...(options.demo ? ['--demo'] : []),
      ...(options.slate === false ? ['--no-slate'] : []),
      ...(options.args ?? []),
    ],
    options.environment,
  );
  const exited = followExit(child);
  const ready = await readReadyLine(child, exited);
  rememberSecret(ready.adminToken);
  rememberSecret(new URL(ready.studioUrl).hash.replace('#invite=', ''));
  const log = () => readLogs(dataDir);
  const callApi = (method: string, path: string, body?: unknown) => {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { authorization: `Bearer ${ready.adminToken}`, ...json };
    return fetch(`${ready.apiUrl}${path}`, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  };
  let stopped: Promise<PlatformExit> | null = null;
  const stop = async (): Promise<PlatformExit> => {
    child.kill('SIGTERM');
    const exit = await exited;
    // The ready line, which is the first, gives the admin token to scripts.
    assertNoSecret(exit.stdout.split('\n').slice(1).join('\n'), 'standard output after the ready line');
    assertNoSecret(exit.stderr, 'standard error');
    assertNoSecret(await log(), 'the log');
    return exit;
  };
  const platform: TestPlatform = {
    ...ready,
    pid: child.pid ?? 0,
    rtmpPort: Number(new URL(ready.rtmpUrl).port),
    dataDir,
    callApi,
    createStream: async (settings = {}) => {
      const response = await callApi('POST', '/streams', { title: 'Test', ...settings });
      if (response.status !== 201) throw new Error(`POST /streams: ${response.status} ${await response.text()}`);
      return toTestStream(ready, await response.json());
    },
    ffmpegPids: async () => (await Promise.all(ready.tasks.map((task) => childPids(task.pid)))).flat(),
    log,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
    close: async () => {
      open.delete(platform);
      await platform.stop().finally(() => rm(dataDir, { recursive: true, force: true }));
    },
  };
  open.add(platform);
  return platform;
}

/** Options of `npm start` under which several platforms run side by side. */
export const FREE_PORTS = ['--http-port', '0', '--rtmp-port', '0'] as const;

function spawnStart(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, ['scripts/run.mjs', 'start', ...args], {
    cwd: ROOT,
    // Jest's own options for Node.js are not the platform's.
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function followExit(child: ChildProcess): Promise<PlatformExit> {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      output[name] += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

async function readReadyLine(child: ChildProcess, exited: Promise<PlatformExit>): Promise<ReadyLine> {
  if (child.stdout === null) throw new Error('the platform has no standard output');
  const ended = exited.then(({ stderr }) => {
    throw new Error(`npm start ended: ${stderr}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  ended.catch(() => undefined);
  return JSON.parse(line);
}

function toTestStream(
  { rtmpUrl, playbackBaseUrl }: ReadyLine,
  { id, playbackId, streamKey }: Pick<TestStream, 'id' | 'playbackId' | 'streamKey'>,
): TestStream {
  rememberSecret(streamKey);
  return {
    id,
    playbackId,
    streamKey,
    publishUrl: `${rtmpUrl}/${streamKey}`,
    liveUrl: `${playbackBaseUrl}/live/${playbackId}`,
    watchUrl: `${playbackBaseUrl}/watch/${playbackId}`,
  };
}

async function readLogs(dataDir: string): Promise<string> {
  const names = (await readdir(dataDir)).filter((name) => /^headend.*\.log$/.test(name));
  // 'headend-task-1.log' comes before 'headend.log'.
  const paths = names
    .toSorted()
    .reverse()
    .map((name) => join(dataDir, name));
  return (await Promise.all(paths.map((path) => readFile(path, 'utf8')))).join('');
}

/** Processes that a process has started (proc(5)). None if it has ended. */
export async function childPids(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return children.split(' ').filter(Boolean).map(Number);
}
