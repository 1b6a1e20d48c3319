import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Page } from 'playwright-core';

/**
 * Position of the counter in the picture, in fractions of the picture's size so that it works at any resolution. A row
 * of 16 cells shows the bits, highest first, above a row with their complement. At 360p a cell is 20 pixels wide, which
 * is wider than an H.264 macroblock.
 */
export const COUNTER = { bits: 16, left: 1 / 4, cellWidth: 1 / 32, cellHeight: 1 / 18 } as const;

const WHITE_MIN_LUMA = 160;
const BLACK_MAX_LUMA = 96;

/** A picture that a viewer saw. */
export interface SeenFrame {
  /** Number of the frame in the clip. Null if the counter is unreadable: there is no picture yet, or it is damaged. */
  readonly frameNumber: number | null;
  /** When it is expected on the screen, in milliseconds since 1970. */
  readonly displayedAtMs: number;
  /** How many frames the player has presented, including those that were not recorded. */
  readonly presentedFrames: number;
  /** Height of the decoded picture, which identifies the rendition. */
  readonly heightPixels: number;
}

/** A frame that a browser put on the screen. */
export interface PresentedFrame extends SeenFrame {
  readonly mediaTimeSeconds: number;
}

/** `lumas` has a character for each: a minute of arrays would keep a page busy for seconds when they are taken. */
type RawFrame = Omit<PresentedFrame, 'frameNumber'> & { readonly lumas: string };
type FrameWindow = typeof globalThis & { presentedFrames?: RawFrame[]; headend?: { video?: HTMLVideoElement } };

/** The number that 32 luminances show (0 to 255, bits first, then complements). Null if they contradict each other. */
export function toFrameNumber(lumas: readonly number[]): number | null {
  let frameNumber = 0;
  for (let bit = 0; bit < COUNTER.bits; bit++) {
    const straight = lumas[bit] ?? Number.NaN;
    const complement = lumas[bit + COUNTER.bits] ?? Number.NaN;
    const isOne = straight >= WHITE_MIN_LUMA && complement <= BLACK_MAX_LUMA;
    const isZero = straight <= BLACK_MAX_LUMA && complement >= WHITE_MIN_LUMA;
    if (!isOne && !isZero) return null;
    frameNumber = frameNumber * 2 + (isOne ? 1 : 0);
  }
  return frameNumber;
}

/** The number in an 8-bit grey picture (rows from the top, no padding). Null if it is unreadable. */
export function readFrameNumber(grey: Uint8Array, widthPixels: number, heightPixels: number): number | null {
  const lumas: number[] = [];
  for (const row of [0.5, 1.5]) {
    for (let bit = 0; bit < COUNTER.bits; bit++) {
      const x = Math.floor((COUNTER.left + (bit + 0.5) * COUNTER.cellWidth) * widthPixels);
      const y = Math.floor(row * COUNTER.cellHeight * heightPixels);
      lumas.push(grey[y * widthPixels + x] ?? Number.NaN);
    }
  }
  return toFrameNumber(lumas);
}

const DECODED = { width: 320, height: 180 } as const;

/**
 * Decodes an input with FFmpeg and reads the counter of every frame. `inputArguments` end with `-i` and the input, for
 * example `['-i', 'http://127.0.0.1:8080/live/x/master.m3u8']`. Throws if FFmpeg fails or reports a decoding error. FFmpeg ends when the signal aborts.
 */
