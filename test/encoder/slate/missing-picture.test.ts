import type { VideoRendition } from '#encoder/media/media-run.ts';
import type { EncodedSlate } from '#encoder/slate/encoded-slate.ts';
import { MissingPicture } from '#encoder/slate/missing-picture.ts';

const FRAME_RATE = { numerator: 25, denominator: 1 };
const GOP = 50;
/** The picture is missing from here on, in seconds of the run. */
const GONE_AT = 4;
const BACK_AT = 14;

let made: number;
let slate: EncodedSlate | null;

beforeEach(() => {
  made = 0;
  slate = slateOf({ '720p': 1, '360p': 2 });
});

/** A slate whose frames tell their places. */
function slateOf(steps: Readonly<Record<string, number>>): EncodedSlate {
  const video: VideoRendition[] = Object.entries(steps).map(([name, frameStep]) => ({
    ...{ name, width: 640, height: 360, videoKbps: 600, frameStep },
  }));
  const frames = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ decodeTicks: 0, durationTicks: 1, compositionOffsetTicks: 0, isSync: index === 0 },
      data: Buffer.from(`slate ${index}`),
    }));
  return {
    plan: { latency: 'low', video, frameRate: FRAME_RATE, keyframeFrames: GOP, audio: null },
    renditions: video.map(({ name, frameStep = 1 }) => ({
      ...{ name, header: Buffer.alloc(0), trackId: 1, timescale: 25, frameTicks: frameStep },
      frames: frames(GOP / frameStep),
    })),
  };
}

const missingPicture = (makeSlate = async () => slate): MissingPicture =>
  new MissingPicture({
    run: {
      frameRate: FRAME_RATE,
      pictureMissingSeconds: (at) => (at > GONE_AT && at < BACK_AT ? at - GONE_AT : 0),
    },
    makeSlate: () => {
      made++;
      return makeSlate();
    },
  });

interface ShownFrame {
  readonly at: number;
  readonly data: string;
}

/** What viewers get of a rendition for some seconds, whose IDR frames are at the given distance. The run itself puts out `live`. */
async function show(
  picture: MissingPicture,
  options: { rendition?: string; step?: number; from?: number; seconds: number; gop?: number },
): Promise<ShownFrame[]> {
  const { rendition = '720p', step = 1, from = 0, seconds, gop = GOP } = options;
  const shown: ShownFrame[] = [];
  for (let frame = from * 25; frame < (from + seconds) * 25; frame += step) {
    const data = Buffer.from('live');
    const isSync = (frame - from * 25) % gop === 0;
    const got = picture.dataFor(rendition, { mediaSeconds: frame / 25, isSync, data });
    shown.push({ at: frame / 25, data: got.toString() });
    // As in life, a slate is made between two frames, not within one.
    await Promise.resolve();
  }
  return shown;
}

test('after 5 s, whole GOPs are those of the slate, until the first one that begins with the picture', async () => {
  const shown = await show(missingPicture(), { seconds: 20 });
  for (const { at, data } of shown) {
    const isSlate = at >= 10 && at < BACK_AT;
    expect([at, data]).toEqual([at, isSlate ? `slate ${Math.round(at * 25) % GOP}` : 'live']);
  }
  expect(made).toBe(1);
});

test('renditions have the same, also one with half of the frames', async () => {
  const picture = missingPicture();
  await show(picture, { seconds: 20 });
  const half = await show(picture, { rendition: '360p', step: 2, seconds: 20 });
  const slates = half.filter(({ data }) => data !== 'live');
  expect(slates[0]).toEqual({ at: 10, data: 'slate 0' });
  expect(slates.at(-1)).toEqual({ at: BACK_AT - 0.08, data: 'slate 24' });
  expect(slates).toHaveLength(25 * 2);
  expect(made).toBe(1);
});

test('a run begins in the middle of an absence, with a short GOP', async () => {
  const picture = missingPicture();
  await show(picture, { from: 10, seconds: 0.4, gop: 10 });
  const shown = await show(picture, { from: 10.4, seconds: 4 });
  expect(shown[0]?.data).toBe('slate 0');
  expect(shown.at(-1)?.data).toBe('slate 49');
});

test('a picture that is back half a frame after an IDR frame is shown from that frame on', async () => {
  const picture = new MissingPicture({
    run: { frameRate: FRAME_RATE, pictureMissingSeconds: (at) => (at < 12.019 ? 8 : 0) },
    makeSlate: async () => slate,
  });
  const shown = await show(picture, { seconds: 14 });
  expect(shown.find(({ at }) => at === 11.96)?.data).toBe('slate 49');
  expect(shown.find(({ at }) => at === 12)?.data).toBe('live');
});

test('without an absence, and for a short one, no slate is made', async () => {
  const always = new MissingPicture({
    run: { frameRate: FRAME_RATE },
    makeSlate: () => Promise.reject(new Error('nobody wants a slate')),
  });
  for (const picture of [always, missingPicture()])
    expect((await show(picture, { seconds: GONE_AT + 0.9 })).every(({ data }) => data === 'live')).toBe(true);
  expect(made).toBe(0);
});

test('as long as there is no slate, and if there is none, the run is shown, and it is asked for once', async () => {
  let finish: () => void = () => undefined;
  const late = missingPicture(() => new Promise((resolve) => (finish = () => resolve(slate))));
  expect((await show(late, { seconds: 12 })).every(({ data }) => data === 'live')).toBe(true);
  finish();
  await Promise.resolve();
  expect((await show(late, { from: 12, seconds: 1 }))[0]?.data).toBe('slate 0');
  slate = null;
  const never = await show(missingPicture(), { seconds: 20 });
  expect(never.every(({ data }) => data === 'live')).toBe(true);
  expect(made).toBe(2);
});

test('a GOP that is longer than that of the slate is refused', async () => {
  await expect(show(missingPicture(), { seconds: 20, gop: 2 * GOP })).rejects.toThrow('longer');
});
