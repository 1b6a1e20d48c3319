import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeClip } from '#kit/clip.ts';
import { endlessClip } from '#kit/endless-clip.ts';
import { parseFlvFile } from '#kit/flv-file.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { startPublisher } from '#kit/publisher.ts';
import { freePort, isListening } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';

const WAITING = { signal: new AbortController().signal, timeoutMs: 20000 };
const CLIP = { width: 640, height: 360, videoKbps: 800, seconds: 2 };
const CLIP_FRAMES = 60;
/** Number of frames sent before the stop. With B-frames, the stop loses the last few. */
const FRAMES_OF_SECOND_LOOP = 10;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-publisher-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Starts an FFmpeg that writes one publish to a file. `done` resolves once both have ended. */
async function startReceiver(): Promise<{ rtmpUrl: string; path: string; done: Promise<unknown>; kill(): void }> {
  const port = await freePort();
  const rtmpUrl = `rtmp://127.0.0.1:${port}/live/test`;
  const path = join(folder, `${port}.flv`);
  const args = ['-loglevel', 'error', '-listen', '1', '-f', 'flv', '-i', rtmpUrl, '-c', 'copy', path];
  const ffmpeg = spawn('ffmpeg', args, { stdio: 'ignore' });
  await waitFor('the receiver', async () => await isListening(port), WAITING);
  return { rtmpUrl, path, done: once(ffmpeg, 'close'), kill: () => void ffmpeg.kill('SIGKILL') };
}

describe('startPublisher', () => {
  test.each([{ bFrames: 0 }, { bFrames: 2 }])(
    'the stream continues across the end of the clip, and each frame has its capture time ($bFrames B-frames)',
    async ({ bFrames }) => {
      const receiver = await startReceiver();
      const beganAtMs = Date.now();
      const publisher = await startPublisher({
        clipPath: await makeClip({ ...CLIP, bFrames }),
        rtmpUrl: receiver.rtmpUrl,
      });
      try {
        expect(await publisher.firstPacketAtMs).toBeGreaterThan(beganAtMs);
        await waitFor('the second loop', async () => secondCapture(publisher, FRAMES_OF_SECOND_LOOP), WAITING);
        const secondLoopMs = secondCapture(publisher, 0) ?? Number.NaN;
        const firstLoopMs = publisher.captureTimeMs(0, secondLoopMs - 1);
        expect(firstLoopMs).not.toBeNull();
        expect(secondLoopMs - (firstLoopMs ?? 0)).toBeGreaterThan(1_000);
        expect(publisher.captureTimeMs(0, beganAtMs - 1)).toBeNull();
        expect(publisher.captureTimeMs(CLIP_FRAMES, Date.now())).toBeNull();
      } finally {
        await publisher.stop();
      }
      await receiver.done;
      const received = await decodeFrameNumbers(['-i', receiver.path]);
      // The stop may come between a frame and the B-frames that are shown before it but sent after it.
      const numbers = received.slice(0, received.length - bFrames);
      expect(numbers.length).toBeGreaterThan(CLIP_FRAMES);
      expect(numbers).toEqual(numbers.map((_, index) => index % CLIP_FRAMES));
    },
  );

  test("a publish without a server ends with FFmpeg's message", async () => {
    const rtmpUrl = `rtmp://127.0.0.1:${await freePort()}/live/test`;
    const publisher = await startPublisher({ clipPath: await makeClip(CLIP), rtmpUrl });
    expect(await publisher.firstPacketAtMs).toBeNull();
    const { code, stderrTail } = await publisher.exited;
    expect(code).toBeGreaterThan(0);
    expect(stderrTail).toContain('Connection refused');
  });

  test('kill ends the publisher at once', async () => {
    const receiver = await startReceiver();
    const publisher = await startPublisher({ clipPath: await makeClip(CLIP), rtmpUrl: receiver.rtmpUrl });
    await publisher.firstPacketAtMs;
    expect(await publisher.kill()).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await publisher.exited).toMatchObject({ signal: 'SIGKILL' });
    receiver.kill();
    await receiver.done;
  });
});

/** When a frame was captured for the second time. Null if it was not. */
function secondCapture(publisher: Awaited<ReturnType<typeof startPublisher>>, frameNumber: number): number | null {
  const lastMs = publisher.captureTimeMs(frameNumber, Date.now());
  return lastMs !== null && publisher.captureTimeMs(frameNumber, lastMs - 1) !== null ? lastMs : null;
}

describe('endlessClip', () => {
  test.each([
    { what: 'video and audio', options: {}, kinds: [8, 9] },
    { what: 'video only', options: { hasAudio: false }, kinds: [9] },
    { what: 'a fractional frame rate', options: { frameRate: '30000/1001' }, kinds: [8, 9] },
  ])('$what: timestamps advance evenly for ten loops', async ({ options, kinds }) => {
    const clip = parseFlvFile(await readFile(await makeClip({ ...CLIP, ...options })));
    const tags = [];
    for (const { tag } of endlessClip(clip)) {
      if (tag.timestampMs > 20_000) break;
      tags.push(tag);
    }
    expect(tags.map(({ timestampMs }) => timestampMs)).toEqual(
      tags.map(({ timestampMs }) => timestampMs).toSorted((a, b) => a - b),
    );
    for (const kind of kinds) {
      const times = tags.filter(({ type }) => type === kind).map(({ timestampMs }) => timestampMs);
      const steps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(2);
    }
    expect(new Set(tags.map(({ type }) => type))).toEqual(new Set(kinds));
  });

  test('a clip without media is refused', () => {
    const nothing = { headers: [], audio: [], video: [], audioSampleRateHz: null };
    expect(() => endlessClip(nothing).next()).toThrow('neither picture nor sound');
  });

  test.each([
    {
      what: 'another tag type',
      bytes: [...new Array(13).fill(0), 7, ...new Array(14).fill(0)],
      error: 'FLV tag of type 7',
    },
    { what: 'a truncated tag', bytes: [...new Array(13).fill(0), 9, 0], error: /out of range|outside/ },
  ])('a file with $what is refused', ({ bytes, error }) => {
    expect(() => parseFlvFile(Buffer.from(bytes))).toThrow(error);
  });
});
