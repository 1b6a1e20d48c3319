import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rung } from '#domain/ladders.ts';
import {
  type BenchContext,
  type Benchmark,
  type BenchmarkGroup,
  type Figures,
  makeTemporaryFolder,
} from '../bench-context.ts';
import { runProgram } from '../program.ts';
import { measureCpuSeconds } from '../recipe.ts';
import { CLIP_FRAMES, CLIP_SECONDS, CLIP_SIZE } from './clip-format.ts';
import {
  type EncodingName,
  encodingNames,
  encodingRecipe,
  OWN,
  QUALITY_RUNGS,
  READ_RECIPE,
  USUAL,
} from './encodings.ts';
import { makeQualityClip, QUALITY_CLIP_NAMES, type QualityClipName } from './quality-clips.ts';
import { type EncodedClip, qualityFigures, ssimOfFrames } from './quality-figures.ts';

/** However long a round takes. */
const LEAST_ROUNDS = 2;
/** Limits of the rate are kept over several threads at once, so the same settings give up to so much another SSIM in the next run. */
const SSIM_SPREAD = 0.0003;
const TARGETS = { ssimLoss: { atMost: SSIM_SPREAD }, cpuRatio: { atMost: 1.05 } } as const;

/** Frames are paired by their number, because outputs begin at different times. Whole numbers can't be rounded to the frame before. */
const BY_NUMBER = 'settb=1/30,setpts=N';
const PAIRS = `[0:v]${BY_NUMBER}[a];[1:v]${BY_NUMBER}[b];[a][b]ssim=stats_file=-`;

/**
 * How much of the picture is left in each rung, and what that costs: the encoder's settings, the usual recipe's, and others that the
 * encoder could have. Each clip is measured for the given seconds in each rung.
 */
export const quality: readonly Benchmark[] = QUALITY_RUNGS.flatMap((rung) => {
  const nameOf = (encoding: EncodingName): string => `quality/${rung.name}/${encoding}`;
  const group: BenchmarkGroup = {
    id: `quality/${rung.name}`,
    run: async (context, names) => {
      const chosen = encodingNames(rung).filter((encoding) => names.includes(nameOf(encoding)));
      const outcomes = await measure(context, rung, chosen);
      return new Map([...outcomes].map(([encoding, figures]) => [nameOf(encoding), figures]));
    },
  };
  return encodingNames(rung).map((encoding) => ({
    name: nameOf(encoding),
    targets: encoding === OWN ? TARGETS : {},
    group,
    run: async (context: BenchContext) => {
      const figures = (await measure(context, rung, [encoding])).get(encoding);
      if (figures === undefined) throw new Error(`${encoding} was not measured`);
      return figures;
    },
  }));
});

/** The usual recipe is always measured, because the others are compared with it. */
async function measure(
  context: BenchContext,
  rung: Rung,
  chosen: readonly EncodingName[],
): Promise<Map<EncodingName, Figures>> {
  const encodings = encodingNames(rung).filter((encoding) => encoding === USUAL || chosen.includes(encoding));
  const folder = await makeTemporaryFolder(context);
  const encoded = new Map<EncodingName, EncodedClip[]>(encodings.map((encoding) => [encoding, []]));
  for (const clip of QUALITY_CLIP_NAMES) {
    const pictures = { clip, rung, path: join(folder, 'pictures.y4m'), outputPath: join(folder, 'encoded.mp4') };
    await writePictures(context, pictures);
    const measured = await measureClip(context, pictures, encodings);
    for (const [encoding, one] of measured) encoded.get(encoding)?.push(one);
  }
  const usual = encoded.get(USUAL) ?? [];
  return new Map([...encoded].map(([encoding, clips]) => [encoding, qualityFigures(clips, usual)]));
}

/** A clip's pictures in a rung's size. */
interface Pictures {
  readonly clip: QualityClipName;
  readonly rung: Rung;
  readonly path: string;
  /** What they are encoded to. */
  readonly outputPath: string;
}

/** Scales beforehand, so that neither decoding nor scaling is measured. */
async function writePictures(context: BenchContext, { clip, rung, path }: Pictures): Promise<void> {
  const width = 2 * Math.round((CLIP_SIZE.width * rung.shortSide) / CLIP_SIZE.height / 2);
  const scale = ['-vf', `scale=${width}:${rung.shortSide},setsar=1,format=yuv420p`];
  const args = ['-nostdin', '-loglevel', 'error', '-y', '-i', await makeQualityClip(clip), ...scale, path];
  await runProgram(context, 'ffmpeg', args, { cwd: '/' });
}

/** Encodes in all ways by turns, so that other load on the machine affects them alike. It can only add, so the least CPU time counts. */
async function measureClip(
  context: BenchContext,
  pictures: Pictures,
  encodings: readonly EncodingName[],
): Promise<Map<EncodingName, EncodedClip>> {
  const { rung, path, outputPath } = pictures;
  const untilMs = Date.now() + context.seconds * 1000;
  const best = new Map<EncodingName, EncodedClip>();
  let readSeconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < LEAST_ROUNDS || Date.now() < untilMs; round++) {
    readSeconds = Math.min(readSeconds, await measureCpuSeconds(context, READ_RECIPE, path));
    for (const encoding of encodings) {
      const seconds = await measureCpuSeconds(context, encodingRecipe(encoding, rung), path, outputPath);
      const former = best.get(encoding) ?? { ...(await judge(context, pictures)), cpuSeconds: seconds };
      best.set(encoding, { ...former, cpuSeconds: Math.min(seconds, former.cpuSeconds) });
    }
  }
  return new Map([...best].map(([name, one]) => [name, { ...one, cpuSeconds: one.cpuSeconds - readSeconds }]));
}

async function judge(
  context: BenchContext,
  { clip, path, outputPath }: Pictures,
): Promise<Omit<EncodedClip, 'cpuSeconds'>> {
  const kbps = ((await stat(outputPath)).size * 8) / 1000 / CLIP_SECONDS;
  return { clip, kbps, ssim: await meanSsim(context, outputPath, path) };
}

/** The structural similarity of all planes of an encoded clip to the pictures from which it was made: 1 means the same. */
async function meanSsim(context: BenchContext, encodedPath: string, picturesPath: string): Promise<number> {
  const inputs = ['-nostdin', '-loglevel', 'error', '-i', encodedPath, '-i', picturesPath];
  const args = [...inputs, '-filter_complex', PAIRS, '-f', 'null', '-'];
  const frames = ssimOfFrames(await runProgram(context, 'ffmpeg', args, { cwd: '/' }));
  if (frames.length !== CLIP_FRAMES) throw new Error(`${frames.length} frames are compared, not ${CLIP_FRAMES}`);
  return frames.reduce((sum, ssim) => sum + ssim, 0) / frames.length;
}
