import { type Attributes, type PlaylistLine, parseAttributes, playlistLines } from './playlist-lines.ts';

export interface ListedPart {
  readonly uri: string;
  readonly durationSeconds: number;
  readonly isIndependent: boolean;
  readonly isGap: boolean;
  /** Its tag as it is written. */
  readonly text: string;
}

/** Some bytes of a file. */
export interface ListedRange {
  readonly offset: number;
  readonly bytes: number;
}

/** A segment as a playlist lists it. The last one may consist of parts only. */
export interface ListedSegment {
  readonly msn: number;
  /** Null as long as only its parts are listed. */
  uri: string | null;
  durationSeconds: number | null;
  /** EXT-X-BYTERANGE. Null if it is the whole file. */
  byteRange: ListedRange | null;
  readonly parts: ListedPart[];
  /** Number of EXT-X-DISCONTINUITY tags before it. */
  discontinuities: number;
  /** URI of the EXT-X-MAP before it. Null if the previous one still applies. */
  map: string | null;
  programDateTimeMs: number | null;
  isGap: boolean;
  /** Value of the EXT-X-KEY before it. Null if the previous one still applies. */
  key: string | null;
  /** The other tags that apply to it alone, as they are written. */
  readonly ownTags: string[];
  /** Tags that apply to the whole segment but stand after its first part. */
  readonly lateTags: string[];
}

export interface ListedReport {
  readonly uri: string;
  readonly lastMsn: number;
  readonly lastPart: number | null;
}

/** A parsed media playlist (RFC 8216bis 4.4). Missing values are null. */
export interface MediaPlaylist {
  readonly version: number | null;
  readonly targetDurationSeconds: number | null;
  readonly serverControl: Attributes | null;
  readonly partTargetSeconds: number | null;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly skippedSegments: number | null;
  /** Without the skipped segments. */
  readonly segments: readonly ListedSegment[];
  /** EXT-X-PRELOAD-HINT of TYPE PART. */
  readonly preloadHint: Attributes | null;
  readonly reports: readonly ListedReport[];
  readonly isEnded: boolean;
  /** EXT-X-I-FRAMES-ONLY. */
  readonly hasIFramesOnly: boolean;
  readonly lines: readonly PlaylistLine[];
}

/** Parses a media playlist without validating it. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const lines = playlistLines(text);
  const tagValue = (name: string): string | null => lines.find((line) => line.name === name)?.value ?? null;
  const numberOf = (name: string): number | null => toNumber(tagValue(name));
  const attributesOf = (name: string): Attributes | null => {
    const value = tagValue(name);
    return value === null ? null : parseAttributes(value);
  };
  const mediaSequence = numberOf('EXT-X-MEDIA-SEQUENCE') ?? 0;
  const skippedSegments = toNumber(attributesOf('EXT-X-SKIP')?.get('SKIPPED-SEGMENTS') ?? null);
  return {
    version: numberOf('EXT-X-VERSION'),
    targetDurationSeconds: numberOf('EXT-X-TARGETDURATION'),
    serverControl: attributesOf('EXT-X-SERVER-CONTROL'),
    partTargetSeconds: toNumber(attributesOf('EXT-X-PART-INF')?.get('PART-TARGET') ?? null),
    mediaSequence,
    discontinuitySequence: numberOf('EXT-X-DISCONTINUITY-SEQUENCE') ?? 0,
    skippedSegments,
    segments: readSegments(lines, mediaSequence + (skippedSegments ?? 0)),
    preloadHint: readPartHint(lines),
    reports: lines.filter((line) => line.name === 'EXT-X-RENDITION-REPORT').map((line) => toReport(line.value)),
    isEnded: tagValue('EXT-X-ENDLIST') !== null,
    hasIFramesOnly: tagValue('EXT-X-I-FRAMES-ONLY') !== null,
    lines,
  };
}

function readPartHint(lines: readonly PlaylistLine[]): Attributes | null {
  const hints = lines.filter(({ name }) => name === 'EXT-X-PRELOAD-HINT').map(({ value }) => parseAttributes(value));
  return hints.find((hint) => hint.get('TYPE') === 'PART') ?? null;
}

function toNumber(value: string | null): number | null {
  return value === null ? null : Number(value);
}

function toReport(value: string): ListedReport {
  const attributes = parseAttributes(value);
  return {
    uri: attributes.get('URI') ?? '',
    lastMsn: Number(attributes.get('LAST-MSN')),
    lastPart: toNumber(attributes.get('LAST-PART') ?? null),
  };
}

function readSegments(lines: readonly PlaylistLine[], firstMsn: number): ListedSegment[] {
  const segments: ListedSegment[] = [];
  let current = emptySegment(firstMsn);
  for (const { name, value } of lines) {
    if (name !== '') {
      readSegmentTag(current, name, value);
      continue;
    }
    current.uri = value;
    current.byteRange = rangeAfter(current.byteRange, value, segments.at(-1));
    segments.push(current);
    current = emptySegment(current.msn + 1);
  }
  return current.parts.length > 0 ? [...segments, current] : segments;
}

/** A range without an offset begins where that of the segment before ends (RFC 8216bis 4.4.4.2). */
function rangeAfter(range: ListedRange | null, uri: string, before: ListedSegment | undefined): ListedRange | null {
  if (range === null || !Number.isNaN(range.offset)) return range;
  const { offset = 0, bytes = 0 } = (before?.uri === uri ? before.byteRange : null) ?? {};
  return { ...range, offset: offset + bytes };
}

