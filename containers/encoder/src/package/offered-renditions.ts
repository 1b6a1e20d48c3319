import * as z from 'zod/mini';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { EXTRA_CODECS, VIDEO_RENDITION_NAMES } from '#domain/video-codecs.ts';
import { CAPTION_CHANNELS, type CaptionChannel } from '#encoder/media/closed-captions.ts';
import { toLanguageTag } from '#encoder/media/language-tag.ts';
import { frameStep, type RunDescription, renditionNames } from '#encoder/media/media-run.ts';
import { seconds } from './media-playlist.ts';
import type { OfferedRun } from './package-snapshot.ts';
import type { Segment, SegmentStart } from './segment.ts';
import type { StreamPackage } from './stream-package.ts';

/** What the playlist says about a rendition's newest complete segment. */
export interface LastSegment extends SegmentStart {
  readonly durationSeconds: number;
}

/**
 * What players of a stream know of it: enough to end it for them if its media is lost. At most 2 KB of JSON. It changes
 * with every segment.
 */
export interface Offered extends OfferedRun {
  /**
   * By rendition. Includes the renditions that only earlier runs made, because players may have kept one. Lacks those
   * that have no complete segment so far.
   */
  readonly lastSegments: Readonly<Record<string, LastSegment>>;
  /** PART-TARGET. Missing in what tasks of an earlier release wrote. */
  readonly partTargetSeconds?: number;
  /** Missing if there are none. */
  readonly captions?: readonly CaptionChannel[];
}

/** The largest whole number of our file names, which have at most 15 digits. */
const MAX_NUMBER = 1e15 - 1;
/** Far above 8K, and so is every other limit above what FFmpeg makes. They only keep nonsense out of playlists. */
const MAX_PIXELS = 16_384;
const MAX_KBPS = 1_000_000;
const MAX_TICKS = 1_000_000;
const MAX_FRAME_STEP = 8;
export const MAX_SECONDS = 3600;
/** A hundred years. */
const MAX_MEDIA_SECONDS = 3.2e9;
/** The last date that JavaScript can print. */
export const MAX_DATE_MS = 8.64e15;

/** An epoch, a media sequence number, or another count. */
export const wholeNumberSchema = z.int().check(z.minimum(0), z.maximum(MAX_NUMBER));
/** A position on a stream's media timeline. */
export const mediaSecondsSchema = z.number().check(z.minimum(0), z.maximum(MAX_MEDIA_SECONDS));
export const renditionNameSchema = z.enum([...VIDEO_RENDITION_NAMES, AUDIO_RENDITION]);
export const captionsSchema = z.array(z.enum(CAPTION_CHANNELS)).check(z.maxLength(CAPTION_CHANNELS.length));
const positive = (max: number) => z.int().check(z.minimum(1), z.maximum(max));

/** It is quoted in playlists, so it contains nothing that could end the quotation. */
const languageSchema = z.string().check(z.refine((tag) => toLanguageTag(tag) === tag, 'no language tag'));

/** Without a clock, which is of use only on the task that makes the run. */
export const runDescriptionSchema = z
  .strictObject({
    epoch: wholeNumberSchema,
    video: z
      .array(
        z.strictObject({
          name: z.enum(VIDEO_RENDITION_NAMES),
          codec: z.exactOptional(z.enum(EXTRA_CODECS)),
          width: positive(MAX_PIXELS),
          height: positive(MAX_PIXELS),
          videoKbps: positive(MAX_KBPS),
          frameStep: z.exactOptional(positive(MAX_FRAME_STEP)),
        }),
      )
      .check(z.maxLength(VIDEO_RENDITION_NAMES.length)),
    frameRate: z.nullable(z.strictObject({ numerator: positive(MAX_TICKS), denominator: positive(MAX_TICKS) })),
    keyframeFrames: z.nullable(positive(MAX_TICKS)),
    audio: z.nullable(
      z.strictObject({
        sampleRateHz: positive(MAX_TICKS),
        channels: z.union([z.literal(1), z.literal(2)]),
        audioKbps: positive(MAX_KBPS),
        language: z.exactOptional(languageSchema),
      }),
    ),
  })
  .check(
    z.refine(isConsistent, 'a run has video with a frame rate, or audio, and each rendition once'),
    z.refine(hasWholeGops, 'a frame step divides the GOP'),
  );

