import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { findProgram } from '#kit/find-program.mjs';
import { type BenchContext, makeTemporaryFolder } from '../bench-context.ts';
import type { PlayingPlayer, StreamUrls } from './player-under-test.ts';
import { SCREEN, SCREEN_PROGRAMS, startVirtualScreen } from './virtual-screen.ts';

interface ScreenPlayer {
  readonly program: string;
  readonly options: readonly string[];
  /** Variables besides DISPLAY. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether it refuses to run as root. @default false */
  readonly refusesRoot?: boolean;
}

const WEBKIT_SCRIPT = fileURLToPath(new URL('webkitgtk.py', import.meta.url));
const SIZE = `${SCREEN.width}x${SCREEN.height}`;

/** Programs that show a stream in a window, with their own defaults. The URL comes after the options. */
export const SCREEN_PLAYERS = {
  mpv: { program: 'mpv', options: ['--no-config', '--vo=x11', '--ao=null', '--no-terminal', `--geometry=${SIZE}+0+0`] },
  vlc: {
    program: 'vlc',
    options: ['--intf=dummy', '--vout=xcb_x11', '--aout=dummy', '--no-video-title-show', '--play-and-exit'],
    refusesRoot: true,
  },
  gstreamer: {
    program: 'gst-launch-1.0',
    options: ['playbin3', 'video-sink=ximagesink', 'audio-sink=fakesink sync=true'],
  },
  ffplay: { program: 'ffplay', options: ['-loglevel', 'error', '-an', '-autoexit', '-x', '640', '-y', '360'] },
  webkitgtk: {
    program: '/usr/bin/python3',
    options: [WEBKIT_SCRIPT, String(SCREEN.width), String(SCREEN.height)],
    environment: {
      // This browser's own HLS is off by default. Its sandbox needs namespaces, which containers rarely have.
      WEBKIT_GST_ENABLE_HLS_SUPPORT: '1',
      WEBKIT_GST_DISABLE_GL_SINK: '1',
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      // There is no loudspeaker.
      GST_PLUGIN_FEATURE_RANK: 'fakeaudiosink:MAX',
    },
  },
} as const satisfies Readonly<Record<string, ScreenPlayer>>;

export type ScreenPlayerName = keyof typeof SCREEN_PLAYERS;

const COMPLAINT_CHARACTERS = 300;

/** The user `nobody`. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** The programs that are not installed, of those that a player needs. */
export function missingPrograms(name: ScreenPlayerName): readonly string[] {
  const { program } = SCREEN_PLAYERS[name];
  return [...SCREEN_PROGRAMS, program].filter((needed) => !needed.startsWith('/') && findProgram(needed) === null);
}

/** Starts a program that plays on a screen of its own. Both end with the context. */
export async function startScreenPlayer(
  context: BenchContext,
  name: ScreenPlayerName,
  { multivariantPlaylistUrl }: StreamUrls,
): Promise<PlayingPlayer> {
  const { program, options, environment = {}, refusesRoot = false }: ScreenPlayer = SCREEN_PLAYERS[name];
  const screen = await startVirtualScreen(context);
  const home = await makeTemporaryFolder(context);
  const source = name === 'gstreamer' ? `uri=${multivariantPlaylistUrl}` : multivariantPlaylistUrl;
  const child = spawn(program, [...options, source], {
    env: { ...process.env, ...environment, DISPLAY: screen.display, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(refusesRoot && process.getuid?.() === 0 ? NOBODY : {}),
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-COMPLAINT_CHARACTERS);
  });
  let hasEnded = false;
  const closed = once(child, 'close').then(() => {
    hasEnded = true;
  });
  // The browser does not exit at the end, and says it.
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ended') hasEnded = true;
  });
  context.defer(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    takeFrames: async () => screen.takeFrames(),
    hasEnded: async () => hasEnded,
    complaint: () => complaint.trim(),
  };
}
