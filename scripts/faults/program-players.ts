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

/** The players that are programs of their own, and the commands that start them. */
export const PROGRAM_PLAYERS = { ffmpeg: 'ffmpeg', mpv: 'mpv', gstreamer: 'gst-launch-1.0', vlc: 'vlc' } as const;

export type ProgramPlayerName = keyof typeof PROGRAM_PLAYERS;

const POLL_MS = 200;
/** What FFmpeg prints of its output's time, in microseconds. */
const FFMPEG_TIME = /^out_time_us=(\d+)$/;
/** What GStreamer prints of each picture that it shows. */
const GSTREAMER_TIME = /\bpts: (\d+):(\d+):([\d.]+)/;
/** VLC's answer, in whole seconds. */
const VLC_TIME = /^(?:> )?(\d+)$/;
/** VLC does not run as root: this is `nobody`. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** Starts a program that plays, without a screen and a loudspeaker. It ends with the context. */
export async function startProgramPlayer(
  context: FaultContext,
  name: ProgramPlayerName,
  masterUrl: string,
): Promise<Player> {
  const clock = new StallClock(() => performance.now());
  if (name === 'ffmpeg') return startFfmpeg(context, masterUrl, clock);
  if (name === 'mpv') return startMpv(context, masterUrl, clock);
  if (name === 'gstreamer') return startGStreamer(context, masterUrl, clock);
  return startVlc(context, masterUrl, clock);
}

/** FFmpeg reads every segment as soon as it is there and has no buffer to play from. */
function startFfmpeg(context: FaultContext, masterUrl: string, clock: StallClock): Player {
  const progress = ['-progress', 'pipe:1', '-stats_period', '0.2', '-nostats', '-loglevel', 'error'];
  const input = ['-i', masterUrl, '-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy', '-f', 'null', '-'];
  const ffmpeg = spawn(PROGRAM_PLAYERS.ffmpeg, ['-hide_banner', '-nostdin', ...progress, ...input], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: ffmpeg.stdout }).on('line', (line) => {
    const [, microseconds] = FFMPEG_TIME.exec(line) ?? [];
    if (microseconds !== undefined) clock.read(Number(microseconds) / 1e6);
  });
  return follow(context, 'ffmpeg', ffmpeg, clock);
}

async function startMpv(context: FaultContext, masterUrl: string, clock: StallClock): Promise<Player> {
  const socketPath = join(await makeTemporaryFolder(context), 'mpv');
  const options = ['--no-config', '--vo=null', '--ao=null', '--no-terminal', `--input-ipc-server=${socketPath}`];
  const mpv = spawn(PROGRAM_PLAYERS.mpv, [...options, masterUrl], { stdio: 'ignore' });
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

function startGStreamer(context: FaultContext, masterUrl: string, clock: StallClock): Player {
  const sinks = ['video-sink=fakesink sync=true silent=false', 'audio-sink=fakesink sync=true'];
  const gstreamer = spawn(PROGRAM_PLAYERS.gstreamer, ['-v', 'playbin3', `uri=${masterUrl}`, ...sinks], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: gstreamer.stdout }).on('line', (line) => {
    const [, hours, minutes, seconds] = GSTREAMER_TIME.exec(line) ?? [];
    if (seconds !== undefined) clock.read((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds));
  });
  return follow(context, 'gstreamer', gstreamer, clock);
}

function startVlc(context: FaultContext, masterUrl: string, clock: StallClock): Player {
  const options = ['--intf=rc', '--rc-fake-tty', '--vout=dummy', '--aout=dummy', '--play-and-exit'];
  const vlc = spawn(PROGRAM_PLAYERS.vlc, [...options, masterUrl], {
    stdio: ['pipe', 'pipe', 'ignore'],
    ...(process.getuid?.() === 0 ? NOBODY : {}),
  });
  const timer = setInterval(() => vlc.stdin.write('get_time\n'), POLL_MS);
  context.defer(async () => clearInterval(timer));
  vlc.stdin.on('error', () => clearInterval(timer));
  createInterface({ input: vlc.stdout }).on('line', (line) => {
    const [, seconds] = VLC_TIME.exec(line) ?? [];
    if (seconds !== undefined) clock.read(Number(seconds));
  });
  return follow(context, 'vlc', vlc, clock);
}

function follow(context: FaultContext, name: ProgramPlayerName, child: ChildProcess, clock: StallClock): Player {
  let hasEnded = false;
  const closed = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      hasEnded = true;
      if (code === 0) clock.stop();
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
  };
}
