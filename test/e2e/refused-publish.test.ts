import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { makeClip } from '#kit/clip.ts';
import { startPublisher } from '#kit/publisher.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { type CountedFfmpeg, installCountedFfmpeg } from '#test/support/counted-ffmpeg.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const ATTEMPTS = 20;
const LOG = 'headend.log';
/** A few lines with the address and the reason; at this rate a million attempts fill no disk. */
const MAX_LOG_BYTES_PER_ATTEMPT = 1_500;

/** Everything below the data folder with its bytes. */
async function filesOf(dataDir: string): Promise<ReadonlyMap<string, number>> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  const files = await Promise.all(names.map((name) => stat(join(dataDir, name))));
  return new Map(names.map((name, index) => [name, files[index]?.size ?? 0]));
}

const withoutLog = (files: ReadonlyMap<string, number>) => [...files].filter(([name]) => name !== LOG);

describe('a publish with a wrong key', () => {
  let platform: TestPlatform;
  let clipPath: string;
  let ffmpeg: CountedFfmpeg;

  beforeAll(async () => {
    ffmpeg = await installCountedFfmpeg();
    clipPath = await makeClip({ width: 320, height: 180, seconds: 8, videoKbps: 300 });
    // Most answers are held back, which this test has nothing to do with.
    platform = await startTestPlatform({ environment: { PATH: ffmpeg.path, RTMP_LIMITS: 'failedKeyDelayMs=50' } });
  });
  afterAll(async () => {
    await closeTestPlatforms().finally(() => ffmpeg.remove());
  });

  test('is refused in words that OBS and FFmpeg show, and costs nothing', async () => {
    await platform.createStream();
    const filesBefore = await filesOf(platform.dataDir);
    const startsBefore = await ffmpeg.starts();
    // The encoder has asked it what it can decode: a start is seen.
    expect(startsBefore).not.toEqual([]);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const wrongKey = attempt % 2 === 0 ? generateSecret(randomBytes) : 'not-a-key';
      rememberSecret(wrongKey);
      const publisher = await startPublisher({ clipPath, rtmpUrl: `${platform.rtmpUrl}/${wrongKey}` });
      const exit = await publisher.exited;
      expect(exit.code).not.toBe(0);
      expect(exit.stderrTail).toMatch(/stream key/i);
    }
    expect(await ffmpeg.starts()).toEqual(startsBefore);
    const filesAfter = await filesOf(platform.dataDir);
    expect(withoutLog(filesAfter)).toEqual(withoutLog(filesBefore));
    const logBytes = (filesAfter.get(LOG) ?? 0) - (filesBefore.get(LOG) ?? 0);
    expect(logBytes).toBeGreaterThan(0);
    expect(logBytes / ATTEMPTS).toBeLessThan(MAX_LOG_BYTES_PER_ATTEMPT);
  });

  test('is refused for another application than live', async () => {
    const stream = await platform.createStream();
    const publisher = await startPublisher({ clipPath, rtmpUrl: stream.publishUrl.replace('/live/', '/other/') });
    expect((await publisher.exited).code).not.toBe(0);
    expect(await platform.ffmpegPids()).toEqual([]);
  });
});
