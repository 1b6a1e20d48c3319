import { initFileName, partFileName, segmentFileName } from '#domain/hls-files.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import type { Part, Segment } from './segment.ts';
import type { StreamPackage } from './stream-package.ts';

/** EXT-X-SKIP requires version 9 (RFC 8216bis 8). */
export const PLAYLIST_VERSION = 9;
/** Players stay this many (part) target durations behind the end (RFC 8216bis 4.4.3.8; Apple's authoring rules). */
const HOLD_BACK_FACTOR = 3;
/** Delta updates skip segments that are older than this many target durations (RFC 8216bis 4.4.3.8). */
const SKIP_BOUNDARY_FACTOR = 6;
/**
 * Parts are listed for the last three target durations; older segments are listed without parts (RFC 8216bis 6.2.2).
 */
const PARTS_LISTED_FACTOR = 3;

/**
 * Parts are declared longer than they are by this much, but never longer than PART-TARGET. Shaka Player 5.2.12 adds a millisecond to
 * a timestamp offset below zero, and then finds that it is a millisecond off. Whether it resets the decoder for that before each
 * part was up to rounding errors. Starts of parts that grow this little more than their times keep it below the millisecond.
 */
const PART_EXCESS_SECONDS = 1e-5;

/**
 * A media playlist (RFC 8216bis 4.4). `isDelta` asks for a playlist delta update (6.2.5.1). A playlist that is too
 * short to skip anything, or lists no parts, is rendered in full.
 */
export function renderMediaPlaylist(
  stream: StreamPackage,
  renditionName: string,
  timeline: RenditionTimeline,
  isDelta: boolean,
): string {
  const segments = shownSegments(stream, timeline);
  const canSkip = isDelta && offersDeltas(stream);
  const skipped = canSkip ? skippableSegments(segments, SKIP_BOUNDARY_FACTOR * stream.targetDurationSeconds) : 0;
  const partsFrom = firstWithParts(stream, segments);
  const lines = [...header(stream, segments), ...stream.dateRanges.tags(segments[0]?.programDateTimeMs ?? 0)];
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  for (let index = skipped; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined) continue;
    const partTargetSeconds = index >= partsFrom ? stream.partTargetSeconds : null;
    lines.push(...segmentLines(timeline, segment, segments[index - 1], partTargetSeconds));
  }
  lines.push(...(timeline.ended ? ['#EXT-X-ENDLIST'] : tail(stream, renditionName, timeline)));
  return `${lines.join('\n')}\n`;
}

/** The segments that the playlist lists. An open segment is only listed by its parts. */
function shownSegments(stream: StreamPackage, timeline: RenditionTimeline): readonly Segment[] {
  const segments = timeline.listed();
  return listsParts(stream) ? segments : segments.filter((segment) => segment.isComplete);
}

/**
 * Playlists without parts are short, and asked for seldom. And Video.js 8.24 takes one without parts for unchanged if it has the first
 * media sequence number of the last one and as many segments as that one listed, which a delta update has until the window slides.
 */
const offersDeltas = (stream: StreamPackage): boolean => listsParts(stream);

function listsParts(stream: StreamPackage): boolean {
  return stream.profile.partSeconds !== null;
}

function header(stream: StreamPackage, segments: readonly Segment[]): string[] {
  const targetSeconds = stream.targetDurationSeconds;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${PLAYLIST_VERSION}`,
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    `#EXT-X-SERVER-CONTROL:${serverControl(stream)}`,
  ];
  if (listsParts(stream)) lines.push(`#EXT-X-PART-INF:PART-TARGET=${seconds(stream.partTargetSeconds)}`);
  return [...lines, ...sequenceLines(segments), '#EXT-X-INDEPENDENT-SEGMENTS'];
}

/** What numbers the segments of a playlist begin with. */
export function sequenceLines([first]: readonly Segment[]): string[] {
  return [
    `#EXT-X-MEDIA-SEQUENCE:${first?.msn ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first?.discontinuityNumber ?? 0}`,
  ];
}

function serverControl(stream: StreamPackage): string {
  const targetSeconds = stream.targetDurationSeconds;
  const attributes = ['CAN-BLOCK-RELOAD=YES'];
  if (listsParts(stream)) {
    // Multiplies the rounded part target, as players read it. Rounding the product could give less than three of them.
    attributes.push(`PART-HOLD-BACK=${seconds(HOLD_BACK_FACTOR * Number(seconds(stream.partTargetSeconds)))}`);
  }
  attributes.push(`HOLD-BACK=${seconds(HOLD_BACK_FACTOR * targetSeconds)}`);
  if (offersDeltas(stream)) attributes.push(`CAN-SKIP-UNTIL=${seconds(SKIP_BOUNDARY_FACTOR * targetSeconds)}`);
  return attributes.join(',');
}

