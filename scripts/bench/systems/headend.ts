import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { LadderName } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { freePort } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { ControlApiClient } from '#scripts/api/control-api-client.ts';
import type { RunningSystem, SystemUnderTest } from '../bench-context.ts';
import { makeTemporaryFolder, type ProgramContext } from '../bench-context.ts';
import { type Program, startProgram } from '../program.ts';

/** The platform with one stream. */
export interface RunningHeadend extends RunningSystem {
  readonly platformPid: number;
  /** Of the first task, like `originUrl`. */
  readonly encoderPid: number;
  /** Address of the stream on the encoder's origin server, without a trailing slash. */
  readonly originUrl: string;
  /** Addresses of each task: of the stream's playlists, without a trailing slash, and for publishers, with the key. */
  readonly tasks: readonly { readonly liveUrl: string; readonly publishUrl: string }[];
  readonly streamId: string;
  /** Without a key. */
  readonly rtmpUrl: string;
  readonly dataFolder: string;
  readonly api: ControlApiClient;
}

export interface HeadendOptions {
  /** Number of encoder tasks. @default 1 */
  readonly tasks?: number;
  /** @default the platform's own */
  readonly ladder?: LadderName;
  /** Variables in addition to those of this process. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const READY_TIMEOUT_SECONDS = 60;

const taskSchema = z.object({ pid: z.int(), httpUrl: z.url(), rtmpUrl: z.url() });
const READY_LINE = z.object({
  ready: z.literal(true),
  rtmpUrl: z.url(),
  playbackBaseUrl: z.url(),
  apiUrl: z.url(),
  adminToken: z.string(),
  tasks: z.tuple([taskSchema], taskSchema),
});

/** Headend as started by `npm start`, with a stream of the given latency profile. */
export function headend(latency: LatencyName): SystemUnderTest {
  return { name: `headend-${latency}`, start: (context) => startHeadend(context, latency) };
}

/** Starts the platform on free ports with its own data folder, and creates a stream. It ends with the context. */
export async function startHeadend(
  context: ProgramContext,
  latency: LatencyName,
  { tasks = 1, ladder, environment = {} }: HeadendOptions = {},
): Promise<RunningHeadend> {
  const dataFolder = await makeTemporaryFolder(context);
  const ports = ['--http-port', String(await freePort()), '--rtmp-port', String(await freePort())];
  const options = ['--tasks', String(tasks), '--json', '--data-dir', dataFolder, ...ports];
  const script = ['--import', 'tsx', 'scripts/start.ts', ...options];
  const platform = startProgram(context, process.execPath, script, { cwd: ROOT, environment });
  const ready = READY_LINE.parse(JSON.parse(await readFirstLine(platform, context.signal)));
  const api = new ControlApiClient({ apiUrl: ready.apiUrl, token: ready.adminToken });
  const stream = await api.createStream({ title: 'Benchmark', latency, ...(ladder && { ladder }) });
  return {
    publishUrl: `${ready.rtmpUrl}/${stream.streamKey}`,
    multivariantPlaylistUrl: `${ready.playbackBaseUrl}${masterPath(stream.playbackId)}`,
    watchUrl: `${ready.playbackBaseUrl}${watchPath(stream.playbackId)}`,
    platformPid: platform.pid,
    encoderPid: ready.tasks[0].pid,
    originUrl: `${ready.tasks[0].httpUrl}/live/${stream.playbackId}`,
    tasks: ready.tasks.map(({ httpUrl, rtmpUrl }) => ({
      liveUrl: `${httpUrl}/live/${stream.playbackId}`,
      publishUrl: `${rtmpUrl}/${stream.streamKey}`,
    })),
    streamId: stream.id,
    rtmpUrl: ready.rtmpUrl,
    dataFolder,
    api,
  };
}

async function readFirstLine(platform: Program, signal: AbortSignal): Promise<string> {
  const { stdout } = platform.process;
  if (stdout === null) throw new Error('the platform has no standard output');
  let firstLine: string | null = null;
  createInterface({ input: stdout }).on('line', (line) => {
    firstLine ??= line;
  });
  const check = async (): Promise<string | null> => {
    platform.assertRunning();
    return firstLine;
  };
  return waitFor('the ready line of scripts/start.ts', check, { signal, timeoutMs: READY_TIMEOUT_SECONDS * 1000 });
}
