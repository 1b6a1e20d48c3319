import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { type RunFormat, renditionFrameRate, renditionNames } from '#encoder/media/media-run.ts';
import { type Box, BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment, type Sample } from '#encoder/package/fragment.ts';
import { type InitSection, parseInitSection } from '#encoder/package/init-section.ts';
import type { OutputPlan } from '#encoder/transcode/rendition-plan.ts';
import { gopFrames } from './slate-arguments.ts';

/** One rendition of a slate: what is repeated. */
export interface SlateRendition {
  readonly name: string;
  /** The ftyp and moov boxes with which a run's output begins. */
  readonly header: Buffer;
  readonly trackId: number;
  readonly timescale: number;
  /** In ticks. The same for all frames. */
  readonly frameTicks: number;
  /** The frames that are repeated: a GOP, or a frame of silence. */
  readonly frames: readonly Sample[];
}

/** A picture and silence, coded as a run of this plan codes them. */
export interface EncodedSlate {
  readonly plan: OutputPlan;
  readonly renditions: readonly SlateRendition[];
}

/** The frame of silence that is repeated: one that is like those before and after it. */
const STEADY_AUDIO_FRAME = 4;

/** Reads what FFmpeg has written for a plan with `slateArguments`, by rendition. Throws if anything is missing. */
export function readSlate(plan: OutputPlan, outputs: ReadonlyMap<string, Buffer>): EncodedSlate {
  const renditions = renditionNames(plan).map((name) => {
    const output = readOutput(outputs.get(name) ?? Buffer.alloc(0));
    return name === AUDIO_RENDITION ? silence(plan, output) : stillPicture(plan, name, output);
  });
  return { plan, renditions };
}

interface Output {
  readonly header: Buffer;
  readonly init: InitSection;
  readonly samples: readonly Sample[];
}

function readOutput(bytes: Buffer): Output {
  const boxes = new BoxStream().push(bytes);
  const ftyp = boxes.find(({ type }) => type === 'ftyp');
  const moov = boxes.find(({ type }) => type === 'moov');
  if (ftyp === undefined || moov === undefined) throw new Error('FFmpeg has written no header');
  const init = parseInitSection(ftyp, moov);
  const samples: Sample[] = [];
  let moof: Box | null = null;
  for (const box of boxes) {
    if (box.type === 'moof') moof = box;
    else if (box.type === 'mdat' && moof !== null) samples.push(...parseFragment(moof, box, init.defaults));
  }
  return { header: Buffer.concat([ftyp.data, moov.data]), init, samples };
}

function stillPicture(plan: OutputPlan, name: string, { header, init, samples }: Output): SlateRendition {
  const rendition = plan.video.find((video) => video.name === name);
  if (rendition === undefined || plan.frameRate === null) throw new Error(`the plan has no video ${name}`);
  const { numerator, denominator } = renditionFrameRate(plan.frameRate, rendition);
  const { trackId, timescale } = init;
  const frameTicks = (timescale * denominator) / numerator;
  const isWhole =
    samples.length === gopFrames(plan, rendition) && samples.every(({ isSync }, index) => isSync === (index === 0));
  if (!isWhole || !Number.isInteger(frameTicks)) throw new Error(`FFmpeg has not written one GOP of ${name}`);
  return {
    name,
    header,
    trackId,
    timescale,
    frameTicks,
    frames: samples.map((sample) => ofLength(sample, frameTicks)),
  };
}

function silence({ audio }: Pick<RunFormat, 'audio'>, { header, init, samples }: Output): SlateRendition {
  const { trackId, timescale } = init;
  const frame = samples[STEADY_AUDIO_FRAME];
  if (frame === undefined || timescale !== audio?.sampleRateHz) throw new Error('FFmpeg has not written silence');
  const frameTicks = AAC_FRAME_SAMPLES;
  return { name: AUDIO_RENDITION, header, trackId, timescale, frameTicks, frames: [ofLength(frame, frameTicks)] };
}

/** A copy in memory of its own, so that it keeps nothing else alive. */
function ofLength({ isSync, compositionOffsetTicks, data }: Sample, durationTicks: number): Sample {
  return { decodeTicks: 0, durationTicks, compositionOffsetTicks, isSync, data: Buffer.from(data) };
}
