import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';
import { signalSpy, startSpiedPlatform } from '../spied-platform.ts';

const STEP_SECONDS = 10;
const BEFORE_SECONDS = 5;
const CONVERGED_WITHIN_SECONDS = 60;
/** From the end of the newest part to now. */
const MAX_BEHIND_SECONDS = 3;
const MAX_STALL_SECONDS = 2;

/** The encoder's wall clock is set forward. */
export const clockStep: Fault = {
  name: 'clock-step',
  expected: `nobody stalls, and program date-time follows the clock within ${CONVERGED_WITHIN_SECONDS} s`,
  run: async (context) => {
    const platform = await startSpiedPlatform(context, { stepMs: STEP_SECONDS * 1000 });
    const scene = await Scene.open(context, { platform });
    scene.publish(liveSource());
    await scene.watchWith('page', 'plain');
    await scene.pass(BEFORE_SECONDS);
    signalSpy(platform);
    const behind = async () => Date.now() / 1000 + STEP_SECONDS - (await edgeSeconds(scene));
    const isClose = async () => Math.abs(await behind()) <= MAX_BEHIND_SECONDS;
    const followed = await scene.happens('the date', CONVERGED_WITHIN_SECONDS, isClose);
    const seen = `the date is ${(await behind()).toFixed(1)} s behind the stepped clock`;
    await scene.pass(BEFORE_SECONDS);
    return scene.outcome([observation(followed, seen), ...(await scene.stalls(MAX_STALL_SECONDS))]);
  },
};

/** The date at the end of the newest part, in seconds since 1970. */
async function edgeSeconds(scene: Scene): Promise<number> {
  const text = await (await fetch(`${scene.liveUrl}/360p/media.m3u8`)).text();
  const last = parseMediaPlaylist(text).segments.at(-1);
  const parts = last?.parts.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) ?? 0;
  return (last?.programDateTimeMs ?? 0) / 1000 + (last?.durationSeconds ?? parts);
}