function emptySegment(msn: number): ListedSegment {
  return {
    msn,
    uri: null,
    durationSeconds: null,
    byteRange: null,
    parts: [],
    discontinuities: 0,
    map: null,
    programDateTimeMs: null,
    isGap: false,
    key: null,
    ownTags: [],
    lateTags: [],
  };
}

function readSegmentTag(segment: ListedSegment, name: string, value: string): void {
  const appliesToAll = ['EXT-X-DISCONTINUITY', 'EXT-X-MAP', 'EXT-X-KEY', 'EXT-X-PROGRAM-DATE-TIME'].includes(name);
  if (appliesToAll && segment.parts.length > 0) segment.lateTags.push(name);
  if (name === 'EXT-X-DISCONTINUITY') segment.discontinuities++;
  if (name === 'EXT-X-MAP') segment.map = parseAttributes(value).get('URI') ?? '';
  if (name === 'EXT-X-PROGRAM-DATE-TIME') segment.programDateTimeMs = Date.parse(value);
  if (name === 'EXT-X-KEY') segment.key = value;
  if (name === 'EXT-X-GAP') segment.isGap = true;
  if (['EXT-X-PROGRAM-DATE-TIME', 'EXT-X-GAP', 'EXT-X-BYTERANGE', 'EXTINF'].includes(name)) {
    segment.ownTags.push(`${name}:${value}`);
  }
  if (name === 'EXT-X-BYTERANGE') {
    const [bytes, offset] = value.split('@').map(Number);
    segment.byteRange = { bytes: bytes ?? 0, offset: offset ?? Number.NaN };
  }
  if (name === 'EXTINF') segment.durationSeconds = Number.parseFloat(value);
  if (name === 'EXT-X-PART') segment.parts.push(toPart(value));
}

function toPart(value: string): ListedPart {
  const attributes = parseAttributes(value);
  return {
    uri: attributes.get('URI') ?? '',
    durationSeconds: Number(attributes.get('DURATION')),
    isIndependent: attributes.get('INDEPENDENT') === 'YES',
    isGap: attributes.get('GAP') === 'YES',
    text: value,
  };
}

/** The Range header that asks for a segment's bytes. Null if it is a whole file. */
export function rangeOf({ byteRange }: Pick<ListedSegment, 'byteRange'>): string | null {
  return byteRange === null ? null : `bytes=${byteRange.offset}-${byteRange.offset + byteRange.bytes - 1}`;
}

/** What tells a file, or a range of it, from all others of a rendition. */
export const fileKey = (name: string, range: string | null): string => (range === null ? name : `${name} ${range}`);

/** Length of a segment in seconds, or of its parts so far. */
export function lengthSeconds({ durationSeconds, parts }: ListedSegment): number {
  return durationSeconds ?? parts.reduce((total, part) => total + part.durationSeconds, 0);
}

/** A place in a playlist: its newest segment, and how many parts of it there are. A complete segment comes after all. */
export interface PlaylistEnd {
  readonly msn: number;
  readonly parts: number;
}

/** Where a playlist ends. */
export function endOf({ segments, mediaSequence, skippedSegments }: MediaPlaylist): PlaylistEnd {
  const last = segments.at(-1);
  const before = mediaSequence + (skippedSegments ?? 0) - 1;
  if (last === undefined) return { msn: before, parts: Number.POSITIVE_INFINITY };
  return { msn: last.msn, parts: last.uri === null ? last.parts.length : Number.POSITIVE_INFINITY };
}

/** Below zero if `a` comes before `b`. */
export function compareEnds(a: PlaylistEnd, b: PlaylistEnd): number {
  if (a.msn !== b.msn) return a.msn - b.msn;
  return a.parts === b.parts ? 0 : a.parts - b.parts;
}
