import { lengthSeconds, type MediaPlaylist } from '../playlist/media-playlist.ts';
import { parseAttributes } from '../playlist/playlist-lines.ts';
import { type HlsRule, when } from '../rule.ts';

/** One answer to a request for a media playlist. */
export interface MediaPlaylistAnswer {
  readonly playlist: MediaPlaylist;
  /** The request had `_HLS_skip`. */
  readonly isDeltaAllowed: boolean;
  /** Whether all segments are I-frames, because an EXT-X-I-FRAME-STREAM-INF names it. Null if nobody knows. */
  readonly isIFramePlaylist: boolean | null;
}

const HOLD_BACK_FACTOR = 3;
const SKIP_FACTOR = 6;
/** Durations have few decimals. */
export const ROUNDING_SECONDS = 2e-5;
const DATE_TOLERANCE_MS = 2;

/** What holds for a media playlist by itself, besides its parts (RFC 8216bis 4.4.3 to 4.4.5). */
export const MEDIA_PLAYLIST_RULES: readonly HlsRule<MediaPlaylistAnswer>[] = [
  {
    id: 'target-duration-present',
    section: '4.4.3.1',
    check: ({ playlist: { targetDurationSeconds } }) =>
      when(targetDurationSeconds === null, () => 'there is no EXT-X-TARGETDURATION'),
  },
  {
    id: 'lists-media',
    section: '6.2.2',
    check: ({ playlist: { segments } }) => when(segments.length === 0, () => 'no segment and no part is listed'),
  },
  {
    id: 'segment-has-extinf',
    section: '4.4.4.1',
    check: ({ playlist: { segments } }) =>
      segments
        .filter(({ uri, durationSeconds }) => uri !== null && durationSeconds === null)
        .map(({ msn, uri }) => `segment ${msn}, ${uri}, has no EXTINF`),
  },
  {
    id: 'segment-within-target-duration',
    section: '4.4.3.1',
    check: ({ playlist: { segments, targetDurationSeconds } }) =>
      segments
        .filter((segment) => Math.round(lengthSeconds(segment)) > (targetDurationSeconds ?? Number.POSITIVE_INFINITY))
        .map(
          (segment) =>
            `segment ${segment.msn} lasts ${lengthSeconds(segment)} s, the target is ${targetDurationSeconds}`,
        ),
  },
  {
    id: 'uri-once',
    section: '6.2.1',
    check: ({ playlist: { segments } }) => {
      const seen = new Set<string>();
      return segments
        .filter(({ ownTags }) => !ownTags.some((tag) => tag.startsWith('EXT-X-BYTERANGE')))
        .flatMap(({ uri, parts }) => [
          uri,
          ...parts.filter(({ text }) => !text.includes('BYTERANGE=')).map((part) => part.uri),
        ])
        .filter((uri) => uri !== null && (seen.has(uri) || seen.add(uri) === undefined))
        .map((uri) => `${uri} is listed twice`);
    },
  },
  {
    id: 'hold-back-minimum',
    section: '4.4.3.8',
    check: ({ playlist }) => least(playlist, 'HOLD-BACK', HOLD_BACK_FACTOR * (playlist.targetDurationSeconds ?? 0)),
  },
  {
    id: 'can-skip-until-minimum',
    section: '4.4.3.8',
    check: ({ playlist }) => least(playlist, 'CAN-SKIP-UNTIL', SKIP_FACTOR * (playlist.targetDurationSeconds ?? 0)),
  },
  {
    id: 'skip-dateranges-needs-skip',
    section: '4.4.3.8',
    check: ({ playlist: { serverControl } }) =>
      when(
        serverControl?.has('CAN-SKIP-DATERANGES') === true && !serverControl.has('CAN-SKIP-UNTIL'),
        () => 'CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL',
      ),
  },
  {
    id: 'skip-asked-for',
    section: '6.2.5.1',
    check: ({ playlist: { skippedSegments }, isDeltaAllowed }) =>
      when(skippedSegments !== null && !isDeltaAllowed, () => 'EXT-X-SKIP without _HLS_skip'),
  },
  {
    id: 'skip-offered',
    section: '4.4.3.8',
    check: ({ playlist: { skippedSegments, serverControl } }) =>
      when(
        skippedSegments !== null && serverControl?.has('CAN-SKIP-UNTIL') !== true,
        () => 'EXT-X-SKIP without CAN-SKIP-UNTIL',
      ),
  },
  {
    id: 'skip-boundary',
    section: '4.4.5.2',
    check: ({ playlist: { skippedSegments, segments, serverControl } }) => {
      if (skippedSegments === null) return [];
      const keptSeconds = segments.reduce((total, segment) => total + lengthSeconds(segment), 0);
      const boundary = Number(serverControl?.get('CAN-SKIP-UNTIL') ?? 0);
      return [
        ...when(skippedSegments < 1, () => `SKIPPED-SEGMENTS=${skippedSegments}`),
        ...when(
          keptSeconds < boundary - ROUNDING_SECONDS * segments.length,
          () => `${keptSeconds.toFixed(3)} s are left, the skip boundary is at ${boundary} s`,
        ),
      ];
    },
  },
  {
    id: 'map-present',
    section: '3.1.2',
    check: ({ playlist: { segments, skippedSegments } }) => {
      const [first] = segments;
      const isNeeded =
        first !== undefined && (skippedSegments ?? 0) === 0 && !first.isGap && isMp4(first.uri ?? first.parts[0]?.uri);
      return when(isNeeded && first.map === null, () => `segment ${first?.msn} has no EXT-X-MAP`);
    },
  },
  {
    id: 'date-on-each-segment',
    section: 'B.1; Apple HLS authoring specification, 8.4',
    check: ({ playlist: { segments } }) =>
      segments
        .filter(({ programDateTimeMs }) => programDateTimeMs === null)
        .map(({ msn }) => `segment ${msn} has no date`),
  },
  {
    id: 'dates-continuous',
    section: '4.4.4.6',
    check: ({ playlist: { segments } }) =>
      segments.flatMap((segment, index) => {
        const previous = segments[index - 1];
        if (segment.programDateTimeMs === null || previous?.programDateTimeMs == null) return [];
        const offMs = segment.programDateTimeMs - previous.programDateTimeMs - lengthSeconds(previous) * 1000;
        return when(
          segment.discontinuities === 0 && Math.abs(offMs) > DATE_TOLERANCE_MS,
          () => `the date of segment ${segment.msn} is ${offMs.toFixed(2)} ms off the segment before it`,
        );
      }),
  },
  {
    id: 'end-is-closed',
    section: '4.4.3.4',
    check: ({ playlist: { isEnded, segments, preloadHint } }) => [
      ...when(isEnded && segments.at(-1)?.uri === null, () => 'the last segment of an ended playlist is open'),
      ...when(isEnded && preloadHint !== null, () => 'an EXT-X-PRELOAD-HINT in an ended playlist'),
    ],
  },
  {
    id: 'i-frames-only',
    section: '4.4.3.6',
    check: ({ playlist: { hasIFramesOnly }, isIFramePlaylist }) =>
      when(
        isIFramePlaylist !== null && isIFramePlaylist !== hasIFramesOnly,
        () => `EXT-X-I-FRAMES-ONLY is ${hasIFramesOnly ? '' : 'not '}there`,
      ),
  },
  {
    id: 'independent-segments-declared',
    section: 'Apple HLS authoring specification, 9.12',
    check: ({ playlist: { lines, hasIFramesOnly }, isIFramePlaylist }) =>
      when(
        !(isIFramePlaylist ?? hasIFramesOnly) && !lines.some(({ name }) => name === 'EXT-X-INDEPENDENT-SEGMENTS'),
        () => 'EXT-X-INDEPENDENT-SEGMENTS is missing',
      ),
  },
  {
    id: 'daterange-consistent',
    section: '4.4.5.1',
    check: ({ playlist: { lines, segments } }) => {
      const ranges = lines.filter(({ name }) => name === 'EXT-X-DATERANGE').map(({ value }) => parseAttributes(value));
      return [
        ...ranges.flatMap((range) =>
          daterangeFlaws(range).map((flaw) => `EXT-X-DATERANGE ${range.get('ID')}: ${flaw}`),
        ),
        ...when(
          ranges.length > 0 && segments.every(({ programDateTimeMs }) => programDateTimeMs === null),
          () => 'EXT-X-DATERANGE without EXT-X-PROGRAM-DATE-TIME',
        ),
      ];
    },
  },
];

