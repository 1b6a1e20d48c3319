import { AUDIO_TAG } from '#encoder/media/flv-tag.ts';
import type { DueTag } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const GONE_FROM_SECONDS = 10;
const GONE_SECONDS = 4;
const WATCHED_SECONDS = 22;
const MAX_STALL_SECONDS = 2;

const withoutSound = (sent: DueTag): readonly DueTag[] => {
  const goneForMs = sent.dueMs - GONE_FROM_SECONDS * 1000;
  return sent.tag.type === AUDIO_TAG && goneForMs >= 0 && goneForMs < GONE_SECONDS * 1000 ? [] : [sent];
};

/** The publisher's sound stops for some seconds, as when a device is plugged in again. */
export const soundGap: Fault = {
  name: 'sound-gap',
  expected: 'silence instead; the presentation goes on, old segments stay, nobody stalls',
  run: async (context) => {
    const scene = await Scene.open(context);
    // Not FFmpeg: one that waits for frames of its filter holds the picture back meanwhile.
    await scene.publishTags({ change: withoutSound });
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
