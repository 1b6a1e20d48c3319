import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { assertNoSecret, rememberSecret } from '#kit/secrets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The JSON line of `npm start -- --json`. */
export interface ReadyLine {
  readonly ready: true;
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly apiUrl: string;
  readonly adminToken: string;
  readonly tasks: readonly { readonly pid: number; readonly httpUrl: string; readonly rtmpUrl: string }[];
}

/** What a test's stream may have of its own. */
export interface StreamSettings {
  readonly latency?: string;
  readonly ladder?: string;
  readonly playback?: string;
}

/** A stream with all its addresses. */
export interface TestStream {
  readonly id: string;
  readonly playbackId: string;
  readonly streamKey: string;
  /** With the key. */
  readonly publishUrl: string;
  /** Folder of the playlists, without a trailing slash. */
  readonly liveUrl: string;
  readonly watchUrl: string;
}

/** How the platform's process ended, with all it wrote. */
export interface PlatformExit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npm start` on free ports with a data folder of its own. */
export interface TestPlatform extends ReadyLine {
  readonly pid: number;
  readonly dataDir: string;
  createStream(options?: StreamSettings): Promise<TestStream>;
  /** Process ids of the FFmpegs that the encoder runs now. */
  ffmpegPids(): Promise<number[]>;
  /** The log file so far. */
  log(): Promise<string>;
  /** Ends it as Ctrl-C does; keeps the data folder. Rejects where it has printed a key or token that this test file knows. */
  stop(): Promise<PlatformExit>;
  /** The same, and removes the data folder. */
  close(): Promise<void>;
}

/** Platforms that a test has not closed, so that a failed one leaves nothing running. */
const open = new Set<TestPlatform>();

/** For `afterEach` or `afterAll`: closes every platform that is still open. */
export async function closeTestPlatforms(): Promise<void> {
  const closed = await Promise.allSettled([...open].map((platform) => platform.close()));
  for (const outcome of closed) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Runs `npm start` with arguments and variables of its own, to the end; for starts that fail. */
export async function runStart(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<PlatformExit> {
  return followExit(spawnStart(args, environment));
}

export interface TestPlatformOptions {
  /** @default a temporary one */
  readonly dataDir?: string;
  /** Variables besides those of this process. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the platform. Rejects with what it wrote where it ends before it is ready. */
export async function startTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'headend-test-')));
  const args = ['--json', '--http-port', '0', '--rtmp-port', '0', '--data-dir', dataDir];
  const child = spawnStart(args, options.environment);
  const exited = followExit(child);
  const ready = await readyLine(child, exited);
  rememberSecret(ready.adminToken);
  const log = () => readFile(join(dataDir, 'headend.log'), 'utf8');
  let stopped: Promise<PlatformExit> | null = null;
  const stop = async (): Promise<PlatformExit> => {
    child.kill('SIGTERM');
    const exit = await exited;
    assertNoSecretPrinted(exit, await log());
    return exit;
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  const platform: TestPlatform = {
    ...ready,
    pid: child.pid ?? 0,
    dataDir,
    createStream: (stream = {}) => createStream(ready, stream),
    ffmpegPids: () => childPids(ready.tasks[0]?.pid ?? 0),
    log,
    stop: stopOnce,
    close: async () => {
      open.delete(platform);
      try {
        await stopOnce();
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  };
  open.add(platform);
  return platform;
}

/** The ready line, its first, is where a script gets the admin token from. */
function assertNoSecretPrinted({ stdout, stderr }: PlatformExit, log: string): void {
  assertNoSecret(stdout.split('\n').slice(1).join('\n'), 'standard output after the ready line');
  assertNoSecret(stderr, 'standard error');
  assertNoSecret(log, 'the log');
}

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
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

async function readyLine(child: ChildProcess, exited: Promise<PlatformExit>): Promise<ReadyLine> {
  if (child.stdout === null) throw new Error('the platform has no standard output');
  const lines = createInterface({ input: child.stdout });
  const ended = exited.then(({ stderr }) => {
    throw new Error(`npm start ended: ${stderr}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as ReadyLine;
}

async function createStream(ready: ReadyLine, options: StreamSettings): Promise<TestStream> {
  const response = await fetch(`${ready.apiUrl}/streams`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ready.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Test', ...options }),
  });
  if (response.status !== 201) throw new Error(`POST /api/streams: ${response.status} ${await response.text()}`);
  const stream = (await response.json()) as Pick<TestStream, 'id' | 'playbackId' | 'streamKey'>;
  rememberSecret(stream.streamKey);
  return {
    ...stream,
    publishUrl: `${ready.rtmpUrl}/${stream.streamKey}`,
    liveUrl: `${ready.playbackBaseUrl}/live/${stream.playbackId}`,
    watchUrl: `${ready.playbackBaseUrl}/watch/${stream.playbackId}`,
  };
}

/** Processes that a process has started (proc(5)). */
async function childPids(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