export async function decodeFrameNumbers(
  inputArguments: readonly string[],
  signal?: AbortSignal,
): Promise<readonly (number | null)[]> {
  const scale = `scale=${DECODED.width}:${DECODED.height}:flags=area,format=gray`;
  const output = ['-map', '0:v:0', '-vf', scale, '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'];
  const ffmpeg = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'error', ...inputArguments, ...output], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal, killSignal: 'SIGKILL' }),
  });
  let errors = '';
  ffmpeg.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const numbers: (number | null)[] = [];
  const pictureBytes = DECODED.width * DECODED.height;
  let pending = Buffer.alloc(0);
  ffmpeg.stdout.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (; pending.length >= pictureBytes; pending = pending.subarray(pictureBytes)) {
      numbers.push(readFrameNumber(pending, DECODED.width, DECODED.height));
    }
  });
  const [exitCode] = await once(ffmpeg, 'close');
  if (exitCode !== 0 || errors !== '') throw new Error(`FFmpeg exit code ${exitCode}: ${errors.trim()}`);
  return numbers;
}

/** Starts to record every frame that the page's video element presents. Waits for the element first. */
export async function watchPresentedFrames(page: Page): Promise<void> {
  await page.waitForFunction(
    () => ((globalThis as FrameWindow).headend?.video ?? document.querySelector('video')) !== null,
  );
  await page.evaluate(recordPresentedFrames, COUNTER);
}

/** The frames presented since the last call, oldest first. */
export async function takePresentedFrames(page: Page): Promise<readonly PresentedFrame[]> {
  const frames = await page.evaluate(() => (globalThis as FrameWindow).presentedFrames?.splice(0) ?? []);
  return frames.map(({ lumas, ...frame }) => ({ ...frame, frameNumber: toFrameNumber([...lumas].map(codeOf)) }));
}

const codeOf = (character: string): number => character.charCodeAt(0);

/**
 * Runs in the page. Copies only the counter's part of the decoded picture, which costs next to nothing. A canvas would
 * convert the whole picture to RGB and take a fifth of a core. The function must not refer to anything outside itself,
 * and its callback is a method because tsx wraps named inner functions in a helper that the page does not have.
 */
function recordPresentedFrames(counter: typeof COUNTER): void {
  const page = globalThis as FrameWindow;
  const video = page.headend?.video ?? document.querySelector('video');
  if (video === null) throw new Error('the page has no video element');
  page.presentedFrames = [];
  const recorder = {
    async record(metadata: VideoFrameCallbackMetadata): Promise<void> {
      video.requestVideoFrameCallback((_now, next) => recorder.record(next));
      const { videoWidth, videoHeight } = video;
      const displayedAtMs = Date.now() + metadata.expectedDisplayTime - performance.now();
      const frame = new VideoFrame(video);
      // On a busy machine this may be a later frame than the callback's. Its display time is unknown, so it is skipped.
      if (Math.abs(frame.timestamp / 1e6 - metadata.mediaTime) > 1e-3) return frame.close();
      // Chroma has half the resolution, so the copied rectangle must have even edges.
      const left = 2 * Math.floor((counter.left * videoWidth) / 2);
      const width = 2 * Math.floor((counter.bits * counter.cellWidth * videoWidth) / 2);
      const height = 2 * Math.floor((2 * counter.cellHeight * videoHeight) / 2);
      const rect = { x: left, y: 0, width, height };
      const planes = new Uint8Array(frame.allocationSize({ rect }));
      const [luma] = await frame.copyTo(planes, { rect });
      frame.close();
      let lumas = '';
      for (let cell = 0; cell < 2 * counter.bits; cell++) {
        const column = (cell % counter.bits) + 0.5;
        const x = Math.floor((counter.left + column * counter.cellWidth) * videoWidth) - left;
        const y = Math.floor((Math.floor(cell / counter.bits) + 0.5) * counter.cellHeight * videoHeight);
        lumas += String.fromCharCode(planes[(luma?.offset ?? 0) + y * (luma?.stride ?? width) + x] ?? 0);
      }
      const { mediaTime: mediaTimeSeconds, presentedFrames } = metadata;
      page.presentedFrames?.push({
        lumas,
        displayedAtMs,
        mediaTimeSeconds,
        presentedFrames,
        heightPixels: videoHeight,
      });
    },
  };
  video.requestVideoFrameCallback((_now, metadata) => recorder.record(metadata));
}
