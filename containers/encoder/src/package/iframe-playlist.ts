import { segmentFileName } from '#domain/hls-files.ts';
import { firstSampleRange } from './cmaf-chunk.ts';
import { PLAYLIST_VERSION, seconds, sequenceLines, startLines } from './media-playlist.ts';
import type { RenditionTimeline } from './rendition-timeline.ts';
import type { Segment } from './segment.ts';
import type { StreamPackage } from './stream-package.ts';

/**
 * The I-frame playlist of a video rendition (RFC 8216bis 4.4.3.6), for thumbnails and trick play. Each entry is the IDR frame with
 * which a segment begins, as a byte range of the segment. So it has the segments' numbers, discontinuities and durations, and goes on
 * over everything that the media playlist goes on over. An open segment has no file of a known size, so it is not listed.
 */
export function renderIframePlaylist(stream: StreamPackage, timeline: RenditionTimeline): string {
  const segments = timeline.listed().filter(({ isComplete }) => isComplete);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${PLAYLIST_VERSION}`,
    `#EXT-X-TARGETDURATION:${stream.targetDurationSeconds}`,
    ...sequenceLines(segments),
    '#EXT-X-I-FRAMES-ONLY',
    ...segments.flatMap((segment, index) => entryLines(timeline, segment, segments[index - 1])),
  ];
  if (timeline.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** A segment whose media was lost with another task is a gap, because nobody knows the range. */
function entryLines(timeline: RenditionTimeline, segment: Segment, previous: Segment | undefined): string[] {
  const first = segment.parts[0];
  const range = first?.isIndependent ? firstSampleRange(first.data) : null;
  return [
    ...startLines(timeline, segment, previous),
    range === null ? '#EXT-X-GAP' : `#EXT-X-BYTERANGE:${range.bytes}@${range.offset}`,
    `#EXTINF:${seconds(segment.durationSeconds)},`,
    segmentFileName(segment.epoch, segment.msn),
  ];
}
