import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const AWAY_SECONDS = 3;
/** The encoder learns of it within a second. */
const ENDED_WITHIN_SECONDS = 5;

/** Somebody stops the stream while its publisher is away. */
export const stopWhileAway: Fault = {
  name: 'stop-while-away',
  expected: 'EXT-X-ENDLIST at once',
  run: async (context) => {
    const scene = await Scene.open(context);
    const publisher = scene.publish(liveSource());
    await scene.watchWith('plain');
    await publisher.kill();
    await scene.pass(AWAY_SECONDS);
    await scene.stop();
    const hasEnded = await scene.happens('EXT-X-ENDLIST', ENDED_WITHIN_SECONDS, () => scene.witness.hasEndList);
    const seen = `${hasEnded ? '' : 'no '}EXT-X-ENDLIST within ${ENDED_WITHIN_SECONDS} s`;
    return scene.outcome([observation(hasEnded, seen)]);
  },
};
