import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import type { SlateImage } from '#domain/slate-images.ts';
import { renditionNames } from '#encoder/media/media-run.ts';
import type { SourceDescription } from '#encoder/media/source-description.ts';
import { BoxStream } from '#encoder/package/box-stream.ts';
import { parseInitSection } from '#encoder/package/init-section.ts';
import { SlateMaker, type SlateMakerOptions } from '#encoder/slate/slate-maker.ts';
import { planRenditions, type RenditionPlan } from '#encoder/transcode/rendition-plan.ts';
import { createLogger } from '#runtime/log.ts';
import { GREEN, makePng, pngChunk } from '#test/support/pictures.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { outputOf, stopSessions } from '../transcode/transcode-session.ts';
import { transcodeTags } from '../transcode/transcoded-tags.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const VIDEO = { codec: 'h264', width: 640, height: 480, frameRate: 30_000 / 1001 } as const;
const AUDIO = { codec: 'aac', sampleRateHz: 44_100, channels: 1 } as const;

const planOf = (source: SourceDescription): RenditionPlan => planRenditions(source, '480p', 'low');

/** A text of 64 MB. FFmpeg takes eight times as much for it. */
const ENDLESS_TEXT = Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(64 * 1024 * 1024))]);

/** What FFmpegs were given on their standard inputs. */
const received: Buffer[] = [];

const makerWith = (
  imagePath: string | null,
  readImage: SlateMakerOptions['readImage'] = () => Promise.reject(new Error('no stream has a picture')),
): SlateMaker =>
  new SlateMaker({
    spawn: (command, args, options) => {
      const child = spawn(command, args, options);
      const write = child.stdin?.write.bind(child.stdin) as (bytes: Buffer) => boolean;
      Object.assign(child.stdin ?? {}, {
        write: (bytes: Buffer) => {
          received.push(bytes);
          return write(bytes);
        },
      });
      return child;
    },
    ...{ imagePath, readImage, fontsDir: `${ROOT}node_modules/dejavu-fonts-ttf/ttf` },
    log: createLogger({ service: 'test', level: 'silent' }),
  });

const withHalfTheFrames = (plan: RenditionPlan): RenditionPlan => ({
  ...plan,
  video: plan.video.map((rendition, index) => (index === 0 ? { ...rendition, frameStep: 2 } : rendition)),
});

afterEach(stopSessions);

/** The ftyp and moov boxes with which an output begins, as players get them. */
function headerOf(output: Buffer): Buffer {
  const [ftyp, moov] = new BoxStream().push(output);
  if (ftyp === undefined || moov === undefined) throw new Error('there is no header');
  return parseInitSection(ftyp, moov).data;
}

test.each(['ultra', 'standard'] as const)(
  'frames of a slate can follow those of a run (%s): their headers are the same',
  async (latency) => {
    const seconds = 3;
    const video = { width: 1280, height: 720, frameRate: '15' };
    const tags = await makeSourceTags({ seconds, video, audio: null });
    const recorded = await transcodeTags(tags, seconds, { ladder: '720p', latency });
    const slate = await makerWith(null).make({ ...recorded.run, latency }, 'Title', 'picture-missing');
    expect(slate?.renditions.map(({ name }) => name)).toEqual(['720p', '480p', '360p']);
    for (const { name, header } of slate?.renditions ?? [])
      expect(headerOf(header)).toEqual(headerOf(outputOf(recorded, name)));
  },
  60_000,
);

test.each<[string, RenditionPlan]>([
  ['picture and sound', planOf({ video: VIDEO, audio: AUDIO })],
  ['half of the frames', withHalfTheFrames(planOf({ video: VIDEO, audio: AUDIO }))],
  ['a picture alone', planOf({ video: VIDEO, audio: null })],
  ['sound alone', planOf({ video: null, audio: AUDIO })],
])('the slate of %s has all renditions, each a whole GOP or a frame of silence', async (_name, plan) => {
  const slate = await makerWith(null).make(plan, `It's: "quoted", 100% [v0]; {x}\\N`, 'publisher-away');
  expect(slate?.renditions.map(({ name }) => name)).toEqual(renditionNames(plan));
  const lengths = slate?.renditions.map(({ frames }) => frames.length);
  const gops = plan.video.map(({ frameStep = 1 }) => (plan.keyframeFrames ?? 0) / frameStep);
  expect(lengths).toEqual(plan.audio === null ? gops : [...gops, 1]);
});

