import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import type { DueTag } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const GONE_FROM_SECONDS = 10;
const GONE_SECONDS = 20;
const AFTER_SECONDS = 8;
const MAX_STALL_SECONDS = 2;
const WARNING = /no (?:video|picture)/i;

const withoutPicture = (sent: DueTag): readonly DueTag[] => {
  const goneForMs = sent.dueMs - GONE_FROM_SECONDS * 1000;
  return sent.tag.type === VIDEO_TAG && goneForMs >= 0 && goneForMs < GONE_SECONDS * 1000 ? [] : [sent];
};

/** The publisher's picture stops and its sound goes on, as with a phone whose app is in the background. */
export const pictureGone: Fault = {
  name: 'picture-gone',
  expected: 'the last frame is repeated, sound goes on, nobody stalls, a warning says that no video arrives',
  run: async (context) => {
    const scene = await Scene.open(context);
    // Not FFmpeg: one that waits for frames of its filter sends no sound meanwhile.
    await scene.publishTags({ change: withoutPicture });
    await scene.watchWith('page', 'plain', 'ffmpeg');
    await scene.pass(GONE_FROM_SECONDS + GONE_SECONDS + AFTER_SECONDS);
    const warning = scene.api.warnings.find((each) => WARNING.test(each));
    const { hasEndList } = scene.witness;
    return scene.outcome([
      observation(warning !== undefined, warning === undefined ? 'no warning of it' : 'the warning came'),
      observation(!hasEndList, hasEndList ? 'a playlist ended' : 'no playlist ended'),
      ...(await scene.stalls(MAX_STALL_SECONDS)),
    ]);
  },
};
