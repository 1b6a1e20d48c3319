import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';

/** The directives of a media playlist request (RFC 8216bis 6.2.5). */
export interface DeliveryDirectives {
  readonly msn: number | null;
  readonly part: number | null;
  readonly isDelta: boolean;
}

/** Asks for the current playlist. */
export const NO_DIRECTIVES: DeliveryDirectives = { msn: null, part: null, isDelta: false };

const DECIMAL_INTEGER = /^(0|[1-9][0-9]{0,14})$/;
/** A request may ask for a segment at most this far after the newest (RFC 8216bis 6.2.5.2). */
const MAX_SEGMENTS_AHEAD = 2;

/** Parses the directives in a query string; ignores other parameters. Returns a string that says what is wrong. */
export function parseDirectives(query: string): DeliveryDirectives | string {
  const parameters = new URLSearchParams(query);
  for (const name of ['_HLS_msn', '_HLS_part', '_HLS_skip']) {
    if (parameters.getAll(name).length > 1) return `${name} is given more than once`;
  }
  const msn = parameters.get('_HLS_msn');
  const part = parameters.get('_HLS_part');
  const skip = parameters.get('_HLS_skip');
  if (msn !== null && !DECIMAL_INTEGER.test(msn)) return '_HLS_msn is no decimal integer';
  if (part !== null && !DECIMAL_INTEGER.test(part)) return '_HLS_part is no decimal integer';
  if (part !== null && msn === null) return '_HLS_part needs _HLS_msn';
  if (skip !== null && skip !== 'YES' && skip !== 'v2') return '_HLS_skip is YES or v2';
  return {
    msn: msn === null ? null : Number(msn),
    part: part === null ? null : Number(part),
    isDelta: skip !== null,
  };
}

/**
 * The reason why a position is too far in the future to wait for, or null. Part requests are limited by the Advance
 * Part Limit: three divided by the part target if that is below a second, else three (RFC 8216bis 6.2.5.2). Before a
 * rendition has its first part, players may wait for the stream's next segment.
 */
export function tooFarAhead(
  position: { readonly msn: number; readonly part: number | null },
  timeline: RenditionTimeline,
  stream: Pick<StreamPackage, 'nextMsn' | 'partTargetSeconds'>,
): string | null {
  const newest = timeline.newest();
  const newestMsn = newest?.msn ?? stream.nextMsn() - 1;
  if (position.msn > newestMsn + MAX_SEGMENTS_AHEAD) return `_HLS_msn is more than 2 past ${newestMsn}`;
  if (position.part === null || position.msn < newestMsn) return null;
  const limit = Math.ceil(stream.partTargetSeconds < 1 ? 3 / stream.partTargetSeconds : 3);
  const newestPart = position.msn === newest?.msn ? newest.parts.length - 1 : -1;
  return position.part > newestPart + limit ? `_HLS_part is more than ${limit} ahead` : null;
}
