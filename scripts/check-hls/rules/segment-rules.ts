import type { InitTrack } from '../media/init-tracks.ts';
import { type DecodeSpan, type InitFacts, type MediaFacts, type MediaFile, spansOf } from '../media/media-file.ts';
import { isRandomAccess } from '../media/random-access.ts';
import type { ListedPart, ListedSegment } from '../playlist/media-playlist.ts';
import { type HlsRule, when } from '../rule.ts';

/** A part as it is listed, with what is in it. */
export interface PartMedia {
  readonly listed: ListedPart;
  readonly file: MediaFile;
  readonly facts: MediaFacts | string;
}

/** A whole segment as it is listed, with what is in it. */
export interface SegmentMedia {
  readonly listed: ListedSegment;
  readonly discontinuityNumber: number | null;
  readonly file: MediaFile;
  readonly facts: MediaFacts | string;
  readonly init: InitFacts | string;
  /** All parts of the segment. Empty if they are not listed, or were not loaded. */
  readonly parts: readonly PartMedia[];
  /** The segment before it. Null if it was not loaded, or is a gap. */
  readonly previous: SegmentMedia | null;
  /** Where the newest media before it ends, whatever segments lie between. Null after a discontinuity. */
  readonly newestEndSeconds: number | null;
}

/** Durations are written in five decimals, and timescales differ. */
const DURATION_TOLERANCE_SECONDS = 1e-3;
const OVERLAP_TOLERANCE_SECONDS = 1e-6;
const GAP_TOLERANCE_SECONDS = 1e-3;