function daterangeFlaws(range: ReadonlyMap<string, string>): readonly string[] {
  const start = Date.parse(range.get('START-DATE') ?? '');
  const end = Date.parse(range.get('END-DATE') ?? '');
  const seconds = Number(range.get('DURATION') ?? Number.NaN);
  const endsOnNext = range.has('END-ON-NEXT');
  return [
    ...when(end < start, () => 'END-DATE is before START-DATE'),
    ...when(Math.abs(end - start - seconds * 1000) > DATE_TOLERANCE_MS, () => 'DURATION does not lead to END-DATE'),
    ...when(endsOnNext && !range.has('CLASS'), () => 'END-ON-NEXT without CLASS'),
    ...when(endsOnNext && (range.has('DURATION') || range.has('END-DATE')), () => 'END-ON-NEXT with another end'),
  ];
}

function least({ serverControl }: MediaPlaylist, name: string, minimum: number): readonly string[] {
  const value = serverControl?.get(name);
  // Floating point: 3 x 0.1 is not 0.3.
  return when(
    value !== undefined && !(Number(value) >= minimum - 1e-9),
    () => `${name} is ${value}, at least ${minimum.toFixed(5)} is needed`,
  );
}

function isMp4(uri: string | undefined): boolean {
  return /\.(m4s|mp4|m4v|m4a|cmf[vat])(\?|$)/.test(uri ?? '');
}
