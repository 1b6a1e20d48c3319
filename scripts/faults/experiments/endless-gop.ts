import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource } from '../source.ts';

const KILLED_AFTER_SECONDS = 12;
/** The encoder keeps no more than this of the publisher's tags. */
const FORGOTTEN_AFTER_SECONDS = 40;
/** 10 s without a keyframe, and what the rest takes. */
const ENDED_WITHIN_SECONDS = 20;
const WATCHED_SECONDS = 20;
const rate = ['-b:v', '800k', '-sc_threshold', '0'];

/** FFmpeg dies, and the publisher sends no other keyframe. */
const endless: Fault = {
  name: 'endless-gop/one-keyframe',
  expected: 'after 10 s without a keyframe the publish is ended in words, an event says so, and the status is true',
  run: async (context) => {
    const scene = await Scene.open(context);
    const publisher = scene.publish(liveSource({ video: [...rate, '-g', '100000', '-keyint_min', '100000'] }));
    await scene.watchWith('plain');
    await scene.pass(FORGOTTEN_AFTER_SECONDS);
    const eventsBefore = scene.api.events.length;
    await scene.killFfmpeg();
    const position = (await scene.players[0]?.positionSeconds()) ?? 0;
    const isEnded = () => scene.happens('the end of the publish', ENDED_WITHIN_SECONDS, () => !publisher.isRunning());
    const isPlaying = async () =>
      ((await scene.players[0]?.positionSeconds()) ?? 0) > position + ENDED_WITHIN_SECONDS / 2;
    const hasEnded = await isEnded();
    // From the kept tags, the stream may also go on.
    const goesOn = await isPlaying();
    const events = scene.api.events.slice(eventsBefore).filter(({ type }) => type !== 'encoder.restarted');
    const isMet = hasEnded || goesOn;
    return scene.outcome([
      observation(
        isMet,
        hasEnded ? 'the publish was ended' : goesOn ? 'the stream goes on' : 'dark, and still published',
      ),
      observation(goesOn || events.length > 0, events.length > 0 ? 'an event says so' : 'no event says so'),
    ]);
  },
};

/** FFmpeg dies in a group of pictures of an unusual kind. */
function survivable(name: string, expected: string, video: readonly string[], maxStallSeconds: number): Fault {
  return {
    name: `endless-gop/${name}`,
    expected,
    run: async (context) => {
      const scene = await Scene.open(context);
      const publisher = scene.publish(liveSource({ video: [...rate, ...video] }));
      await scene.watchWith('page', 'plain');
      await scene.pass(KILLED_AFTER_SECONDS);
      await scene.killFfmpeg();
      await scene.pass(WATCHED_SECONDS);
      const isPublishing = publisher.isRunning();
      return scene.outcome([
        observation(isPublishing, isPublishing ? 'the publish went on' : 'the publish was ended'),
        ...(await scene.stalls(maxStallSeconds)),
      ]);
    },
  };
}

export const endlessGops: readonly Fault[] = [
  endless,
  survivable('14-seconds', 'the stream goes on from the last or the next keyframe', ['-g', '420'], 12),
  survivable(
    'intra-refresh',
    'the stream goes on from a recovery point',
    ['-g', '60', '-x264-params', 'intra-refresh=1'],
    6,
  ),
];
