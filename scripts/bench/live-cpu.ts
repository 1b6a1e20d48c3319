import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '#kit/browser.ts';
import { readDescendants, readProcess } from '#kit/process-usage.ts';
import type { BenchContext, Benchmark, Figures } from './bench-context.ts';
import { prepareLiveStream } from './live-stream.ts';
import type { RunningHeadend } from './systems/headend.ts';

interface CpuReading {
  readonly atMs: number;
  readonly ffmpegPid: number;
  readonly ffmpegSeconds: number;
  readonly encoderSeconds: number;
  readonly platformSeconds: number;
}

/**
 * CPU of Headend's own processes compared to their FFmpeg, for one live stream. Measured three times: right after the
 * start, while the JIT compiler works; after that; and with a viewer in Chromium. The target applies to the second
 * measurement, because it is about the stream: in a deployment, CloudFront answers most requests of viewers.
 */
export const liveCpu: Benchmark = {
  name: 'cpu/live',
  targets: { encoderPercentOfFfmpeg: { atMost: 5 } },
  run: async (context: BenchContext): Promise<Figures> => {
    const { running, publish } = await prepareLiveStream(context);
    await publish();
    const atStart = await measureShares(context, running);
    const alone = await measureShares(context, running);
    await openViewer(context, running.watchUrl);
    const withViewer = await measureShares(context, running);
    return {
      ...alone,
      atStartEncoderPercentOfFfmpeg: atStart.encoderPercentOfFfmpeg,
      withViewerEncoderPercentOfCore: withViewer.encoderPercentOfCore,
      withViewerPlatformPercentOfCore: withViewer.platformPercentOfCore,
      withViewerEncoderPercentOfFfmpeg: withViewer.encoderPercentOfFfmpeg,
    };
  },
};

/** Opens the watch page. Resolves when it shows the stream. */
async function openViewer(context: BenchContext, watchUrl: string): Promise<void> {
  const browser = await launchBrowser();
  context.defer(() => browser.close());
  const page = await browser.newPage();
  await page.goto(watchUrl, { waitUntil: 'commit' });
  await page.waitForSelector('body[data-state="playing"]');
}

async function measureShares(context: BenchContext, running: RunningHeadend) {
  const before = await readCpu(running);
  await sleep(context.seconds * 1000, undefined, { signal: context.signal });
  return shares(before, await readCpu(running));
}

function shares(before: CpuReading, after: CpuReading) {
  if (after.ffmpegPid !== before.ffmpegPid) throw new Error('FFmpeg was replaced while its CPU was measured');
  const wallSeconds = (after.atMs - before.atMs) / 1000;
  const ffmpegSeconds = after.ffmpegSeconds - before.ffmpegSeconds;
  const encoderSeconds = after.encoderSeconds - before.encoderSeconds;
  const platformSeconds = after.platformSeconds - before.platformSeconds;
  return {
    ffmpegPercentOfCore: (100 * ffmpegSeconds) / wallSeconds,
    encoderPercentOfCore: (100 * encoderSeconds) / wallSeconds,
    platformPercentOfCore: (100 * platformSeconds) / wallSeconds,
    encoderPercentOfFfmpeg: (100 * encoderSeconds) / ffmpegSeconds,
    encoderAndPlatformPercentOfFfmpeg: (100 * (encoderSeconds + platformSeconds)) / ffmpegSeconds,
  };
}

async function readCpu({ encoderPid, platformPid }: RunningHeadend): Promise<CpuReading> {
  const encoder = await readProcess(encoderPid);
  const platform = await readProcess(platformPid);
  const [ffmpeg, ...others] = (await readDescendants(encoderPid)).filter(({ name }) => name === 'ffmpeg');
  if (encoder === null || platform === null || ffmpeg === undefined || others.length > 0) {
    throw new Error('expected the encoder, the platform and one ffmpeg to run');
  }
  return {
    atMs: performance.now(),
    ffmpegPid: ffmpeg.pid,
    ffmpegSeconds: ffmpeg.cpuSeconds,
    encoderSeconds: encoder.cpuSeconds,
    // If both are one process, its time counts only once, for the encoder.
    platformSeconds: platformPid === encoderPid ? 0 : platform.cpuSeconds,
  };
}
