import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

/** The source has no sound from the tenth to the fourteenth second. FFmpeg must not hold the picture back for it. */
const GAP = "aselect='not(between(t,10,14))'";
const NO_INTERLEAVING = ['-max_interleave_delta', '200000'];
const WATCHED_SECONDS = 22;
const MAX_STALL_SECONDS = 2;

/** The publisher's sound stops for some seconds, as when a device is plugged in again. */
export const soundGap: Fault = {
  name: 'sound-gap',
  expected: 'silence instead; the presentation goes on, old segments stay, nobody stalls',
  run: async (context) => {
    const scene = await Scene.open(context);
    scene.publish([...liveSource({ audioFilter: GAP }), ...NO_INTERLEAVING]);
    await scene.watchWith('page', 'plain', 'ffmpeg');
    await scene.pass(WATCHED_SECONDS);
    const { hasEndList } = scene.witness;
    const failures = scene.witness.failures();
    return scene.outcome([
      observation(!hasEndList, hasEndList ? 'a playlist ended' : 'no playlist ended'),
      observation(
        failures.length === 0,
        failures.length === 0 ? 'all media was there' : failures.slice(0, 2).join(', '),
      ),
      ...(await scene.stalls(MAX_STALL_SECONDS)),
    ]);
  },
};
