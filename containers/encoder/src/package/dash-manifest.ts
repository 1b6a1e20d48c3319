import { timeFilePath } from '#domain/hls-files.ts';
import { adaptationSet, type DashPhase, longestSegmentSeconds, sampleEntryOf } from './dash-adaptation-set.ts';
import { type DashPeriod, type DashRepresentation, dashPeriods, hasParts } from './dash-periods.ts';
import { duration, element, type XmlAttributes } from './dash-xml.ts';
import { seconds } from './media-playlist.ts';
import type { StreamPackage } from './stream-package.ts';

/** Players stay this many parts, or segments if there are no parts, behind the moment that is being captured. */
const DELAY_PARTS = 4;
const DELAY_SEGMENTS = 3;
/** How often players look for another period. */
const UPDATE_SECONDS = 1;
/** Presentation time begins as the date, so that no task has to know when a broadcast began. */
const AVAILABILITY_START = '1970-01-01T00:00:00Z';

/** How exact the clock is that players get. Whoever comes later need not get another one for less. */
const CLOCK_STEP_MS = 100;

export interface DashMoment {
  /** Milliseconds since 1970. */
  readonly publishedAtMs: number;
  readonly phase: DashPhase;
}

/**
 * The DASH manifest (ISO/IEC 23009-1 5.3) of the media that the playlists list, or null while nothing can be played. Players ask for
 * a segment while it is made, and get each part as soon as it is there.
 */
export function renderDashManifest(stream: StreamPackage, { publishedAtMs, phase }: DashMoment): string | null {
  const periods = stream.playableRun === null ? [] : dashPeriods(stream);
  if (periods.length === 0) return null;
  const { profile, targetDurationSeconds } = stream;
  const delaySeconds = hasParts(stream)
    ? DELAY_PARTS * stream.partTargetSeconds
    : DELAY_SEGMENTS * targetDurationSeconds;
  const dynamic: XmlAttributes = {
    type: 'dynamic',
    availabilityStartTime: AVAILABILITY_START,
    publishTime: new Date(publishedAtMs).toISOString(),
    minimumUpdatePeriod: duration(UPDATE_SECONDS),
    timeShiftBufferDepth: duration(profile.windowSeconds),
    suggestedPresentationDelay: duration(delaySeconds),
  };
  const attributes: XmlAttributes = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019',
    ...(phase === 'ended' ? { type: 'static' } : dynamic),
    mediaPresentationDuration: phase === 'live' ? null : duration(endOf(periods)),
    maxSegmentDuration: duration(longestSeconds(stream, periods)),
    minBufferTime: duration(hasParts(stream) ? stream.partTargetSeconds : targetDurationSeconds),
  };
  const content = periods.map((period) => periodElement(stream, period, phase));
  const clock = element('UTCTiming', { schemeIdUri: 'urn:mpeg:dash:utc:http-iso:2014', value: timePath(periods) });
  const body = phase === 'ended' ? content : [serviceDescription(delaySeconds), ...content, clock];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('MPD', attributes, body)}\n`;
}

/** Rounded up: no segment is longer (ISO/IEC 23009-1 5.3.1.2). */
function longestSeconds({ targetDurationSeconds }: StreamPackage, periods: readonly DashPeriod[]): number {
  return Number(seconds(Math.max(targetDurationSeconds, ...periods.map(longestSegmentSeconds))));
}

/** The end of the last period, on the presentation's timeline. */
function endOf(periods: readonly DashPeriod[]): number {
  const last = periods.at(-1);
  const ends = last?.representations.map(({ spans }) => spans.at(-1)?.toSeconds ?? 0) ?? [];
  return (last?.presentationMs ?? 0) / 1000 + Math.max(...ends) - (last?.mediaSeconds ?? 0);
}

/**
 * The clock that players go by is as far ahead of the origin's as the newest media is. So media is always as old as it seems, and
 * presentation time never has to be put right.
 */
function timePath(periods: readonly DashPeriod[]): string {
  return timeFilePath(Math.round((periods.at(-1)?.aheadMs ?? 0) / CLOCK_STEP_MS) * CLOCK_STEP_MS);
}

function serviceDescription(delaySeconds: number): string {
  const targetMs = Math.round(delaySeconds * 1000);
  return element('ServiceDescription', { id: 0 }, [
    element('Latency', { target: targetMs, min: Math.round(targetMs / 2), max: 3 * targetMs }),
    element('PlaybackRate', { min: 0.95, max: 1.05 }),
  ]);
}

function periodElement(stream: StreamPackage, period: DashPeriod, phase: DashPhase): string {
  const attributes = {
    id: `${period.run.epoch}-${Math.round(period.mediaSeconds * 1000)}`,
    start: duration(period.presentationMs / 1000),
  };
  const isPicture = ({ format }: DashRepresentation): boolean => format.size !== null;
  const sounds = period.representations.filter((representation) => !isPicture(representation));
  // Players switch within an adaptation set, so each codec has its own. The first one is H.264.
  const pictures = period.representations.filter(isPicture);
  const codecs = [...new Set(pictures.map(sampleEntryOf))];
  const picturesIn = (codec: string) => pictures.filter((representation) => sampleEntryOf(representation) === codec);
  const sets = [codecs[0] === undefined ? [] : picturesIn(codecs[0]), sounds, ...codecs.slice(1).map(picturesIn)];
  const filled = sets.flatMap((set, id) =>
    set.length === 0 ? [] : [adaptationSet(stream, period, phase, { id, set })],
  );
  return element('Period', attributes, filled);
}
