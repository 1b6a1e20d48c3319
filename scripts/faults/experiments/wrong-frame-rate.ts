import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { Random } from '#kit/random.ts';
import type { DueTag, TagPublisherOptions } from '#kit/tag-publisher.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';

const FRAME_MS = 1000 / 30;
const WATCHED_SECONDS = 14;
const DECODED_SECONDS = 4;
const MIN_KEPT_SHARE = 0.95;
/** Frames that come at half the rate at first. */
const SLOW_FRAMES = 60;
const SEED = 11;

/** 30 frames a second arrive, but something about them says otherwise. */
function wrongFrameRate(name: string, makeOptions: () => Pick<TagPublisherOptions, 'change' | 'metadata'>): Fault {
  return {
    name: `wrong-frame-rate/${name}`,
    expected: '30 frames a second for viewers, and none is dropped',
    run: async (context) => {
      const scene = await Scene.open(context);
      await scene.publishTags(makeOptions());
      await scene.watchWith('plain');
      await scene.pass(WATCHED_SECONDS);
      const rate = /FRAME-RATE=([\d.]+)/.exec((await scene.master()) ?? '')?.[1] ?? 'unknown';
      const input = ['-i', `${scene.liveUrl}/360p/media.m3u8`, '-t', String(DECODED_SECONDS)];
      const numbers = new Set(await decodeFrameNumbers(input, context.signal));
      const share = numbers.size / (DECODED_SECONDS * 30);
      return scene.outcome([
        observation(Number(rate) === 30, `FRAME-RATE=${rate}`),
        observation(share >= MIN_KEPT_SHARE, `${Math.round(share * 100)} % of the frames`),
      ]);
    },
  };
}

export const wrongFrameRates: readonly Fault[] = [
  wrongFrameRate('declared', () => ({ metadata: { framerate: 17.98, width: 320, height: 180 } })),
  wrongFrameRate('jitter', () => ({ change: jitter(new Random(SEED)) })),
  wrongFrameRate('slow-start', () => ({ change: slowStart() })),
];

const isFrame = ({ tag }: DueTag): boolean => tag.type === VIDEO_TAG && tag.payload[1] === 1;
const shifted = ({ tag, dueMs }: DueTag, byMs: number): DueTag => ({
  tag: { ...tag, timestampMs: Math.max(0, Math.round(tag.timestampMs + byMs)) },
  dueMs,
});

/** The timestamps of the picture are off by up to 4 ms. */
const jitter = (random: Random) => (sent: DueTag) => [isFrame(sent) ? shifted(sent, random.integer(-4, 4)) : sent];

/** A camera in the dark: the first frames come half as fast. Those after them follow without a gap, in step with the sound. */
function slowStart() {
  let frames = 0;
  let pictures: DueTag[] = [];
  return (sent: DueTag): DueTag[] => {
    if (isFrame(sent)) {
      const lateMs = Math.min(frames, SLOW_FRAMES) * FRAME_MS;
      const { tag, dueMs } = shifted(sent, lateMs);
      pictures.push({ tag, dueMs: dueMs + lateMs });
      frames += 1;
      return [];
    }
    const due = pictures.filter(({ dueMs }) => dueMs <= sent.dueMs);
    pictures = pictures.slice(due.length);
    return [...due, sent];
  };
}
