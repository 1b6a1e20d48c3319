import { initFileName } from '#domain/hls-files.ts';
import { framesPerSecond, type RunDescription } from '#encoder/media/media-run.ts';
import { type DashPeriod, type DashRepresentation, type DashSpan, dashPeriods, hasParts } from './dash-periods.ts';
import { seconds } from './media-playlist.ts';
import { peakBitsPerSecond } from './multivariant-playlist.ts';
import type { StreamPackage } from './stream-package.ts';

/** Of all tracks that are no sound, so that ticks are whole for the usual frame rates. */
const PICTURE_TIMESCALE = 90_000;
/** Players stay this many parts, or segments if there are no parts, behind the moment that is being captured. */
const DELAY_PARTS = 4;
const DELAY_SEGMENTS = 3;
/** How often players look for another period. */
const UPDATE_SECONDS = 1;
/** Presentation time is the date, so that no task has to know when a broadcast began. */
const AVAILABILITY_START = '1970-01-01T00:00:00Z';

type XmlAttributes = Readonly<Record<string, string | number | null>>;

/** An element of XML with its children, each on its own line. An attribute that is null is left out. */
function element(name: string, attributes: XmlAttributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).flatMap(([key, value]) =>
    value === null ? [] : [` ${key}="${escaped(String(value))}"`],
  );
  const start = `<${name}${written.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>\n${children.join('\n')}\n</${name}>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const duration = (value: number): string => `PT${Number(value.toFixed(5))}S`;

/**
 * What a manifest tells of the end. Shaka Player 5.2.12 takes the times of a `static` manifest for others if it follows one without a
 * duration. So the duration comes first, and players that have seen it see that the manifest will not change.
 */
export type DashPhase = 'live' | 'ending' | 'ended';

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
    maxSegmentDuration: duration(targetDurationSeconds),
    minBufferTime: duration(hasParts(stream) ? stream.partTargetSeconds : targetDurationSeconds),
  };
  const content = periods.map((period) => periodElement(stream, period, phase));
  const clock = element('UTCTiming', { schemeIdUri: 'urn:mpeg:dash:utc:http-iso:2014', value: 'time.txt' });
  const body = phase === 'ended' ? content : [serviceDescription(delaySeconds), ...content, clock];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('MPD', attributes, body)}\n`;
}

/** The end of the last period, on the presentation's timeline. */
function endOf(periods: readonly DashPeriod[]): number {
  const last = periods.at(-1);
  const ends = last?.representations.map(({ spans }) => spans.at(-1)?.toSeconds ?? 0) ?? [];
  return (last?.presentationMs ?? 0) / 1000 + Math.max(...ends) - (last?.mediaSeconds ?? 0);
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

/** The four characters before the first dot of a codec's name (RFC 6381 3.3). */
const sampleEntryOf = ({ format }: DashRepresentation): string => format.codec.split('.')[0] ?? format.codec;

function adaptationSet(
  stream: StreamPackage,
  period: DashPeriod,
  phase: DashPhase,
  { id, set }: { readonly id: number; readonly set: readonly DashRepresentation[] },
): string {
  const contentType = set[0]?.format.size === null ? 'audio' : 'video';
  const attributes = {
    ...{ id, contentType, mimeType: `${contentType}/mp4` },
    ...{ segmentAlignment: 'true', startWithSAP: 1, lang: contentType === 'audio' ? languageOf(period.run) : null },
  };
  return element(
    'AdaptationSet',
    attributes,
    set.map((representation) => representationElement(stream, period, phase, representation)),
  );
}

/** Of the sound. `und` if nobody knows it (ISO 639-2). */
const languageOf = ({ audio }: RunDescription): string => audio?.language ?? 'und';

function representationElement(
  stream: StreamPackage,
  period: DashPeriod,
  phase: DashPhase,
  representation: DashRepresentation,
): string {
  const { name, format } = representation;
  const common = { id: name, bandwidth: peakBitsPerSecond(stream, period.run, name), codecs: format.codec };
  const template = segmentTemplate(stream, period, phase, representation);
  if (format.size === null) {
    const channels = { schemeIdUri: 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011', value: format.channels };
    return element('Representation', { ...common, audioSamplingRate: format.timescale }, [
      element('AudioChannelConfiguration', channels),
      template,
    ]);
  }
  return element('Representation', { ...common, ...format.size, frameRate: frameRateOf(period.run) }, [template]);
}

/** That of all frames, as FRAME-RATE is, also while the rendition has half of them. */
function frameRateOf({ frameRate: rate }: RunDescription): string | null {
  if (rate === null) return null;
  return Number.isInteger(framesPerSecond(rate)) ? `${framesPerSecond(rate)}` : `${rate.numerator}/${rate.denominator}`;
}

function segmentTemplate(
  stream: StreamPackage,
  period: DashPeriod,
  phase: DashPhase,
  { name, format, firstMsn, spans }: DashRepresentation,
): string {
  const timescale = format.size === null ? format.timescale : PICTURE_TIMESCALE;
  const attributes = {
    timescale,
    presentationTimeOffset: Math.round(period.mediaSeconds * timescale),
    initialization: `${name}/${initFileName(period.run.epoch)}`,
    media: `${name}/${period.run.epoch}-$Number$.m4s`,
    startNumber: firstMsn,
    // dash.js 5.2.1 may have asked for what was announced and never made. Without this number it waits for more of the period.
    endNumber: period.isOver ? firstMsn + spans.length - 1 : null,
    ...(hasParts(stream) && phase !== 'ended' ? lowLatency(stream) : {}),
  };
  return element('SegmentTemplate', attributes, [element('SegmentTimeline', {}, timelineEntries(spans, timescale))]);
}

/** A segment can be asked for when its first part is there. */
function lowLatency({ targetDurationSeconds, partTargetSeconds }: StreamPackage): XmlAttributes {
  return {
    availabilityTimeOffset: Number(seconds(targetDurationSeconds - partTargetSeconds)),
    availabilityTimeComplete: 'false',
  };
}

/** Each begins where the one before ends, in whole ticks, so that rounding adds nothing up. */
function timelineEntries(spans: readonly DashSpan[], timescale: number): string[] {
  const entries: { t: number; d: number; r: number }[] = [];
  let endTicks = Number.NaN;
  for (const { fromSeconds, toSeconds } of spans) {
    const t = Math.round(fromSeconds * timescale);
    const d = Math.round(toSeconds * timescale) - t;
    const last = entries.at(-1);
    if (last?.d === d && t === endTicks) last.r++;
    else entries.push({ t, d, r: 0 });
    endTicks = t + d;
  }
  return entries.map(({ t, d, r }) => element('S', { t, d, r: r === 0 ? null : r }));
}
