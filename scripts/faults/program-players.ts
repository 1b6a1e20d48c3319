import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { waitFor } from '#kit/wait-for.ts';
import { makeTemporaryFolder } from '#scripts/bench/bench-context.ts';
import type { FaultContext } from './fault-context.ts';
import type { Player } from './player.ts';
import { StallClock } from './stall-clock.ts';

/** What FFmpeg prints of its output's time, in microseconds. */
const OUT_TIME = /^out_time_us=(\d+)$/;
const POLL_MS = 200;
const STDERR_TAIL_BYTES = 2_000;

/** A player that is a program of its own. */
export interface ProgramPlayer extends Player {
  /** What it has complained of lately. */
  complaints(): string;
}

/** FFmpeg, which reads every segment as soon as it is there and has no buffer to play from. */
export function startFfmpegPlayer(context: FaultContext, masterUrl: string): ProgramPlayer {
  const progress = ['-progress', 'pipe:1', '-stats_period', '0.2', '-nostats', '-loglevel', 'error'];
  const input = ['-i', masterUrl, '-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy', '-f', 'null', '-'];
  const ffmpeg = spawn('ffmpeg', ['-hide_banner', '-nostdin', ...progress, ...input], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const clock = new StallClock(() => performance.now());
  createInterface({ input: ffmpeg.stdout }).on('line', (line) => {
    const [, microseconds] = OUT_TIME.exec(line) ?? [];
    if (microseconds !== undefined) clock.read(Number(microseconds) / 1e6);
  });
  return follow(context, 'ffmpeg', ffmpeg, clock);
}

/** mpv, without a picture and sound. */
export async function startMpv(context: FaultContext, masterUrl: string): Promise<ProgramPlayer> {
  const socketPath = join(await makeTemporaryFolder(context), 'mpv');
  const options = ['--no-config', '--vo=null', '--ao=null', '--no-terminal', `--input-ipc-server=${socketPath}`];
  const mpv = spawn('mpv', [...options, masterUrl], { stdio: ['ignore', 'pipe', 'pipe'] });
  const clock = new StallClock(() => performance.now());
  const player = follow(context, 'mpv', mpv, clock);
  const socket = await waitFor('mpv to listen', () => openSocket(socketPath), { signal: context.signal });
  context.defer(async () => {
    socket.destroy();
    await rm(socketPath, { force: true });
  });
  const question = `${JSON.stringify({ command: ['get_property', 'time-pos'] })}\n`;
  const timer = setInterval(() => socket.write(question), POLL_MS);
  context.defer(async () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
  createInterface({ input: socket }).on('line', (line) => {
    const { data } = JSON.parse(line) as { readonly data?: unknown };
    if (typeof data === 'number') clock.read(data);
  });
  return player;
}

async function openSocket(path: string) {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    return null;
  }
}

function follow(context: FaultContext, name: string, child: ChildProcess, clock: StallClock): ProgramPlayer {
  let stderr = '';
  let hasEnded = false;
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-STDERR_TAIL_BYTES);
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      hasEnded = code === 0;
      if (hasEnded) clock.stop();
      resolve();
    });
  });
  context.defer(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    name,
    positionSeconds: async () => clock.position,
    report: async () => ({ player: name, longestStallSeconds: clock.longestStallSeconds, hasEnded }),
    complaints: () => stderr.trim(),
  };
}
