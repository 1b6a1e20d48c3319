import type { ListedRange, ListedSegment, MediaPlaylist } from './playlist/media-playlist.ts';
import { parseAttributes } from './playlist/playlist-lines.ts';

/** What playlists have said about a segment. Null as long as none has said it. */
interface SegmentSaid {
  /** EXT-X-DISCONTINUITY-SEQUENCE, and the tags up to it. */
  readonly discontinuityNumber: number | null;
  readonly programDateTimeMs: number | null;
  /** The init section that applies to it. */
  readonly map: string | null;
  readonly key: string | null;
  readonly uri: string | null;
  readonly durationSeconds: number | null;
  /** Its own tags. Null as long as it is open. */
  readonly tags: string | null;
  /** The longest list of parts. */
  readonly parts: readonly string[];
  /** How many parts the segment has in the end. */
  readonly partCount: number | null;
}

/** Something that a playlist says otherwise than one before. */
export interface SegmentChange {
  readonly msn: number;
  readonly what: string;
}

/** More than any window. */
const MAX_SEGMENTS = 2_000;

/** What never changes about the segments of one rendition, whatever the order in which playlists say it (RFC 8216bis 6.2.1). */
export class SegmentHistory {
  readonly #said = new Map<number, SegmentSaid>();
  readonly #msns = new Map<string, number>();

  /** The discontinuity number of a segment. Null if no playlist has said it. */
  discontinuityNumber(msn: number): number | null {
    return this.#said.get(msn)?.discontinuityNumber ?? null;
  }

  /** The URI of the init section that applies to a segment. */
  map(msn: number): string | null {
    return this.#said.get(msn)?.map ?? null;
  }

  /** The date at which a segment's first parts end, in milliseconds since 1970. Null if no playlist has said it. */
  endMs(msn: number, partCount: number): number | null {
    const { programDateTimeMs = null, parts = [] } = this.#said.get(msn) ?? {};
    if (programDateTimeMs === null || parts.length < partCount) return null;
    const seconds = parts.slice(0, partCount).map((text) => Number(parseAttributes(text).get('DURATION')));
    return programDateTimeMs + seconds.reduce((total, each) => total + each, 0) * 1000;
  }

  /** Adds what a playlist says. Returns what it says otherwise than those before. */
  add(playlist: MediaPlaylist): SegmentChange[] {
    const { segments, skippedSegments, discontinuitySequence, mediaSequence } = playlist;
    const isDelta = (skippedSegments ?? 0) > 0;
    const before = this.#said.get(mediaSequence + (skippedSegments ?? 0) - 1);
    let discontinuityNumber = isDelta ? (before?.discontinuityNumber ?? null) : discontinuitySequence;
    let map = isDelta ? (before?.map ?? null) : null;
    let key = isDelta ? (before?.key ?? null) : null;
    return segments.flatMap((segment, index) => {
      if (discontinuityNumber !== null) discontinuityNumber += segment.discontinuities;
      map = segment.map ?? map;
      key = segment.key ?? key;
      const isClosed = segment.uri !== null || index < segments.length - 1;
      return this.#addSegment(segment, { discontinuityNumber, map, key, isClosed });
    });
  }

  #addSegment(
    segment: ListedSegment,
    rest: Pick<SegmentSaid, 'discontinuityNumber' | 'map' | 'key'> & { readonly isClosed: boolean },
  ): SegmentChange[] {
    const { msn, uri, byteRange, programDateTimeMs, durationSeconds, ownTags } = segment;
    const { isClosed, ...effective } = rest;
    const parts = segment.parts.map(({ text }) => text);
    const said: SegmentSaid = {
      ...effective,
      ...{ programDateTimeMs, uri, durationSeconds, parts },
      tags: uri === null ? null : ownTags.join('\n'),
      partCount: isClosed && parts.length > 0 ? parts.length : null,
    };
    const known = this.#said.get(msn);
    this.#said.set(msn, known === undefined ? said : merged(known, said));
    if (this.#said.size > MAX_SEGMENTS) this.#said.delete(this.#said.keys().next().value ?? -1);
    const changes = known === undefined ? [] : contradictions(known, said);
    return [...changes, ...this.#movedFrom(uri, byteRange, msn)].map((what) => ({ msn, what }));
  }

  #movedFrom(uri: string | null, range: ListedRange | null, msn: number): string[] {
    if (uri === null) return [];
    const key = `${uri} ${range?.offset ?? ''}`;
    const known = this.#msns.get(key) ?? msn;
    this.#msns.set(key, known);
    if (this.#msns.size > MAX_SEGMENTS) this.#msns.delete(this.#msns.keys().next().value ?? '');
    return known === msn ? [] : ['number'];
  }
}

function contradictions(known: SegmentSaid, said: SegmentSaid): string[] {
  const differ = <T>(a: T | null, b: T | null): boolean => a !== null && b !== null && a !== b;
  const [shorter, longer] = known.parts.length < said.parts.length ? [known, said] : [said, known];
  const rules: readonly (readonly [string, boolean])[] = [
    ['discontinuity number', differ(known.discontinuityNumber, said.discontinuityNumber)],
    ['date', known.programDateTimeMs !== said.programDateTimeMs],
    ['init section', differ(known.map, said.map)],
    ['key', differ(known.key, said.key)],
    ['name', differ(known.uri, said.uri)],
    ['duration', differ(known.durationSeconds, said.durationSeconds)],
    ['gap', differ(isGap(known), isGap(said))],
    [
      'tags',
      isGap(known) === isGap(said) &&
        known.durationSeconds === said.durationSeconds &&
        known.programDateTimeMs === said.programDateTimeMs &&
        differ(known.tags, said.tags),
    ],
    ['parts', shorter.parts.some((part, index) => part !== longer.parts[index])],
    ['number of parts', differ(known.partCount, said.partCount)],
    ['number of parts', shorter.partCount !== null && longer.parts.length > shorter.partCount],
  ];
  return [...new Set(rules.filter(([, isViolated]) => isViolated).map(([what]) => what))];
}

function isGap({ tags }: SegmentSaid): boolean | null {
  return tags === null ? null : tags.includes('EXT-X-GAP:');
}

function merged(known: SegmentSaid, said: SegmentSaid): SegmentSaid {
  return {
    ...known,
    discontinuityNumber: known.discontinuityNumber ?? said.discontinuityNumber,
    map: known.map ?? said.map,
    key: known.key ?? said.key,
    uri: known.uri ?? said.uri,
    durationSeconds: known.durationSeconds ?? said.durationSeconds,
    tags: known.tags ?? said.tags,
    parts: known.parts.length < said.parts.length ? said.parts : known.parts,
    partCount: known.partCount ?? said.partCount,
  };
}
