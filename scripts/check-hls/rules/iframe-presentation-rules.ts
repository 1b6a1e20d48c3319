import { type HlsRule, when } from '../rule.ts';
import { comparableCodecs } from './codec-names.ts';
import type { JudgedSegment, ObservedRendition } from './observed-rendition.ts';
import { DATE_TOLERANCE_MS, type ObservedPresentation, peakBitsPerSecond } from './presentation-rules.ts';

const DURATION_TOLERANCE_SECONDS = 1e-3;

/** What holds between I-frame playlists, the multivariant playlist and the media (RFC 8216bis 4.4.6.3). */
export const IFRAME_PRESENTATION_RULES: readonly HlsRule<ObservedPresentation>[] = [
  {
    id: 'iframe-variant-true',
    section: '4.4.6.3',
    check: ({ iFrameVariants, renditionOf }) =>
      iFrameVariants.flatMap((attributes) => {
        const uri = attributes.get('URI') ?? '';
        const track = renditionOf(uri)?.track;
        if (track == null) return [];
        const size = `${track.width}x${track.height}`;
        const [codecs = track.codec, declaredSize = size] = [attributes.get('CODECS'), attributes.get('RESOLUTION')];
        const isOtherCodec = comparableCodecs(codecs.split(',')).join() !== comparableCodecs([track.codec]).join();
        return [
          ...when(isOtherCodec, () => `${uri} declares CODECS ${codecs}, its init section has ${track.codec}`),
          ...when(
            declaredSize !== size,
            () => `${uri} declares RESOLUTION ${declaredSize}, its init section has ${size}`,
          ),
        ];
      }),
  },
  {
    id: 'iframes-agree-with-segments',
    section: '4.4.3.6',
    check: ({ renditions }) =>
      renditions
        .filter(({ isIFramePlaylist }) => isIFramePlaylist)
        .flatMap((iFrames) => {
          const byFile = iFramesByFile(iFrames);
          return segmentsBeside(byFile, renditions).flatMap((segment) =>
            disagreements(segment, byFile.get(segment.file) ?? []).map(
              (flaw) => `${segment.file.replace(/^.*\//, '')} ${flaw}`,
            ),
          );
        }),
  },
];

/** What I-frame variants promise of all media that comes. */
export const IFRAME_PEAK_RULES: readonly HlsRule<ObservedPresentation>[] = [
  {
    id: 'iframe-bandwidth-is-peak',
    section: '4.4.6.3',
    check: ({ iFrameVariants, renditionOf }) =>
      iFrameVariants.flatMap((attributes) => {
        const uri = attributes.get('URI') ?? '';
        const rendition = renditionOf(uri);
        const peak = rendition === undefined ? 0 : peakBitsPerSecond(rendition);
        return when(
          peak > Number(attributes.get('BANDWIDTH')),
          () =>
            `${uri} declares BANDWIDTH ${attributes.get('BANDWIDTH')}, its I-frames have a peak of ${Math.ceil(peak)}`,
        );
      }),
  },
];

/** The I-frames of each segment. Those of the oldest and the newest one may not all have been listed. */
function iFramesByFile({ segments }: ObservedRendition): ReadonlyMap<string, readonly JudgedSegment[]> {
  const byFile = new Map<string, JudgedSegment[]>();
  for (const segment of segments) byFile.set(segment.file, [...(byFile.get(segment.file) ?? []), segment]);
  return new Map([...byFile].slice(1, -1));
}

/** The segments of the media playlists that name the same files. */
function segmentsBeside(
  byFile: ReadonlyMap<string, unknown>,
  renditions: readonly ObservedRendition[],
): readonly JudgedSegment[] {
  return renditions
    .filter(({ isIFramePlaylist }) => !isIFramePlaylist)
    .flatMap(({ segments }) => segments.filter(({ file }) => byFile.has(file)));
}

function disagreements(segment: JudgedSegment, iFrames: readonly JudgedSegment[]): readonly string[] {
  const seconds = iFrames.reduce((total, { durationSeconds }) => total + durationSeconds, 0);
  const [first] = iFrames;
  const numbers = new Set([segment, ...iFrames].map(({ discontinuityNumber }) => discontinuityNumber));
  const offMs = Math.abs((first?.programDateTimeMs ?? 0) - (segment.programDateTimeMs ?? 0));
  return [
    ...when(
      Math.abs(seconds - segment.durationSeconds) > DURATION_TOLERANCE_SECONDS,
      () => `lasts ${segment.durationSeconds} s, its I-frames ${seconds} s`,
    ),
    ...when(numbers.size > 1, () => `is of the discontinuities ${[...numbers].join(' and ')}`),
    ...when(offMs > DATE_TOLERANCE_MS, () => `has a date that is ${offMs} ms off that of its first I-frame`),
  ];
}