function isConsistent(run: RunDescription): boolean {
  const hasVideo = run.video.length > 0;
  const names = renditionNames(run);
  return (
    names.length > 0 &&
    new Set(names).size === names.length &&
    (run.frameRate !== null) === hasVideo &&
    (run.keyframeFrames !== null) === hasVideo
  );
}

function hasWholeGops({ video, keyframeFrames }: RunDescription): boolean {
  return video.every((rendition) => (keyframeFrames ?? 0) % frameStep(rendition) === 0);
}

const offeredRunFields = {
  run: runDescriptionSchema,
  /** They are quoted in playlists, so they contain nothing that could end the quotation. */
  codecs: z.record(z.string(), z.string().check(z.regex(/^[a-zA-Z0-9.]{1,32}$/))),
};
const hasAllCodecs = ({ run, codecs }: OfferedRun): boolean =>
  Object.keys(codecs).sort().join() === renditionNames(run).sort().join();
const CODECS_MESSAGE = 'each rendition of the run has a codec, and nothing else has';

export const offeredRunSchema = z.strictObject(offeredRunFields).check(z.refine(hasAllCodecs, CODECS_MESSAGE));

const lastSegmentSchema = z.strictObject({
  msn: wholeNumberSchema,
  epoch: wholeNumberSchema,
  mapEpoch: z.exactOptional(wholeNumberSchema),
  discontinuityNumber: wholeNumberSchema,
  programDateTimeMs: z.number().check(z.minimum(0), z.maximum(MAX_DATE_MS)),
  mediaSeconds: mediaSecondsSchema,
  durationSeconds: z.number().check(z.minimum(0), z.maximum(MAX_SECONDS)),
});

/** Validates an `Offered` that comes from outside the process. */
export const offeredSchema: z.ZodMiniType<Offered> = z
  .strictObject({
    ...offeredRunFields,
    lastSegments: z.record(z.string(), lastSegmentSchema),
    partTargetSeconds: z.exactOptional(z.number().check(z.minimum(0), z.maximum(MAX_SECONDS))),
    captions: z.exactOptional(captionsSchema),
  })
  .check(
    z.refine(hasAllCodecs, CODECS_MESSAGE),
    z.refine(({ lastSegments }) => Object.keys(lastSegments).every(isRendition), 'there is no such rendition'),
  );

function isRendition(name: string): boolean {
  return renditionNameSchema.safeParse(name).success;
}

/** What players know of a stream; null while nothing can be played. */
export function offeredRenditions(stream: StreamPackage): Offered | null {
  const { offered, captions, partTargetSeconds } = stream;
  if (offered === null) return null;
  const lastSegments: Record<string, LastSegment> = {};
  for (const [name, timeline] of stream.renditions) {
    const newest = timeline.newestComplete();
    if (newest !== undefined) lastSegments[name] = toLastSegment(newest, timeline.mapEpoch(newest));
  }
  return { ...offered, lastSegments, partTargetSeconds, ...(captions.length > 0 && { captions }) };
}

/** With no more digits than a playlist has. */
function toLastSegment(segment: Segment, mapEpoch: number | undefined): LastSegment {
  const { msn, epoch, discontinuityNumber, programDateTimeMs, mediaSeconds, durationSeconds } = segment;
  return {
    ...{ msn, epoch, discontinuityNumber },
    ...(mapEpoch !== undefined && mapEpoch !== epoch && { mapEpoch }),
    programDateTimeMs: Math.round(programDateTimeMs),
    mediaSeconds: Number(seconds(mediaSeconds)),
    durationSeconds: Number(seconds(durationSeconds)),
  };
}
