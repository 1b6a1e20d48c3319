import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser } from '#kit/browser.ts';
import { makeClip } from '#kit/clip.ts';
import {
  COUNTER,
  decodeFrameNumbers,
  type PresentedFrame,
  readFrameNumber,
  takePresentedFrames,
  toFrameNumber,
  watchPresentedFrames,
} from '#kit/frame-counter.ts';

const BLACK = 16;
const WHITE = 235;
const SHORT_CLIP = { seconds: 2, videoKbps: 3_000 };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-frame-counter-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function lumasOf(frameNumber: number): number[] {
  const bits = Array.from({ length: COUNTER.bits }, (_, bit) => (frameNumber >> (COUNTER.bits - 1 - bit)) & 1);
  return [...bits.map((bit) => (bit === 1 ? WHITE : BLACK)), ...bits.map((bit) => (bit === 1 ? BLACK : WHITE))];
}

/** Transcodes a clip like the smallest rendition of the default ladder. */
async function encodeSmall(clipPath: string, size: string): Promise<string> {
  const path = join(folder, `${randomUUID()}.mp4`);
  const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'];
  const bitrate = ['-b:v', '600k', '-maxrate', '600k', '-bufsize', '300k', '-fps_mode', 'passthrough'];
  const args = [
    '-nostdin',
    '-loglevel',
    'error',
    '-i',
    clipPath,
    '-vf',
    `scale=${size}`,
    ...encoder,
    ...bitrate,
    '-an',
    path,
  ];
  await promisify(execFile)('ffmpeg', args);
  return path;
}

describe('toFrameNumber', () => {
  test.each([0, 1, 599, 0x5555, 0xaaaa, 0xffff])('reads %i', (frameNumber) => {
    expect(toFrameNumber(lumasOf(frameNumber))).toBe(frameNumber);
  });

  test.each(Array.from({ length: 2 * COUNTER.bits }, (_, cell) => cell))('refuses a wrong or grey cell %i', (cell) => {
    for (const luma of [lumasOf(0x5555)[cell] === WHITE ? BLACK : WHITE, 128, Number.NaN]) {
      expect(toFrameNumber(lumasOf(0x5555).with(cell, luma))).toBeNull();
    }
  });

  test.each([{ lumas: [] }, { lumas: lumasOf(3).slice(0, -1) }])('refuses too few cells', ({ lumas }) => {
    expect(toFrameNumber(lumas)).toBeNull();
  });
});

describe('readFrameNumber', () => {
  test.each([0, BLACK, 128, 255])('finds no number in a uniform picture of %i', (luma) => {
    expect(readFrameNumber(new Uint8Array(320 * 180).fill(luma), 320, 180)).toBeNull();
  });

  test('finds no number in a truncated picture', () => {
    expect(readFrameNumber(new Uint8Array(10), 320, 180)).toBeNull();
  });
});

describe('the counter in a clip', () => {
  test.each([
    { width: 1280, height: 720, frameRate: '30', bFrames: 0, small: '640:360' },
    { width: 1280, height: 720, frameRate: '30', bFrames: 2, small: '640:360' },
    { width: 720, height: 1280, frameRate: '25', bFrames: 0, small: '360:640' },
    { width: 854, height: 480, frameRate: '30000/1001', bFrames: 0, small: '426:240' },
  ])(
    '$width x $height at $frameRate with $bFrames B-frames is readable in every frame at $small and 600 kbit/s',
    async ({ small, ...options }) => {
      const clipPath = await makeClip({ ...SHORT_CLIP, ...options });
      const numbers = await decodeFrameNumbers(['-i', await encodeSmall(clipPath, small)]);
      const [numerator = 0, denominator = 1] = options.frameRate.split('/').map(Number);
      const frames = Math.ceil((SHORT_CLIP.seconds * numerator) / denominator);
      expect(numbers).toEqual(Array.from({ length: frames }, (_, frame) => frame));
    },
  );

  test('begins with another number if it is asked to', async () => {
    const clipPath = await makeClip({ ...SHORT_CLIP, width: 640, height: 360, firstFrameNumber: 0x8000 });
    expect((await decodeFrameNumbers(['-i', clipPath])).slice(0, 3)).toEqual([0x8000, 0x8001, 0x8002]);
  });

  test('a clip is made only once', async () => {
    expect(await makeClip(SHORT_CLIP)).toBe(await makeClip(SHORT_CLIP));
    expect(await makeClip(SHORT_CLIP)).not.toBe(await makeClip({ ...SHORT_CLIP, hasAudio: false }));
  });

  test('an input that FFmpeg cannot read is an error', async () => {
    await expect(decodeFrameNumbers(['-i', join(folder, 'missing.mp4')])).rejects.toThrow(/No such file/);
  });
});

test('the counter is readable in the frames that Chromium presents', async () => {
  const mp4 = await readFile(await encodeSmall(await makeClip({ ...SHORT_CLIP, hasAudio: false }), '480:270'));
  const server = createServer((request, response) => {
    if (request.url === '/clip.mp4') response.writeHead(200, { 'content-type': 'video/mp4' }).end(mp4);
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<link rel="icon" href="data:,"><video muted>');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
    await watchPresentedFrames(page);
    const beganAtMs = Date.now();
    await page.evaluate(async () => {
      const video = document.querySelector('video');
      if (video === null) throw new Error('no video element');
      const ended = new Promise((resolve) => video.addEventListener('ended', resolve));
      video.src = '/clip.mp4';
      await video.play();
      await ended;
    });
    const frames: readonly PresentedFrame[] = await takePresentedFrames(page);
    expect(frames.length).toBeGreaterThan(5);
    for (const frame of frames) {
      expect(frame).toMatchObject({ frameNumber: Math.round(frame.mediaTimeSeconds * 30), heightPixels: 270 });
      expect(frame.displayedAtMs).toBeGreaterThan(beganAtMs);
    }
    expect(await takePresentedFrames(page)).toEqual([]);
    expect(browser.consoleErrors).toEqual([]);
    await page.evaluate(() => console.error('boom'));
    expect(browser.consoleErrors).toEqual([expect.stringContaining('boom')]);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
