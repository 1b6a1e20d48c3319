import type { Variant } from '../playlist/multivariant-playlist.ts';
import type { Attributes } from '../playlist/playlist-lines.ts';
import type { RenditionLag } from '../reported-lags.ts';
import { type HlsRule, when } from '../rule.ts';
import { comparableCodecs } from './codec-names.ts';
import type { JudgedSegment, ObservedRendition } from './observed-rendition.ts';
import { segmentPairs } from './segment-pairs.ts';

/** All renditions of one presentation side by side. */
export interface ObservedPresentation {
  readonly variants: readonly Variant[];
  readonly media: readonly Attributes[];
  /** The attributes of each EXT-X-I-FRAME-STREAM-INF. */
  readonly iFrameVariants: readonly Attributes[];
  readonly renditions: readonly ObservedRendition[];
  /** Of those that always are behind another one. */
  readonly lags: readonly RenditionLag[];
  /** Finds the rendition of a URI of the multivariant playlist. */
  readonly renditionOf: (uri: string) => ObservedRendition | undefined;
}

const MILLISECOND_SECONDS = 1e-3;
export const DATE_TOLERANCE_MS = 2;
/** Half and one and a half target durations (RFC 8216bis 4.4.6.2). */
const PEAK_SPAN = { least: 0.5, most: 1.5 } as const;
/** Apple's authoring specification allows ten percent. */
const AVERAGE_TOLERANCE = 1.1;
/** Fewer may all be of a moment in which an encoder was slow. */
const MIN_LAG_ANSWERS = 10;
/** Less is the average of a few keyframes. */
const AVERAGE_LEAST_SECONDS = 20;

