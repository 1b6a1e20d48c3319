import { discontinuities } from '../discontinuities.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 5;
const WATCHED_SECONDS = 10;
const MAX_STALL_SECONDS = 3;

/** FFmpeg dies. */
export const ffmpegKilled: Fault = {
  name: 'ffmpeg-killed',
  expected: `another FFmpeg goes on, without a needless discontinuity; nobody stalls for more than ${MAX_STALL_SECONDS} s`,
  run: async (context) => {
    const scene = await Scene.open(context);
    scene.publish(liveSource());
    await scene.watchWith('page', 'plain', 'ffmpeg');
    await scene.pass(BEFORE_SECONDS);
    await scene.killFfmpeg();
    await scene.pass(WATCHED_SECONDS);
    const { restarts } = scene.api;
    return scene.outcome([
      observation(restarts.length === 1, `${restarts.length} restarts`),
      await discontinuities(`${scene.liveUrl}/360p`),
      ...(await scene.stalls(MAX_STALL_SECONDS)),
    ]);
  },
};
