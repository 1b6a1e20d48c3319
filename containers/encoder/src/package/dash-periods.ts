import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { cutGrid } from './cut-grid.ts';
import { type TrackFormat, trackFormatOf } from './init-section.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import { endSeconds, type MediaPeriod, type Segment } from './segment.ts';
import type { StreamPackage } from './stream-package.ts';

/** Media from one moment to another, in media time. */
export interface DashSpan {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** A rendition in a period. Its segments' numbers are consecutive. */
export interface DashRepresentation {
  readonly name: string;
  readonly format: TrackFormat;
  readonly epoch: number;
  readonly firstMsn: number;
  readonly spans: readonly DashSpan[];
}

/** What a manifest lists of one period of media. */
export interface DashPeriod extends MediaPeriod {
  readonly epoch: number;
  /** Whether another one follows, or the stream has ended. */
  readonly isOver: boolean;
  readonly representations: readonly DashRepresentation[];
}

/** Rounding errors do not decide which of two frames is nearer. */
const TIE_FRAMES = 1e-4;
/** How much media beyond its newest part a manifest announces. A manifest may be a second old, and players look once a second. */
const ANNOUNCED_SECONDS = 2.5;

/** The periods that players can load, oldest first. */
export function dashPeriods(stream: StreamPackage): DashPeriod[] {
  const periods = new Map<string, MediaPeriod & { epoch: number }>();
  for (const timeline of stream.renditions.values()) {
    for (const segment of loadable(stream, timeline)) {
      if (segment.period !== undefined) periods.set(periodKey(segment), { ...segment.period, epoch: segment.epoch });
    }
  }
  const sorted = [...periods].sort(([, a], [, b]) => a.mediaSeconds - b.mediaSeconds);
  // Players choose from the renditions that a period has when they first see it. All of them begin at about the same moment.
  const isWhole = ([key]: readonly [string, unknown]): boolean =>
    [...stream.renditions.values()].every((timeline) => loadable(stream, timeline).some(isOfPeriod(key)));
  const shown = sorted.filter((entry, index) => index < sorted.length - 1 || isWhole(entry));
  return shown.map(([key, period], index) => ({
    ...period,
    isOver: stream.ended || index < shown.length - 1,
    representations: representationsOf(stream, key),
  }));
}

/** Segments that a client can ask for. Without parts, only those that are complete. */
function loadable(stream: StreamPackage, timeline: RenditionTimeline): Segment[] {
  const isLoadable = ({ parts, isComplete }: Segment): boolean => parts.length > 0 && (isComplete || hasParts(stream));
  return timeline.listed().filter(isLoadable);
}

export function hasParts({ profile }: StreamPackage): boolean {
  return profile.partSeconds !== null;
}

const periodKey = ({ epoch, period }: Segment): string => `${epoch} ${period?.mediaSeconds}`;

function isOfPeriod(key: string): (segment: Segment) => boolean {
  return (segment) => periodKey(segment) === key;
}

/** Without the renditions that only repeat a better one, because the run does not make them. */
function representationsOf(stream: StreamPackage, key: string): DashRepresentation[] {
  const seen = new Set<Buffer>();
  const representations: DashRepresentation[] = [];
  for (const [name, timeline] of stream.renditions) {
    const segments = loadable(stream, timeline).filter(isOfPeriod(key));
    const [first] = segments;
    const initSection = first && timeline.initSection(first.epoch);
    const media = first?.parts[0]?.data;
    if (first === undefined || initSection === undefined || media === undefined || seen.has(media)) continue;
    seen.add(media);
    const format = trackFormatOf(initSection);
    const spans = spansOf(stream, { name, timeline, format }, segments);
    representations.push({ name, format, epoch: first.epoch, firstMsn: first.msn, spans });
  }
  return representations;
}

interface TimelineOfPeriod {
  readonly name: string;
  readonly timeline: RenditionTimeline;
  readonly format: TrackFormat;
}

function spansOf(stream: StreamPackage, of: TimelineOfPeriod, segments: readonly Segment[]): DashSpan[] {
  const spans = segments.flatMap((segment) =>
    segment.isComplete ? [{ fromSeconds: segment.mediaSeconds, toSeconds: endSeconds(segment) }] : [],
  );
  const next = of.timeline.nextPart();
  const last = segments.at(-1);
  if (next === undefined || next.epoch !== last?.epoch || last !== of.timeline.newest()) {
    return last === undefined || last.isComplete
      ? spans
      : [...spans, { fromSeconds: last.mediaSeconds, toSeconds: endSeconds(last) }];
  }
  if (isGoingOn(stream, of.timeline)) return [...spans, ...announced(stream, of, last)];
  // What is listed must not change: Shaka Player 5.2.12 lists a segment that gets longer twice.
  return spans.length > 0 ? spans : announced(stream, of, last).slice(0, 1);
}

function isGoingOn(stream: StreamPackage, timeline: RenditionTimeline): boolean {
  return hasParts(stream) && !timeline.isInterrupted(stream.silenceMs);
}

/** The segment that is being made, and those that will follow if nothing happens. */
function announced(stream: StreamPackage, { name, format }: TimelineOfPeriod, last: Segment): DashSpan[] {
  const run = stream.playableRun;
  if (run === null) return [];
  const { segmentSeconds } = cutGrid(stream.profile, run, { partTargetSeconds: stream.partTargetSeconds });
  const untilSeconds = endSeconds(last) + ANNOUNCED_SECONDS;
  const isFollower = name === AUDIO_RENDITION && run.video.length > 0;
  const spans: DashSpan[] = [];
  let fromSeconds = last.isComplete ? endSeconds(last) : last.mediaSeconds;
  let cutSeconds = isFollower ? leaderSeconds(stream, last) : fromSeconds;
  while (fromSeconds < untilSeconds) {
    cutSeconds += segmentSeconds;
    const toSeconds = isFollower ? nearestFrame(fromSeconds, cutSeconds, format.timescale) : cutSeconds;
    spans.push({ fromSeconds, toSeconds });
    fromSeconds = toSeconds;
  }
  return spans;
}

/** Where the picture is cut that sound follows, before the next segment. */
function leaderSeconds(stream: StreamPackage, { msn, isComplete, mediaSeconds }: Segment): number {
  for (const [name, timeline] of stream.renditions) {
    const segment = name === AUDIO_RENDITION ? undefined : timeline.held().find((held) => held.msn === msn);
    if (segment !== undefined) return isComplete ? endSeconds(segment) : segment.mediaSeconds;
  }
  return mediaSeconds;
}

/** Where sound ends that is cut near `cutSeconds`. If that is half-way between two frames, it is the earlier one. */
function nearestFrame(fromSeconds: number, cutSeconds: number, sampleRateHz: number): number {
  const frameSeconds = AAC_FRAME_SAMPLES / sampleRateHz;
  const frames = Math.ceil((cutSeconds - fromSeconds) / frameSeconds - 0.5 - TIE_FRAMES);
  return fromSeconds + Math.max(1, frames) * frameSeconds;
}