/** What holds between renditions, and between the multivariant playlist and the media (RFC 8216bis 4.4.6, 6.2.4). */
export const PRESENTATION_RULES: readonly HlsRule<ObservedPresentation>[] = [
  {
    id: 'same-target-duration',
    section: '6.2.4; Apple HLS authoring specification, 6.11 and 8.2',
    check: ({ renditions }) => {
      const targets = renditions.map(({ path, targetDurationSeconds }) => `${path}: ${targetDurationSeconds}`);
      const values = new Set(targets.map((target) => target.split(': ')[1]));
      return when(values.size > 1, () => `EXT-X-TARGETDURATION of ${targets.join(', ')}`);
    },
  },
  {
    id: 'discontinuities-aligned',
    section: '6.2.4',
    check: (presentation) =>
      segmentPairs(presentation.renditions)
        .filter(
          ([, a, , b]) =>
            a.discontinuityNumber !== null &&
            b.discontinuityNumber !== null &&
            a.discontinuityNumber !== b.discontinuityNumber,
        )
        .map(
          ([first, a, other, b]) =>
            `segment ${a.msn} is of discontinuity ${a.discontinuityNumber} in ${first.path}, of ${b.discontinuityNumber} in ${other.path}`,
        ),
  },
  {
    id: 'decode-times-aligned',
    section: '6.2.4',
    check: (presentation) =>
      segmentPairs(presentation.renditions).flatMap(([first, a, other, b]) => {
        if (a.startSeconds === null || b.startSeconds === null) return [];
        const off = Math.abs(a.startSeconds - b.startSeconds);
        return when(
          off > tolerance(first, a, other, b),
          () =>
            `segment ${a.msn} begins at ${a.startSeconds?.toFixed(5)} s in ${first.path}, at ${b.startSeconds?.toFixed(5)} s in ${other.path}`,
        );
      }),
  },
  {
    id: 'dates-aligned',
    section: '6.2.4',
    check: (presentation) =>
      segmentPairs(presentation.renditions).flatMap(([first, a, other, b]) => {
        if (a.programDateTimeMs === null || b.programDateTimeMs === null) return [];
        const off = Math.abs(a.programDateTimeMs - b.programDateTimeMs);
        return when(
          off > tolerance(first, a, other, b) * 1000 + DATE_TOLERANCE_MS,
          () => `segment ${a.msn} has a date in ${first.path} that is ${off} ms off the one in ${other.path}`,
        );
      }),
  },
  {
    id: 'renditions-in-sync',
    section: 'B.1',
    // Now and then an encoder is slow, and that is no fault of a playlist.
    check: ({ lags, renditions }) => {
      const target = Math.max(...renditions.map(({ partTargetSeconds }) => partTargetSeconds ?? 0));
      return lags.flatMap(({ ahead, behind, leastSeconds, answers }) =>
        when(
          answers >= MIN_LAG_ANSWERS && leastSeconds > target + MILLISECOND_SECONDS * 5,
          () => `${behind} is at least ${leastSeconds.toFixed(3)} s behind ${ahead}, PART-TARGET is ${target}`,
        ),
      );
    },
  },
  {
    id: 'codecs-true',
    section: '4.4.6.2',
    check: (presentation) =>
      presentation.variants.flatMap((variant) => {
        if (!variant.attributes.has('CODECS')) return [];
        const found = comparableCodecs(codecsOf(presentation, variant)).join();
        const declared = comparableCodecs((variant.attributes.get('CODECS') ?? '').split(',')).join();
        return when(
          found !== '' && found !== declared,
          () => `variant ${variant.uri} declares CODECS ${declared}, its init sections have ${found}`,
        );
      }),
  },
  {
    id: 'resolution-true',
    section: '4.4.6.2',
    check: (presentation) =>
      presentation.variants.flatMap(({ uri, attributes }) => {
        const track = presentation.renditionOf(uri)?.track;
        const found = `${track?.width}x${track?.height}`;
        const declared = attributes.get('RESOLUTION') ?? found;
        return when(
          track?.kind === 'video' && declared !== found,
          () => `variant ${uri} declares RESOLUTION ${declared}, its init section has ${found}`,
        );
      }),
  },
  {
    id: 'frame-rate-true',
    section: '4.4.6.2',
    // It is a maximum, and media that has all the frames may be yet to come.
    check: (presentation) =>
      presentation.variants.flatMap(({ uri, attributes }) => {
        const rates =
          presentation.renditionOf(uri)?.segments.flatMap(({ framesPerSecond }) => framesPerSecond ?? []) ?? [];
        const declared = attributes.get('FRAME-RATE');
        const fastest = Math.max(0, ...rates);
        return when(
          declared !== undefined && Number(declared) < fastest - MILLISECOND_SECONDS,
          () => `variant ${uri} declares FRAME-RATE ${declared}, its media has ${fastest.toFixed(3)}`,
        );
      }),
  },
  {
    id: 'channels-true',
    section: '4.4.6.1',
    check: ({ media, renditionOf }) =>
      media.flatMap((item) => {
        const found = renditionOf(item.get('URI') ?? '')?.track?.channels ?? null;
        const declared = Number((item.get('CHANNELS') ?? '').split('/')[0]);
        return when(
          item.get('TYPE') === 'AUDIO' && found !== null && declared > 0 && declared !== found,
          () => `${item.get('NAME')} declares ${declared} channels, its init section has ${found}`,
        );
      }),
  },
  {
    id: 'average-bandwidth-true',
    section: 'Apple HLS authoring specification, 1.28',
    check: (presentation) =>
      presentation.variants.flatMap((variant) => {
        const average = sum(presentation, variant, averageBitsPerSecond);
        const declared = Number(variant.attributes.get('AVERAGE-BANDWIDTH') ?? Number.NaN);
        return when(
          average > declared * AVERAGE_TOLERANCE,
          () => `variant ${variant.uri} declares AVERAGE-BANDWIDTH ${declared}, its media has ${Math.ceil(average)}`,
        );
      }),
  },
];

