import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import type { DueTag } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { newestBrightness } from '../newest-brightness.ts';
import { observation, Scene } from '../scene.ts';

const BEFORE_SECONDS = 4;
/** How long the slate is watched. */
const SLATE_SECONDS = 10;
/** From the picture's last frame to a segment that begins with the slate, and from its next frame to one that begins with it. */
const SLATE_WITHIN_SECONDS = 14;
const PICTURE_WITHIN_SECONDS = 10;
const AFTER_SECONDS = 6;
const MAX_STALL_SECONDS = 2;
const WARNING = /no (?:video|picture)/i;
/** Between the slate and the picture of the source. */
const DARK = 50;

/** Leaves the picture out for as long as it is told. */
class PictureSwitch {
  isGone = false;

  readonly change = (sent: DueTag): readonly DueTag[] => (this.isGone && sent.tag.type === VIDEO_TAG ? [] : [sent]);
}

/** The publisher's picture stops and its sound goes on, as with a phone whose app is in the background. */
export const pictureGone: Fault = {
  name: 'picture-gone',
  expected:
    'the picture is held, after 5 s there is a slate, sound goes on, nobody stalls, a warning says that no picture arrives',
  run: async (context) => {
    const scene = await Scene.open(context);
    const picture = new PictureSwitch();
    // Not FFmpeg: one that waits for frames of its filter sends no sound meanwhile.
    await scene.publishTags({ change: picture.change });
    await scene.watchWith('page', 'plain', 'ffmpeg');
    await scene.pass(BEFORE_SECONDS);
    const isDark = async () => (await newestBrightness(`${scene.liveUrl}/360p/media.m3u8`, context.signal)) < DARK;
    const wasDark = await isDark();
    picture.isGone = true;
    const hasSlate = await scene.happens('the slate', SLATE_WITHIN_SECONDS, isDark);
    await scene.pass(SLATE_SECONDS);
    picture.isGone = false;
    const isBack = await scene.happens('the picture', PICTURE_WITHIN_SECONDS, async () => !(await isDark()));
    await scene.pass(AFTER_SECONDS);
    const warning = scene.api.warnings.find((each) => WARNING.test(each));
    const { hasEndList } = scene.witness;
    return scene.outcome([
      observation(warning !== undefined, warning === undefined ? 'no warning of it' : 'the warning came'),
      observation(!hasEndList, hasEndList ? 'a playlist ended' : 'no playlist ended'),
      observation(!wasDark && hasSlate, hasSlate ? 'the slate was shown' : 'no slate'),
      observation(isBack, isBack ? 'the picture came back' : 'the picture did not come back'),
      ...(await scene.stalls(MAX_STALL_SECONDS)),
    ]);
  },
};
