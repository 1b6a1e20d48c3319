import * as z from 'zod/mini';
import { MAX_TITLE_LENGTH } from '#domain/ingest-auth.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { VIDEO_RENDITION_NAMES } from '#domain/video-codecs.ts';
import { MAX_DATE_RANGES } from './date-ranges.ts';
import {
  captionsSchema,
  MAX_DATE_MS,
  MAX_SECONDS,
  mediaSecondsSchema,
  offeredRunSchema,
  renditionNameSchema,
  runDescriptionSchema,
  wholeNumberSchema,
} from './offered-renditions.ts';
import type { PackageSnapshot } from './package-snapshot.ts';

// A package that moves to another task is one stream of bytes: a preamble, a header in JSON, and the media. The preamble
// is the format's name and the header's size in bytes (32 bits, big-endian). In the header's snapshot, an index into
// `mediaBytes` is in place of each init section and each part. Media that several renditions share is there once.

/** Its last character changes with every change of the format. A task refuses what a task of another release sends. */
export const FORMAT_NAME = Buffer.from('HEADPKG4', 'latin1');
export const PREAMBLE_BYTES = FORMAT_NAME.length + 4;

/** A stream of seven renditions that restarts in every second has a header of about 300 KB. */
export const MAX_HEADER_BYTES = 4 * 1024 * 1024;
/** One of a few frames each in the longest window, which only a source that restarts all the time comes near. */
const MAX_SEGMENTS = 4096;
const MAX_PARTS_PER_SEGMENT = 256;
const MAX_MEDIA = 65_536;
const MAX_BITS_PER_SECOND = 1e12;
/** The longest duration that SCTE-35 can say: 40 bits of a 90 kHz clock. */
const MAX_PLANNED_SECONDS = 2 ** 40 / 90_000;

const between = (min: number, max: number) => z.number().check(z.minimum(min), z.maximum(max));
const seconds = between(0, MAX_SECONDS);
const totalSeconds = between(0, Number.MAX_SAFE_INTEGER);

const partSchema = z.strictObject({ durationSeconds: seconds, isIndependent: z.boolean(), data: wholeNumberSchema });

const segmentSchema = z.strictObject({
  mapEpoch: z.exactOptional(wholeNumberSchema),
  msn: wholeNumberSchema,
  epoch: wholeNumberSchema,
  discontinuityNumber: wholeNumberSchema,
  programDateTimeMs: between(0, MAX_DATE_MS),
  mediaSeconds: mediaSecondsSchema,
  period: z.exactOptional(
    z.strictObject({ mediaSeconds: mediaSecondsSchema, presentationMs: between(0, MAX_DATE_MS) }),
  ),
  durationSeconds: seconds,
  isComplete: z.literal(true),
  isGap: z.boolean(),
  parts: z.array(partSchema).check(z.maxLength(MAX_PARTS_PER_SEGMENT)),
});

const bitratesSchema = z.strictObject({
  peakBitsPerSecond: between(0, MAX_BITS_PER_SECOND),
  totalBytes: wholeNumberSchema,
  totalSeconds,
  recent: z.array(z.strictObject({ bytes: wholeNumberSchema, seconds })).check(z.maxLength(MAX_SEGMENTS)),
});

const timelineSchema = z.strictObject({
  name: renditionNameSchema,
  segments: z.array(segmentSchema).check(z.maxLength(MAX_SEGMENTS)),
  listedFrom: wholeNumberSchema,
  initSections: z
    .array(z.strictObject({ epoch: wholeNumberSchema, data: wholeNumberSchema }))
    .check(z.maxLength(MAX_SEGMENTS)),
  bitrates: bitratesSchema,
});

/** A section has 512 bytes at most. */
const sectionSchema = z.string().check(z.regex(/^([0-9A-F]{2}){1,512}$/));
const plannedSeconds = between(0, MAX_PLANNED_SECONDS);

const dateRangeSchema = z.strictObject({
  startMs: between(0, MAX_DATE_MS),
  kind: z.enum(['out', 'command']),
  eventId: z.nullable(wholeNumberSchema),
  plannedSeconds: z.nullable(plannedSeconds),
  section: sectionSchema,
  end: z.nullable(z.strictObject({ durationSeconds: between(0, MAX_DATE_MS), section: sectionSchema })),
});

const snapshotSchema = z.strictObject({
  latency: z.enum(LATENCY_NAMES),
  firstMsn: wholeNumberSchema,
  firstMediaSeconds: mediaSecondsSchema,
  isEnded: z.boolean(),
  discontinuityNumber: z.nullable(wholeNumberSchema),
  partTargetSeconds: z.nullable(seconds),
  newest: z.nullable(z.strictObject({ run: runDescriptionSchema, hasParts: z.boolean() })),
  runs: z.array(runDescriptionSchema).check(z.maxLength(MAX_SEGMENTS)),
  offered: z.nullable(offeredRunSchema),
  captions: captionsSchema,
  title: z.nullable(z.string().check(z.maxLength(MAX_TITLE_LENGTH))),
  dateRanges: z.array(dateRangeSchema).check(z.maxLength(MAX_DATE_RANGES)),
  timelines: z.array(timelineSchema).check(z.maxLength(VIDEO_RENDITION_NAMES.length + 1)),
});

/** The header of a package that moves to another task. */
export interface PackageHeader {
  readonly snapshot: PackageSnapshot<number>;
  /** Size of each init section and part, in the order in which they follow the header. */
  readonly mediaBytes: readonly number[];
}

/** Validates the shape of a header. What its parts have to do with each other is for `checkPackage`. */
export const packageHeaderSchema: z.ZodMiniType<PackageHeader> = z.strictObject({
  snapshot: snapshotSchema,
  mediaBytes: z.array(wholeNumberSchema).check(z.maxLength(MAX_MEDIA)),
});
