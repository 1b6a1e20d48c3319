import type { ListedPart, ListedSegment, MediaPlaylist, PlaylistEnd } from './media-playlist.ts';

/** A part, and the segment that it belongs to. */
export interface PlacedPart {
  readonly part: ListedPart;
  readonly segment: ListedSegment;
}

/** The part that follows an end: the next one of the open segment, or else the first one of the segment after it. Null if it is not listed. */
export function partAfter({ segments }: MediaPlaylist, { msn, parts }: PlaylistEnd): PlacedPart | null {
  const own = segments.find((segment) => segment.msn === msn);
  // Long after, a playlist lists the segment without its parts. Then nobody knows which part followed.
  const isOver = parts === Number.POSITIVE_INFINITY || own?.parts.length === parts;
  const segment = isOver ? segments.find((each) => each.msn === msn + 1) : own;
  const part = segment?.parts[isOver ? 0 : parts];
  return segment === undefined || part === undefined ? null : { part, segment };
}

/** Whether a part goes on with the segment of an end. */
export function goesOnWith({ segment }: PlacedPart, { msn }: PlaylistEnd): boolean {
  return segment.msn === msn;
}
