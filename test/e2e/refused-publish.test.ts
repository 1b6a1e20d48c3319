import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSecret } from '#domain/stream-ids.ts';
import { publish } from '#test/support/broadcast.ts';
import { type CountedFfmpeg, installCountedFfmpeg } from '#test/support/counted-ffmpeg.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';

const ATTEMPTS = 20;
const LOG = 'headend.log';
/** A few lines with address and reason. A million attempts must not fill a disk. */
const MAX_LOG_BYTES_PER_ATTEMPT = 1_500;

/** Sizes in bytes of all files in the data folder. */
async function filesOf(dataDir: string): Promise<ReadonlyMap<string, number>> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  const files = await Promise.all(names.map((name) => stat(join(dataDir, name))));
  return new Map(names.map((name, index) => [name, files[index]?.size ?? 0]));
}

/** Without the log and the database, in which the encoder renews its own record every second. */
const withoutLog = (files: ReadonlyMap<string, number>) =>
  [...files].filter(([name]) => name !== LOG && !name.startsWith('dynamodb/'));

describe('a publish with a wrong key', () => {
  let platform: TestPlatform;
  let ffmpeg: CountedFfmpeg;

  beforeAll(async () => {
    ffmpeg = await installCountedFfmpeg();
    // By default the answer to a repeated wrong key is delayed for longer.
    platform = await startTestPlatform({ environment: { PATH: ffmpeg.path, RTMP_LIMITS: 'failedKeyDelayMs=50' } });
  });
  afterAll(async () => {
    await closeTestPlatforms().finally(() => ffmpeg.remove());
  });

  test('is refused with a message that OBS and FFmpeg show, and costs nothing', async () => {
    const filesBefore = await filesOf(platform.dataDir);
    const startsBefore = await ffmpeg.starts();
    // The encoder has asked FFmpeg what it can decode, so starts are counted.
    expect(startsBefore).not.toEqual([]);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const wrongKey = attempt % 2 === 0 ? generateSecret(randomBytes) : 'not-a-key';
      const exit = await (await publish(`${platform.rtmpUrl}/${wrongKey}`)).exited;
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
});