test('after the first frame, nothing but repetition is coded', async () => {
  const slate = await makerWith(null).make(planOf({ video: VIDEO, audio: null }), 'Harbour at night', 'publisher-away');
  for (const { frames } of slate?.renditions ?? []) {
    const [first = 0, ...others] = frames.map(({ data }) => data.length);
    expect(others.reduce((total, bytes) => total + bytes, 0)).toBeLessThan(first);
  }
});

test('a picture of the deployment is shown instead of text', async () => {
  const plan = planOf({ video: VIDEO, audio: AUDIO });
  const bytesOf = async (imagePath: string | null) => {
    const slate = await makerWith(imagePath).make(plan, 'Text', 'picture-missing');
    return slate?.renditions[0]?.frames[0]?.data.length ?? 0;
  };
  expect(await bytesOf(`${ROOT}docs/watch-page.jpg`)).toBeGreaterThan(2 * (await bytesOf(null)));
  // A picture that can't be read is no reason to have no slate.
  expect(await bytesOf(`${ROOT}no/such.png`)).toBe(await bytesOf(null));
});

describe("a stream's own picture", () => {
  const plan = planOf({ video: VIDEO, audio: AUDIO });
  const photo = `${ROOT}docs/watch-page.jpg`;

  /** The first frame of a slate with the picture that `readImage` gives, as it is coded. */
  async function firstFrame(readImage: SlateMakerOptions['readImage'], imagePath: string | null = null) {
    const slate = await makerWith(imagePath, readImage).make(plan, 'Text', 'publisher-away', 'stream-1');
    return slate?.renditions[0]?.frames[0]?.data;
  }
  const firstFrameOf = (image: SlateImage, imagePath?: string) => firstFrame(async () => image, imagePath);
  const withoutOwn = async (imagePath: string | null) =>
    (await makerWith(imagePath).make(plan, 'Text', 'publisher-away'))?.renditions[0]?.frames[0]?.data;

  test("is shown in place of the deployment's, as that would be", async () => {
    const asked: string[] = [];
    const jpeg = { type: 'image/jpeg', data: await readFile(photo) } as const;
    const deployed = await withoutOwn(photo);
    const own = await firstFrame(async (streamId) => {
      asked.push(streamId);
      return jpeg;
    });
    expect(asked).toEqual(['stream-1']);
    expect(own).toEqual(deployed);
    const png = makePng({ width: 800, height: 20, colour: GREEN });
    const green = await firstFrameOf({ type: 'image/png', data: png }, photo);
    expect(green?.length).toBeLessThan((deployed?.length ?? 0) / 2);
    expect(green).not.toEqual(await withoutOwn(null));
    const withText = makePng({ width: 800, height: 20, colour: GREEN }, {}, [pngChunk('zTXt', ENDLESS_TEXT)]);
    expect(await firstFrameOf({ type: 'image/png', data: withText }, photo)).toEqual(green);
    expect(Math.max(...received.map((bytes) => bytes.indexOf('zTXt')))).toBe(-1);
  });

  test.each<[string, string, SlateMakerOptions['readImage']]>([
    ['can not be read', 'text', () => Promise.reject(new Error('throttled'))],
    ['is not there any more', 'text', async () => null],
    ['is empty', 'text', async () => ({ type: 'image/png', data: Buffer.alloc(0) })],
    [
      'claims too many pixels',
      'text',
      async () => ({
        type: 'image/png',
        data: makePng({ width: 9, height: 9, colour: GREEN }, { width: 9_000, height: 9_000 }),
      }),
    ],
    ['is of another type', 'text', async () => ({ type: 'image/png', data: await readFile(photo) })],
    ['can not be read, but there is one of the deployment', photo, () => Promise.reject(new Error('throttled'))],
  ])('that %s is no reason to have no slate', async (_name, shown, readImage) => {
    const imagePath = shown === 'text' ? null : shown;
    expect(await firstFrame(readImage, imagePath)).toEqual(await withoutOwn(imagePath));
  });
});
