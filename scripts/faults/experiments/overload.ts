import { makeClip } from '#kit/clip.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

/** The first steps down may still cost a restart each; after that there must be none. */
const SETTLE_SECONDS = 40;
const WATCHED_SECONDS = 30;
const CLIP = { width: 1920, height: 1080, frameRate: '60', videoKbps: 6_000, seconds: 8 } as const;

/** Two broadcasts that two cores can't encode as they should be. */
export const overload: Fault = {
  name: 'overload',
  expected: `two of 1080p60 at once: fewer and smaller renditions, and no FFmpeg is killed after the first ${SETTLE_SECONDS} s`,
  run: async (context) => {
    const clip = ['-re', '-stream_loop', '-1', '-i', await makeClip(CLIP), '-c', 'copy'];
    const scenes = [await Scene.open(context, { ladder: '1080p' }), await Scene.open(context, { ladder: '1080p' })];
    for (const scene of scenes) scene.publish(clip);
    await Promise.all(scenes.map((scene) => scene.untilPlayable()));
    const [first] = scenes;
    if (first === undefined) throw new Error('no scene');
    await first.watchWith('plain');
    await first.pass(SETTLE_SECONDS);
    const before = scenes.map(({ api }) => api.restarts.length);
    await first.pass(WATCHED_SECONDS);
    const kills = scenes.map(({ api }, index) => api.restarts.length - (before[index] ?? 0));
    return first.outcome([
      observation(true, `${before.join(' and ')} kills in the first ${SETTLE_SECONDS} s`),
      ...kills.map((count) => observation(count === 0, `${count} kills in the ${WATCHED_SECONDS} s after`)),
    ]);
  },
};
