import { isVideoKeyframe, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { readPlayback } from '#kit/stall-meter.ts';
import type { DueTag } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { openPlainPlayer, openWatchPage } from '../page-players.ts';
import { observation, Scene } from '../scene.ts';

const LATE_MS = 6_000;
const UPTIME_MS = 3_600_000;
const PICTURE_WITHIN_SECONDS = 40;
const PLAYS_ON_SECONDS = 4;
const MAX_STALL_SECONDS = 2;

function lateCamera(name: string, makeChange: () => (sent: DueTag) => readonly DueTag[]): Fault {
  return {
    name: `late-camera/${name}`,
    expected: 'the stream waits, and then has sound and picture; the page shows both, and no playlist ends for others',
    run: async (context) => {
      const scene = await Scene.open(context);
      const publisher = await scene.publishTags({ change: makeChange() });
      await scene.untilPlayable();
      const [page, plain] = [
        await openWatchPage(context, scene.watchUrl),
        await openPlainPlayer(context, scene.masterUrl),
      ];
      const width = async () => (await readPlayback(page.page)).pictureWidth;
      const isSeen = await scene.happens('a picture', PICTURE_WITHIN_SECONDS, async () => (await width()) > 0);
      // Players load the multivariant playlist once, so this one stays with the sound.
      await scene.untilMoved(plain, PLAYS_ON_SECONDS);
      const { longestStallSeconds } = await plain.report();
      const isWhole = /RESOLUTION=.*AUDIO=|AUDIO=.*RESOLUTION=/.test((await scene.master()) ?? '');
      return scene.outcome([
        observation(publisher.isOpen(), publisher.isOpen() ? 'the publish goes on' : 'the publish was ended'),
        observation(isWhole, isWhole ? 'sound and picture are offered' : 'not both are offered'),
        observation(isSeen, isSeen ? 'the page shows the picture' : 'the page shows no picture'),
        observation(longestStallSeconds <= MAX_STALL_SECONDS, `plain stalled ${longestStallSeconds.toFixed(1)} s`),
      ]);
    },
  };
}

/** The camera is switched on some seconds after the microphone. */
const switchedOnLate = () => {
  let hasBegun = false;
  const headers: DueTag[] = [];
  return (sent: DueTag): readonly DueTag[] => {
    if (sent.tag.type !== VIDEO_TAG || hasBegun) return [sent];
    if (sent.tag.payload[1] === 0) headers.push(sent);
    if (sent.tag.payload[1] === 0 || sent.dueMs < LATE_MS || !isVideoKeyframe(sent.tag)) return [];
    hasBegun = true;
    const { timestampMs } = sent.tag;
    return [...headers.map(({ tag }) => ({ tag: { ...tag, timestampMs }, dueMs: sent.dueMs })), sent];
  };
};

/** The picture is stamped by the time since the machine started, and the sound from 0 on. */
const stampedByUptime =
  () =>
  (sent: DueTag): readonly DueTag[] =>
    sent.tag.type === VIDEO_TAG
      ? [{ ...sent, tag: { ...sent.tag, timestampMs: sent.tag.timestampMs + UPTIME_MS } }]
      : [sent];

export const lateCameras: readonly Fault[] = [
  lateCamera('switched-on', switchedOnLate),
  lateCamera('uptime', stampedByUptime),
];
