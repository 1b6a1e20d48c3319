import type { LadderName } from '#domain/ladders.ts';
import { makeClip } from '#kit/clip.ts';
import type { Benchmark } from './bench-context.ts';
import { headendRecipe, measureCpuSeconds } from './recipe.ts';

const CLIP_SECONDS = 10;

/** A typical source for each ladder: the height of its top rung, at a higher bitrate. */
const SOURCES = {
  '360p': { width: 640, height: 360, videoKbps: 1_000 },
  '480p': { width: 854, height: 480, videoKbps: 1_500 },
  '720p': { width: 1280, height: 720, videoKbps: 3_000 },
  '1080p': { width: 1920, height: 1080, videoKbps: 6_000 },
  '1440p': { width: 2560, height: 1440, videoKbps: 9_000 },
  '2160p': { width: 3840, height: 2160, videoKbps: 18_000 },
} as const satisfies Record<LadderName, { width: number; height: number; videoKbps: number }>;

/**
 * The CPU time of a ladder at 30 fps: user and system seconds of FFmpeg per second of media, which is the number of
 * cores that it keeps busy. The input is a file, read at full speed, because CPU time hardly depends on other load.
 */
export function capacity(ladder: LadderName): Benchmark {
  return {
    name: `capacity/${ladder}`,
    targets: {},
    run: async (context) => {
      const clipPath = await makeClip({ ...SOURCES[ladder], seconds: CLIP_SECONDS });
      const cpuSeconds = await measureCpuSeconds(context, await headendRecipe(clipPath, ladder), clipPath);
      return { ffmpegCpuSecondsPerSecond: cpuSeconds / CLIP_SECONDS };
    },
  };
}
