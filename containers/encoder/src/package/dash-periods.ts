import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import { type RunDescription, renditionNames } from '#encoder/media/media-run.ts';
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
  readonly firstMsn: number;
  readonly spans: readonly DashSpan[];
}

/** What a manifest lists of one period of media. */
export interface DashPeriod extends MediaPeriod {
  /** That makes its media. */
  readonly run: RunDescription;
  /** How far its newest media is ahead of its date. The clocks of publisher and server drift apart, and the server's may be set. */
  readonly aheadMs: number;
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
  const periods = new Map<string, MediaPeriod & Pick<DashPeriod, 'run' | 'aheadMs'>>();
  for (const timeline of stream.renditions.values()) {
    for (const segment of loadable(stream, timeline)) {
      const { period } = segment;
      const run = stream.run(segment.epoch);
      if (period === undefined || run === undefined) continue;
      const shownAtMs = period.presentationMs + (segment.mediaSeconds - period.mediaSeconds) * 1000;
      periods.set(periodKey(segment), { ...period, run, aheadMs: shownAtMs - segment.programDateTimeMs });
    }
  }
  const sorted = [...periods].sort(([, a], [, b]) => a.mediaSeconds - b.mediaSeconds);
  // Players choose from the renditions that a period has when they first see it. All of them begin at about the same moment.
  const isWhole = ([key, { run }]: readonly [string, Pick<DashPeriod, 'run'>]): boolean =>
    renditionsOf(stream, run).every(([, timeline]) => loadable(stream, timeline).some(isOfPeriod(key)));
  const shown = sorted.filter((entry, index) => index < sorted.length - 1 || isWhole(entry));
  return shown.map(([key, period], index) => ({
    ...period,
    isOver: stream.ended || index < shown.length - 1,
    representations: representationsOf(stream, period.run, key),
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

/** What a run makes. The other renditions only repeat one of these. */
function renditionsOf(stream: StreamPackage, run: RunDescription): (readonly [string, RenditionTimeline])[] {
  return renditionNames(run).flatMap((name) => {
    const timeline = stream.renditions.get(name);
    return timeline === undefined ? [] : [[name, timeline] as const];
  });
}

function representationsOf(stream: StreamPackage, run: RunDescription, key: string): DashRepresentation[] {
  return renditionsOf(stream, run).flatMap(([name, timeline]) => {
    const segments = loadable(stream, timeline).filter(isOfPeriod(key));
    const [first] = segments;
    const initSection = timeline.initSection(run.epoch);
    if (first === undefined || initSection === undefined) return [];
    const format = trackFormatOf(initSection);
    const spans = spansOf(stream, { run, name, timeline, format }, segments);
    return [{ name, format, firstMsn: first.msn, spans }];
  });
}

interface TimelineOfPeriod {
  readonly run: RunDescription;
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
function announced(stream: StreamPackage, { run, name, format }: TimelineOfPeriod, last: Segment): DashSpan[] {
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
