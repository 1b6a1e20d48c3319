import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { readFrameNumber, type SeenFrame } from '#kit/frame-counter.ts';
import type { ProgramContext } from '../bench-context.ts';

/** The programs that make a screen and read it. */
export const SCREEN_PROGRAMS = ['Xvfb', 'ffmpeg'] as const;

/** A screen that nobody sees. Players show their pictures on it, and FFmpeg reads them off. */
export interface VirtualScreen {
  /** For programs that draw on it: the variable DISPLAY. */
  readonly display: string;
  /** The pictures since the last call, oldest first. */
  takeFrames(): readonly SeenFrame[];
}

/** The size of the 360p rendition, so that a window that is as large as its video fills the screen. */
export const SCREEN = { width: 640, height: 360 } as const;
/** What is read of it. A cell of the counter is ten pixels wide. */
const GREY = { width: 320, height: 180 } as const;
/** As often as a picture changes. */
const GRABS_PER_SECOND = 30;
/** Pictures that are kept until somebody takes them: ten minutes of them. */
const MAX_FRAMES = 600 * GRABS_PER_SECOND;

/** Starts an X server without a monitor. It ends with the context. Needs `SCREEN_PROGRAMS`. */
export async function startVirtualScreen(context: ProgramContext): Promise<VirtualScreen> {
  const size = `${SCREEN.width}x${SCREEN.height}`;
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', `${size}x24`, '-nolisten', 'tcp', '-noreset'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  context.defer(() => end(server));
  const [line] = (await once(createInterface({ input: server.stdout }), 'line', { signal: context.signal })) as [
    string,
  ];
  const display = `:${line.trim()}`;
  const scale = `scale=${GREY.width}:${GREY.height}:flags=area,format=gray`;
  const grab = ['-f', 'x11grab', '-draw_mouse', '0', '-framerate', String(GRABS_PER_SECOND), '-video_size', size];
  const output = ['-vf', scale, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'];
  const reader = spawn(
    'ffmpeg',
    ['-hide_banner', '-nostdin', '-loglevel', 'error', ...grab, '-i', display, ...output],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  context.defer(() => end(reader));
  const frames = new ChangedFrames();
  reader.stdout.on('data', (chunk: Buffer) => frames.read(chunk));
  return { display, takeFrames: () => frames.take() };
}

/** Turns grey pictures into frames, and leaves out a picture that is like the one before it. */
class ChangedFrames {
  #frames: SeenFrame[] = [];
  #pending = Buffer.alloc(0);
  #last: number | null = null;
  #presentedFrames = 0;

  read(chunk: Buffer): void {
    const bytes = GREY.width * GREY.height;
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (; this.#pending.length >= bytes; this.#pending = this.#pending.subarray(bytes)) {
      this.#onPicture(readFrameNumber(this.#pending, GREY.width, GREY.height));
    }
  }

  take(): readonly SeenFrame[] {
    return this.#frames.splice(0);
  }

  #onPicture(frameNumber: number | null): void {
    // A grab in the middle of a change shows two pictures. The next one is whole.
    if (frameNumber === null || frameNumber === this.#last) return;
    this.#last = frameNumber;
    this.#presentedFrames += 1;
    const heightPixels = SCREEN.height;
    const presentedFrames = this.#presentedFrames;
    this.#frames.push({ frameNumber, displayedAtMs: Date.now(), presentedFrames, heightPixels });
    if (this.#frames.length > MAX_FRAMES) this.#frames.shift();
  }
}

async function end(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'exit');
  child.kill('SIGKILL');
  await closed;
}