/** What holds for a segment and its parts by what is in them. */
export const SEGMENT_RULES: readonly HlsRule<SegmentMedia>[] = [
  {
    id: 'init-section-readable',
    section: '3.1.2',
    check: ({ init }) => {
      if (typeof init === 'string') return [init];
      return [
        ...when(init.boxes[0] !== 'ftyp', () => `${init.path} begins with a ${init.boxes[0]} box`),
        ...when(init.boxes.includes('moof'), () => `${init.path} has media in it`),
        ...when(init.tracks.length === 0, () => `${init.path} has no track`),
      ];
    },
  },
  {
    id: 'media-readable',
    section: '3.1.2',
    check: ({ file, facts, init, parts }) => {
      if (typeof init === 'string') return [];
      const all = [{ path: file.path, facts }, ...parts.map((part) => ({ path: part.file.path, facts: part.facts }))];
      return all.flatMap(({ path, facts: own }) => {
        if (typeof own === 'string') return [`${path}: ${own}`];
        const [track] = init.tracks;
        const hasTrack = own.fragments.some(({ trackId }) => trackId === track?.trackId);
        return when(!hasTrack, () => `${path} has no media of track ${track?.trackId}`);
      });
    },
  },
  {
    id: 'fragment-has-decode-time',
    section: '3.1.2',
    check: ({ facts }) =>
      typeof facts === 'string'
        ? []
        : facts.fragments
            .filter(({ startTicks }) => startTicks === null)
            .map(() => `${facts.path} has a traf without a tfdt`),
  },
  {
    id: 'segment-duration',
    section: '4.4.4.1',
    check: ({ listed, facts, init }) => {
      const seconds = mediaSeconds(facts, init);
      return when(
        seconds !== null && Math.abs(seconds - (listed.durationSeconds ?? seconds)) > DURATION_TOLERANCE_SECONDS,
        () => `${listed.uri} has ${seconds?.toFixed(5)} s of media, EXTINF is ${listed.durationSeconds}`,
      );
    },
  },
  {
    id: 'part-duration',
    section: '4.4.4.9',
    check: ({ parts, init }) =>
      parts.flatMap(({ listed, facts }) => {
        const seconds = mediaSeconds(facts, init);
        return when(
          seconds !== null && Math.abs(seconds - listed.durationSeconds) > DURATION_TOLERANCE_SECONDS,
          () => `${listed.uri} has ${seconds?.toFixed(5)} s of media, DURATION is ${listed.durationSeconds}`,
        );
      }),
  },
  {
    id: 'segment-is-its-parts',
    section: '4.4.4.9',
    check: ({ listed, file, parts }) =>
      when(
        parts.length > 0 && !Buffer.concat(parts.map((part) => part.file.bytes)).equals(file.bytes),
        () => `${listed.uri} is not its ${parts.length} parts in a row`,
      ),
  },
  {
    id: 'decode-times-no-overlap',
    section: '6.2.4',
    check: ({ listed, facts, init, newestEndSeconds }) => {
      let end = newestEndSeconds ?? Number.NEGATIVE_INFINITY;
      return spans(facts, init).flatMap(({ startSeconds, endSeconds }) => {
        const overlap = end - startSeconds;
        end = endSeconds;
        return when(
          overlap > OVERLAP_TOLERANCE_SECONDS,
          () =>
            `${listed.uri} begins at ${startSeconds.toFixed(6)} s, ${overlap.toFixed(6)} s before the end of the media before it`,
        );
      });
    },
  },
  {
    id: 'decode-times-contiguous',
    section: '4.4.4.3',
    check: ({ listed, facts, init, previous }) => {
      if (typeof facts === 'string' || facts.fragments.some(({ startTicks }) => startTicks === null)) return [];
      const isContinued = previous !== null && listed.discontinuities === 0;
      let end = isContinued ? (spans(previous.facts, previous.init).at(-1)?.endSeconds ?? null) : null;
      return spans(facts, init).flatMap(({ startSeconds, endSeconds }) => {
        const gap = end === null ? 0 : startSeconds - end;
        end = endSeconds;
        return when(
          gap > GAP_TOLERANCE_SECONDS,
          () => `${listed.uri} leaves out ${gap.toFixed(6)} s of media time without EXT-X-DISCONTINUITY`,
        );
      });
    },
  },
  {
    id: 'discontinuity-on-other-tracks',
    section: '4.4.4.3',
    check: ({ listed, init, previous }) => {
      if (
        previous === null ||
        listed.discontinuities > 0 ||
        typeof init === 'string' ||
        typeof previous.init === 'string'
      )
        return [];
      const [before, after] = [previous.init, init].map(({ tracks }) =>
        tracks.map(({ trackId, kind, codec }) => `${kind} ${trackId} ${codec.split('.')[0]}`).join(', '),
      );
      return when(before !== after, () => `${listed.uri} has ${after} after ${before} without EXT-X-DISCONTINUITY`);
    },
  },
  {
    id: 'independent-is-true',
    section: '4.4.4.9',
    check: ({ parts, init }) =>
      parts
        .filter(({ listed, facts }) => listed.isIndependent && startsWithRandomAccess(facts, init) === false)
        .map(({ listed }) => `${listed.uri} is INDEPENDENT=YES and does not begin with an IDR frame`),
  },
  {
    id: 'independent-is-said',
    section: '4.4.4.9',
    check: ({ parts, init }) =>
      parts
        .filter(({ listed, facts }) => !listed.isIndependent && startsWithRandomAccess(facts, init) === true)
        .map(({ listed }) => `${listed.uri} begins with an IDR frame and is not INDEPENDENT=YES`),
  },
  {
    id: 'segment-begins-independent',
    section: '4.4.2.1',
    check: ({ listed, facts, init, parts }) =>
      when(
        startsWithRandomAccess(facts, init) === false && parts[0]?.listed.isIndependent !== true,
        () => `${listed.uri} does not begin with an IDR frame`,
      ),
  },
];

/** The track that durations and times are taken from: video if there is any. */
export function mainTrack(init: InitFacts | string): InitTrack | null {
  if (typeof init === 'string') return null;
  return init.tracks.find(({ kind }) => kind === 'video') ?? init.tracks[0] ?? null;
}

/** The decode times of the main track's fragments. */
export function spans(facts: MediaFacts | string, init: InitFacts | string): DecodeSpan[] {
  const track = mainTrack(init);
  return typeof facts === 'string' || track === null ? [] : spansOf(facts, track);
}

function mediaSeconds(facts: MediaFacts | string, init: InitFacts | string): number | null {
  const track = mainTrack(init);
  if (typeof facts === 'string' || track === null) return null;
  const own = facts.fragments.filter(({ trackId }) => trackId === track.trackId);
  if (own.length === 0) return null;
  return own.reduce((ticks, { durationTicks }) => ticks + durationTicks, 0) / track.timescale;
}

/** Null if there is no picture. */
export function startsWithRandomAccess(facts: MediaFacts | string, init: InitFacts | string): boolean | null {
  const track = mainTrack(init);
  if (typeof facts === 'string' || track?.kind !== 'video') return null;
  const first = facts.fragments.find(({ trackId }) => trackId === track.trackId);
  return first === undefined ? null : isRandomAccess(first.firstSample, track.codec);
}