/** What a multivariant playlist promises of all media that comes. */
export const PEAK_RULES: readonly HlsRule<ObservedPresentation>[] = [
  {
    id: 'bandwidth-is-peak',
    section: '4.4.6.2',
    check: (presentation) =>
      presentation.variants.flatMap((variant) => {
        const peak = sum(presentation, variant, peakBitsPerSecond);
        const declared = Number(variant.attributes.get('BANDWIDTH'));
        return when(
          peak > declared,
          () => `variant ${variant.uri} declares BANDWIDTH ${declared}, its media has a peak of ${Math.ceil(peak)}`,
        );
      }),
  },
];

/** Pictures begin together. Sound begins with the sample nearest to them. */
function tolerance(first: ObservedRendition, a: JudgedSegment, other: ObservedRendition, b: JudgedSegment): number {
  const isVideo = first.track?.kind === 'video' && other.track?.kind === 'video';
  return isVideo ? MILLISECOND_SECONDS : Math.max(a.sampleSeconds, b.sampleSeconds) + MILLISECOND_SECONDS;
}

/** The variant's own rendition, and the first one of its AUDIO group that has a playlist of its own. Nothing without its own. */
function partsOf(presentation: ObservedPresentation, variant: Variant): readonly ObservedRendition[] {
  const own = presentation.renditionOf(variant.uri);
  const [audioUri] = groupUris(presentation, variant, 'AUDIO');
  const audio = audioUri === undefined ? undefined : presentation.renditionOf(audioUri);
  if (own === undefined) return [];
  return audio === undefined || audio === own ? [own] : [own, audio];
}

/** Of the playlists of a variant's group. */
function groupUris({ media }: ObservedPresentation, { attributes }: Variant, type: 'AUDIO' | 'VIDEO'): string[] {
  const group = attributes.get(type);
  return media
    .filter((item) => item.get('TYPE') === type && item.get('GROUP-ID') === group)
    .flatMap((item) => item.get('URI') ?? []);
}

/** Of all renditions that a variant may be played with. None as long as one of them was not loaded. */
function codecsOf(presentation: ObservedPresentation, variant: Variant): readonly string[] {
  const uris = [
    variant.uri,
    ...(['AUDIO', 'VIDEO'] as const).flatMap((type) => groupUris(presentation, variant, type)),
  ];
  const trackLists = uris.map((uri) => presentation.renditionOf(uri)?.tracks ?? []);
  if (trackLists.some((tracks) => tracks.length === 0)) return [];
  return trackLists.flatMap((tracks) => tracks.filter(({ kind }) => kind !== 'other')).map(({ codec }) => codec);
}

function sum(
  presentation: ObservedPresentation,
  variant: Variant,
  measure: (rendition: ObservedRendition) => number,
): number {
  return partsOf(presentation, variant).reduce((total, rendition) => total + measure(rendition), 0);
}

/** The largest bitrate of segments in a row that last between half and one and a half target durations. */
export function peakBitsPerSecond({ segments, targetDurationSeconds }: ObservedRendition): number {
  const target = targetDurationSeconds ?? 0;
  let peak = 0;
  segments.forEach((_, from) => {
    let [bits, seconds] = [0, 0];
    for (let index = from; index < segments.length; index++) {
      const segment = segments[index];
      if (segment === undefined || (index > from && segment.msn !== (segments[index - 1]?.msn ?? 0) + 1)) break;
      bits += segment.sizeBytes * 8;
      seconds += segment.durationSeconds;
      if (seconds > PEAK_SPAN.most * target) break;
      if (seconds >= PEAK_SPAN.least * target) peak = Math.max(peak, bits / seconds);
    }
  });
  return peak;
}

function averageBitsPerSecond({ segments }: ObservedRendition): number {
  const seconds = segments.reduce((total, { durationSeconds }) => total + durationSeconds, 0);
  const bits = segments.reduce((total, { sizeBytes }) => total + sizeBytes * 8, 0);
  return seconds < AVERAGE_LEAST_SECONDS ? 0 : bits / seconds;
}
