import { type MediaPlaylist, parseMediaPlaylist } from './hls-playlist.ts';
import {
  complain,
  epochOf,
  lengthSeconds,
  PART_URI,
  ROUNDING_SECONDS,
  SEGMENT_RULES,
} from './playlist-segment-rules.ts';

/** What a checker needs to know besides the playlist. */
export interface MediaPlaylistContext {
  /** The request had `_HLS_skip`. @default false */
  readonly isDeltaAllowed?: boolean;
  /** URIs of the expected rendition reports, one for each other rendition. @default not checked */
  readonly reportUris?: readonly string[];
}

const HOLD_BACK_FACTOR = 3;
const SKIP_FACTOR = 6;

type PlaylistRule = (playlist: MediaPlaylist, context: MediaPlaylistContext) => string[];

/** Checks a media playlist against RFC 8216bis. Returns one readable line for each violation. */
export function checkMediaPlaylist(text: string, context: MediaPlaylistContext = {}): string[] {
  const playlist = parseMediaPlaylist(text);
  return RULES.flatMap((rule) => rule(playlist, context));
}

const RULES: readonly PlaylistRule[] = [
  ...SEGMENT_RULES,
  checkHeader,
  checkServerControl,
  checkTagOrder,
  checkSkip,
  checkHint,
  checkReports,
];

function checkHeader({ version, targetDurationSeconds, tagNames, segments }: MediaPlaylist): string[] {
  const once = ['EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-MEDIA-SEQUENCE', 'EXT-X-SERVER-CONTROL'];
  return [
    ...once
      .filter((name) => tagNames.filter((tag) => tag === name).length !== 1)
      .map((name) => `${name} must be there once`),
    ...complain(version !== null && version < 9, `EXT-X-VERSION is ${version}, 9 is needed`),
    ...complain(!Number.isInteger(targetDurationSeconds), 'EXT-X-TARGETDURATION is no integer'),
    ...complain(!tagNames.includes('EXT-X-INDEPENDENT-SEGMENTS'), 'EXT-X-INDEPENDENT-SEGMENTS is missing'),
    ...complain(segments.length === 0, 'no segment is listed'),
  ];
}

function checkServerControl({ serverControl, partTargetSeconds, targetDurationSeconds }: MediaPlaylist): string[] {
  const atLeast = (name: string, factor: number, unitSeconds: number | null): string[] => {
    const seconds = Number(serverControl?.get(name) ?? Number.NaN);
    const least = factor * (unitSeconds ?? 0);
    // Floating point: 3 x 0.1 is not 0.3.
    return complain(!(seconds >= least - 1e-9), `${name} is ${seconds}, at least ${least.toFixed(5)} is needed`);
  };
  return [
    ...complain(serverControl?.get('CAN-BLOCK-RELOAD') !== 'YES', 'CAN-BLOCK-RELOAD is not YES'),
    ...atLeast('HOLD-BACK', HOLD_BACK_FACTOR, targetDurationSeconds),
    ...atLeast('CAN-SKIP-UNTIL', SKIP_FACTOR, targetDurationSeconds),
    ...(partTargetSeconds === null ? [] : atLeast('PART-HOLD-BACK', HOLD_BACK_FACTOR, partTargetSeconds)),
  ];
}

function checkTagOrder({ segments, tagNames, isEnded }: MediaPlaylist): string[] {
  return [
    ...segments.flatMap(({ msn, lateTags }) =>
      lateTags.map((name) => `${name} of segment ${msn} follows its first part`),
    ),
    ...complain(isEnded && tagNames.at(-1) !== 'EXT-X-ENDLIST', 'EXT-X-ENDLIST is not the last tag'),
    ...complain(isEnded && segments.at(-1)?.uri === null, 'the last segment of an ended playlist is open'),
  ];
}

function checkSkip(playlist: MediaPlaylist, { isDeltaAllowed = false }: MediaPlaylistContext): string[] {
  const { skippedSegments, segments, targetDurationSeconds, tagNames } = playlist;
  if (skippedSegments === null) return [];
  const keptSeconds = segments.reduce((total, segment) => total + lengthSeconds(segment), 0);
  const boundarySeconds = SKIP_FACTOR * (targetDurationSeconds ?? 0);
  return [
    ...complain(!isDeltaAllowed, 'EXT-X-SKIP was not asked for'),
    ...complain(tagNames.filter((name) => name === 'EXT-X-SKIP').length > 1, 'EXT-X-SKIP is there more than once'),
    ...complain(!(skippedSegments >= 1), `EXT-X-SKIP skips ${skippedSegments} segments`),
    ...complain(keptSeconds < boundarySeconds - ROUNDING_SECONDS, 'EXT-X-SKIP reaches past the skip boundary'),
  ];
}

/** The hint must name the part after the newest. Only a run that has just begun may have another epoch. */
function checkHint({ preloadHint, segments, isEnded, partTargetSeconds }: MediaPlaylist): string[] {
  if (preloadHint === null) return [];
  const uri = preloadHint.get('URI') ?? '';
  const last = segments.at(-1);
  if (isEnded || partTargetSeconds === null || last === undefined) return ['EXT-X-PRELOAD-HINT where nothing follows'];
  const [, epoch, msn, part] = PART_URI.exec(uri) ?? [];
  const expected = last.uri === null ? `${last.msn}.${last.parts.length}` : `${last.msn + 1}.0`;
  const isOfNewRun = Number(epoch) > Number(epochOf(last)) && Number(msn) > last.msn && part === '0';
  return [
    ...complain(preloadHint.get('TYPE') !== 'PART', 'EXT-X-PRELOAD-HINT is not of TYPE PART'),
    ...complain(
      !isOfNewRun && (`${msn}.${part}` !== expected || epoch !== epochOf(last)),
      `EXT-X-PRELOAD-HINT names ${uri}, the next part is ${epochOf(last)}-${expected}`,
    ),
  ];
}

function checkReports(playlist: MediaPlaylist, { reportUris }: MediaPlaylistContext): string[] {
  const { reports, isEnded, partTargetSeconds } = playlist;
  if (isEnded) return complain(reports.length > 0, 'EXT-X-RENDITION-REPORT in an ended playlist');
  return [
    ...reports.flatMap(({ uri, lastMsn, lastPart }) => [
      ...complain(!Number.isInteger(lastMsn), `the report of ${uri} has no LAST-MSN`),
      ...complain(
        (lastPart === null) !== (partTargetSeconds === null),
        `LAST-PART of ${uri} does not go with PART-INF`,
      ),
    ]),
    ...(reportUris ?? [])
      .filter((uri) => reports.filter((report) => report.uri === uri).length !== 1)
      .map((uri) => `${uri} must be reported once`),
    ...(reportUris === undefined ? [] : reports)
      .filter(({ uri }) => !reportUris?.includes(uri))
      .map(({ uri }) => `${uri} is reported, it is no other rendition`),
  ];
}