/** The tags of one segment, without parts if there is no part target. Each is before the ones that it applies to (RFC 8216bis 4.4.4). */
function segmentLines(
  timeline: RenditionTimeline,
  segment: Segment,
  previous: Segment | undefined,
  partTargetSeconds: number | null,
): string[] {
  const lines = startLines(timeline, segment, previous);
  if (partTargetSeconds !== null)
    lines.push(...segment.parts.map((part, index) => partLine(segment, part, index, partTargetSeconds)));
  if (segment.isComplete) {
    if (segment.isGap) lines.push('#EXT-X-GAP');
    lines.push(`#EXTINF:${seconds(segment.durationSeconds)},`, segmentFileName(segment.epoch, segment.msn));
  }
  return lines;
}

/** The tags that say where a segment begins, and what is needed to decode it. */
export function startLines(timeline: RenditionTimeline, segment: Segment, previous: Segment | undefined): string[] {
  const lines: string[] = [];
  // More than one if this rendition has nothing of a run in between: each removed tag counts (RFC 8216bis 4.4.3.3).
  const discontinuities = previous === undefined ? 0 : segment.discontinuityNumber - previous.discontinuityNumber;
  for (let count = 0; count < discontinuities; count++) lines.push('#EXT-X-DISCONTINUITY');
  // If all that is left of a run is a gap, there may be no init section, and nobody needs one.
  const map = timeline.mapEpoch(segment);
  const mapBefore = previous && (timeline.mapEpoch(previous) ?? previous.epoch);
  if (map !== undefined && map !== mapBefore) lines.push(`#EXT-X-MAP:URI="${initFileName(map)}"`);
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(Math.round(segment.programDateTimeMs)).toISOString()}`);
  return lines;
}

function partLine(segment: Segment, part: Part, index: number, partTargetSeconds: number): string {
  const uri = partFileName(segment.epoch, segment.msn, index);
  const independent = part.isIndependent ? ',INDEPENDENT=YES' : '';
  const declaredSeconds = Math.max(
    part.durationSeconds,
    Math.min(part.durationSeconds + PART_EXCESS_SECONDS, partTargetSeconds),
  );
  return `#EXT-X-PART:DURATION=${seconds(declaredSeconds)},URI="${uri}"${independent}`;
}

/** The tags after the newest part: the next part's name, and reports about the other renditions (RFC 8216bis 4.4.5). */
function tail(stream: StreamPackage, renditionName: string, timeline: RenditionTimeline): string[] {
  const lines: string[] = [];
  const next = timeline.nextPart();
  if (listsParts(stream) && next !== undefined) {
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${partFileName(next.epoch, next.msn, next.part)}"`);
  }
  for (const [name, other] of stream.renditions) {
    const newest = shownSegments(stream, other).at(-1);
    if (name === renditionName || newest === undefined) continue;
    const lastPart = listsParts(stream) ? `,LAST-PART=${newest.parts.length - 1}` : '';
    lines.push(`#EXT-X-RENDITION-REPORT:URI="../${name}/media.m3u8",LAST-MSN=${newest.msn}${lastPart}`);
  }
  return lines;
}

/** How many of the oldest segments are entirely before the skip boundary. */
function skippableSegments(segments: readonly Segment[], boundarySeconds: number): number {
  let remaining = segments.reduce((total, segment) => total + segment.durationSeconds, 0);
  let skipped = 0;
  for (const segment of segments) {
    if (!segment.isComplete || remaining - segment.durationSeconds < boundarySeconds) break;
    remaining -= segment.durationSeconds;
    skipped++;
  }
  return skipped;
}

/** Index of the first segment whose parts are listed. */
function firstWithParts(stream: StreamPackage, segments: readonly Segment[]): number {
  if (!listsParts(stream)) return segments.length;
  const boundarySeconds = PARTS_LISTED_FACTOR * stream.targetDurationSeconds;
  let afterSeconds = 0;
  let index = segments.length;
  while (index > 0 && afterSeconds < boundarySeconds) {
    index--;
    afterSeconds += segments[index]?.durationSeconds ?? 0;
  }
  return index;
}

/** A number of seconds with five decimals, rounded up, so that no declared maximum is below a real duration. */
export function seconds(value: number): string {
  return (Math.ceil(value * 1e5 - 1e-4) / 1e5).toFixed(5);
}
