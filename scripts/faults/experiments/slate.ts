import { discontinuities } from '../discontinuities.ts';
import type { Fault } from '../fault.ts';
import { type PlayerName, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const BEFORE_SECONDS = 5;
const AWAY_SECONDS = 10;
const AFTER_SECONDS = 10;
const MAX_STALL_SECONDS = 2;

/** The publisher is away for a while, and comes back. */
export const slate: Fault = {
  name: 'slate',
  expected:
    'a picture and silence while the publisher is away: no player of any kind stalls, ends or sees a needless discontinuity',
  run: async (context) => {
    const scene = await Scene.open(context);
    const publisher = scene.publish(liveSource());
    const players: readonly PlayerName[] = ['page', 'plain', 'ffmpeg'];
    await scene.watchWith(...players);
    await scene.pass(BEFORE_SECONDS);
    await publisher.kill();
    await scene.pass(AWAY_SECONDS);
    scene.publish(liveSource());
    await scene.pass(AFTER_SECONDS);
    return scene.outcome([await discontinuities(`${scene.liveUrl}/360p`), ...(await scene.stalls(MAX_STALL_SECONDS))]);
  },
};
