import type { MediaPlaylist } from '../playlist/media-playlist.ts';
import type { PlaylistProgress } from '../playlist-progress.ts';
import { type HlsRule, when } from '../rule.ts';

/** A request for media, and its answer. */
export interface MediaAnswer {
  readonly uri: string;
  readonly status: number;
  /** Whether playlists listed it when it was asked for. */
  readonly isListed: boolean;
  /** Since when it is in no playlist any more, in target durations. Null if it is, or never was. */
  readonly goneTargets: number | null;
  readonly isPart: boolean;
  /** How long it has to be there after that, in target durations. */
  readonly keptTargets: number;
  /** Whether the file has other bytes than before. */
  readonly hasChanged: boolean;
}

/** A part that was asked for when it was hinted at. */
export interface HintedPart {
  readonly uri: string;
  readonly status: number;
  /** Whether playlists have listed it by now. */
  readonly isListed: boolean;
}

/** The rendition reports of one playlist. */
export interface ReportedRenditions {
  readonly playlist: MediaPlaylist;
  /** Paths of the reported playlists. */
  readonly reported: readonly string[];
  readonly ownPath: string;
  /** Of the other renditions that the multivariant playlist names now, I-frame playlists left out. */
  readonly otherPaths: readonly string[];
}

/** A rendition report, and how far that rendition was. */
export interface ObservedReport {
  readonly uri: string;
  /** Parts are null if the report does not say it. */
  readonly said: { readonly msn: number; readonly parts: number | null };
  /** What was known before the request was sent. */
  readonly least: PlaylistProgress['end'];
  /** What the next answer for that rendition said. Null if none has come. */
  readonly most: PlaylistProgress['end'] | null;
}

/** A stream that can't go on, and a server that is busy, are no fault of a playlist. */
export const EXCUSED = [500, 502, 503, 504];

/** What holds for requests for media (RFC 8216bis 6.2.1, 6.2.2). */
export const MEDIA_ANSWER_RULES: readonly HlsRule<MediaAnswer>[] = [
  {
    id: 'listed-media-available',
    section: '6.2.1',
    check: ({ uri, status, isListed }) =>
      when(
        isListed && status !== 200 && !EXCUSED.includes(status),
        () => `${uri} is listed and was answered ${status}`,
      ),
  },
  {
    id: 'removed-part-available',
    section: '6.2.2',
    check: (answer) => when(answer.isPart && isLost(answer), () => lost(answer)),
  },
  {
    id: 'removed-segment-available',
    section: '6.2.2',
    check: (answer) => when(!answer.isPart && isLost(answer), () => lost(answer)),
  },
  {
    id: 'file-unchanged',
    section: '6.2.1',
    check: ({ uri, hasChanged }) => when(hasChanged, () => `${uri} has other bytes than before`),
  },
];

export const HINT_RULES: readonly HlsRule<HintedPart>[] = [
  {
    id: 'hinted-part-answered',
    section: '4.4.5.3',
    check: ({ uri, status, isListed }) =>
      when(
        isListed && status !== 200 && !EXCUSED.includes(status),
        () => `${uri} was hinted at, its request was answered ${status}, and it came`,
      ),
  },
];

export const REPORTED_RULES: readonly HlsRule<ReportedRenditions>[] = [
  {
    id: 'report-each-rendition',
    section: 'B.1',
    check: ({ playlist: { serverControl, isEnded, hasIFramesOnly }, reported, otherPaths }) => {
      const isNeeded = serverControl?.get('CAN-BLOCK-RELOAD') === 'YES' && !isEnded && !hasIFramesOnly;
      return otherPaths.flatMap((path) => when(isNeeded && !reported.includes(path), () => `${path} is not reported`));
    },
  },
  {
    id: 'report-of-another-rendition',
    section: '4.4.5.4',
    check: ({ playlist: { isEnded }, reported, ownPath }) => [
      ...when(isEnded && reported.length > 0, () => 'an EXT-X-RENDITION-REPORT in an ended playlist'),
      ...reported.flatMap((path, index) => [
        ...when(path === ownPath, () => 'the playlist reports itself'),
        ...when(reported.indexOf(path) < index, () => `${path} is reported twice`),
      ]),
    ],
  },
];

export const REPORT_RULES: readonly HlsRule<ObservedReport>[] = [
  {
    id: 'report-is-true',
    section: '4.4.5.4',
    check: ({ uri, said, least, most }) => [
      ...when(
        isBefore(said, least),
        () => `the report of ${uri} says ${toText(said)}, it was at ${toText(least)} before`,
      ),
      ...when(
        most !== null && isBefore(most, said),
        () => `the report of ${uri} says ${toText(said)}, it was at ${toText(most ?? said)} after`,
      ),
    ],
  },
];

const isLost = ({ status, isListed, goneTargets, keptTargets }: MediaAnswer): boolean =>
  !isListed && goneTargets !== null && goneTargets < keptTargets && status !== 200 && !EXCUSED.includes(status);

const lost = ({ uri, status, goneTargets }: MediaAnswer): string =>
  `${uri} was answered ${status} ${goneTargets?.toFixed(1)} target durations after it had left the playlist`;

type ReportedEnd = ObservedReport['said'];
const isBefore = (a: ReportedEnd, b: ReportedEnd): boolean =>
  a.msn < b.msn || (a.msn === b.msn && a.parts !== null && b.parts !== null && a.parts < b.parts);
const toText = ({ msn, parts }: ReportedEnd): string =>
  parts !== null && Number.isFinite(parts) ? `${msn}.${parts - 1}` : `${msn}`;
