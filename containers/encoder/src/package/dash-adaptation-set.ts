import { initFileName } from '#domain/hls-files.ts';
import { BASE_CODEC } from '#domain/video-codecs.ts';
import { framesPerSecond, type RunDescription, videoCodec } from '#encoder/media/media-run.ts';
import { type DashPeriod, type DashRepresentation, type DashSpan, hasParts } from './dash-periods.ts';
import { element, type XmlAttributes } from './dash-xml.ts';
import { ID3_SCHEME, ID3_VALUE } from './event-message.ts';
import type { TrackFormat } from './init-section.ts';
import { seconds } from './media-playlist.ts';
import { peakBitsPerSecond } from './multivariant-playlist.ts';
import type { StreamPackage } from './stream-package.ts';

/** Of all tracks that are no sound, so that ticks are whole for the usual frame rates. */
const PICTURE_TIMESCALE = 90_000;

/**
 * What a manifest tells of the end. Shaka Player 5.2.12 takes the times of a `static` manifest for others if it follows one without a
 * duration. So the duration comes first, and players that have seen it see that the manifest will not change.
 */
export type DashPhase = 'live' | 'ending' | 'ended';

/** The four characters before the first dot of a codec's name (RFC 6381 3.3). */
export const sampleEntryOf = ({ format }: DashRepresentation): string => format.codec.split('.')[0] ?? format.codec;

/** What the publisher says is in the renditions that lead. Players ignore event messages that are not declared (5.10.3.3.1). */
const EVENTS = element('InbandEventStream', { schemeIdUri: ID3_SCHEME, value: ID3_VALUE });

/** The encoders of other codecs drop captions. */
function hasCaptions({ video }: RunDescription, [first]: readonly DashRepresentation[]): boolean {
  return video.some((rendition) => rendition.name === first?.name && videoCodec(rendition) === BASE_CODEC);
}

/** The channels of closed captions that have been seen (SCTE 214-1). Nobody knows their language. */
function captionElements({ captions }: StreamPackage): string[] {
  const fields = captions.filter((channel) => channel.startsWith('CC'));
  const services = captions.filter((channel) => !channel.startsWith('CC'));
  const declared = [
    ['urn:scte:dash:cc:cea-608:2015', fields.map((channel) => `${channel}=und`).join(';')],
    ['urn:scte:dash:cc:cea-708:2015', services.map((service) => `${service.slice(-1)}=lang:und`).join(';')],
  ] as const;
  return declared.flatMap(([schemeIdUri, value]) =>
    value === '' ? [] : [element('Accessibility', { schemeIdUri, value })],
  );
}

export function adaptationSet(
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
  const hasEvents = contentType === 'video' || period.run.video.length === 0;
  return element('AdaptationSet', attributes, [
    ...(hasEvents ? [EVENTS] : []),
    ...(hasCaptions(period.run, set) ? captionElements(stream) : []),
    ...set.map((representation) => representationElement(stream, period, phase, representation)),
  ]);
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
  const timescale = timescaleOf(format);
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
  const entries = timelineEntries(spans, timescale).map(({ t, d, r }) => element('S', { t, d, r: r === 0 ? null : r }));
  return element('SegmentTemplate', attributes, [element('SegmentTimeline', {}, entries)]);
}

const timescaleOf = ({ size, timescale }: TrackFormat): number => (size === null ? timescale : PICTURE_TIMESCALE);

/** How long the longest segment of a period is, as the manifest says it. */
export function longestSegmentSeconds({ representations }: DashPeriod): number {
  const lengths = representations.flatMap(({ format, spans }) =>
    timelineEntries(spans, timescaleOf(format)).map(({ d }) => d / timescaleOf(format)),
  );
  return Math.max(0, ...lengths);
}

/** A segment can be asked for when its first part is there. */
function lowLatency({ targetDurationSeconds, partTargetSeconds }: StreamPackage): XmlAttributes {
  return {
    availabilityTimeOffset: Number(seconds(targetDurationSeconds - partTargetSeconds)),
    availabilityTimeComplete: 'false',
  };
}

/** The attributes of an S element (ISO/IEC 23009-1 5.3.9.6). */
interface TimelineEntry {
  readonly t: number;
  readonly d: number;
  r: number;
}

/** Each begins where the one before ends, in whole ticks, so that rounding adds nothing up. */
function timelineEntries(spans: readonly DashSpan[], timescale: number): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  let endTicks = Number.NaN;
  for (const { fromSeconds, toSeconds } of spans) {
    const t = Math.round(fromSeconds * timescale);
    const d = Math.round(toSeconds * timescale) - t;
    const last = entries.at(-1);
    if (last?.d === d && t === endTicks) last.r++;
    else entries.push({ t, d, r: 0 });
    endTicks = t + d;
  }
  return entries;
}
