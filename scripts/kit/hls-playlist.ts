/** An attribute list (RFC 8216bis 4.2) without the quotes. */
export type Attributes = ReadonlyMap<string, string>;

/** A line of a playlist: `#EXT-X-PART:DURATION=…` has the name `EXT-X-PART`. A URI line has an empty name. */
export interface PlaylistLine {
  readonly name: string;
  readonly value: string;
}

export interface ListedPart {
  readonly uri: string;
  readonly durationSeconds: number;
  readonly isIndependent: boolean;
  readonly isGap: boolean;
}

/** A segment as a playlist lists it. The last one may consist of parts only. */
export interface ListedSegment {
  readonly msn: number;
  /** Null as long as only its parts are listed. */
  uri: string | null;
  durationSeconds: number | null;
  readonly parts: ListedPart[];
  /** Number of EXT-X-DISCONTINUITY tags before it. */
  discontinuities: number;
  /** URI of the EXT-X-MAP before it. Null if the previous one still applies. */
  map: string | null;
  programDateTimeMs: number | null;
  isGap: boolean;
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
  readonly preloadHint: Attributes | null;
  readonly reports: readonly ListedReport[];
  readonly isEnded: boolean;
  /** Names of all tags, in order. */
  readonly tagNames: readonly string[];
}

/** The non-empty lines of a playlist. Throws if the text is not a playlist. */
export function playlistLines(text: string): PlaylistLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines[0] !== '#EXTM3U') throw new Error('a playlist must begin with #EXTM3U');
  return lines.map((line) => {
    if (!line.startsWith('#')) return { name: '', value: line };
    const colon = line.indexOf(':');
    return colon === -1
      ? { name: line.slice(1), value: '' }
      : { name: line.slice(1, colon), value: line.slice(colon + 1) };
  });
}

/** Parses an attribute list. */
export function parseAttributes(value: string): Attributes {
  const pairs = value.matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g);
  return new Map([...pairs].map(([, name = '', raw = '']) => [name, raw.replace(/^"|"$/g, '')]));
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
    preloadHint: attributesOf('EXT-X-PRELOAD-HINT'),
    reports: lines.filter((line) => line.name === 'EXT-X-RENDITION-REPORT').map((line) => toReport(line.value)),
    isEnded: tagValue('EXT-X-ENDLIST') !== null,
    tagNames: lines.map((line) => line.name).filter((name) => name !== ''),
  };
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
    segments.push(current);
    current = emptySegment(current.msn + 1);
  }
  return current.parts.length > 0 ? [...segments, current] : segments;
}

function emptySegment(msn: number): ListedSegment {
  return {
    msn,
    uri: null,
    durationSeconds: null,
    parts: [],
    discontinuities: 0,
    map: null,
    programDateTimeMs: null,
    isGap: false,
    lateTags: [],
  };
}

function readSegmentTag(segment: ListedSegment, name: string, value: string): void {
  const appliesToAll = ['EXT-X-DISCONTINUITY', 'EXT-X-MAP', 'EXT-X-PROGRAM-DATE-TIME'].includes(name);
  if (appliesToAll && segment.parts.length > 0) segment.lateTags.push(name);
  if (name === 'EXT-X-DISCONTINUITY') segment.discontinuities++;
  if (name === 'EXT-X-MAP') segment.map = parseAttributes(value).get('URI') ?? '';
  if (name === 'EXT-X-PROGRAM-DATE-TIME') segment.programDateTimeMs = Date.parse(value);
  if (name === 'EXT-X-GAP') segment.isGap = true;
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
  };
}
