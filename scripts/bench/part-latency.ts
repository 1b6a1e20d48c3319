import { type ListedSegment, parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

/** A part with its position in the stream and the time at which its media ended, in milliseconds since 1970. */
interface TimedPart {
  readonly msn: number;
  readonly part: number;
  readonly endMs: number;
}

/**
 * Follows a rendition with blocking reloads (RFC 8216bis 6.2.5.2) until the signal aborts. Reports the latency of each
 * new part in milliseconds: from its end by EXT-X-PROGRAM-DATE-TIME, when its last frame arrived, until it is listed.
 */
export async function followParts(
  renditionUrl: string,
  signal: AbortSignal,
  onPart: (latencyMs: number) => void,
): Promise<void> {
  let last: TimedPart | undefined = (await listParts(renditionUrl, '', signal)).at(-1);
  while (last !== undefined && !signal.aborted) {
    const next: TimedPart = last;
    const parts = await listParts(renditionUrl, `?_HLS_msn=${next.msn}&_HLS_part=${next.part + 1}`, signal);
    const nowMs = Date.now();
    const fresh = parts.filter(({ msn, part }) => msn > next.msn || (msn === next.msn && part > next.part));
    for (const { endMs } of fresh) onPart(nowMs - endMs);
    last = fresh.at(-1) ?? last;
  }
}

/** The parts, oldest first. Empty if the signal has aborted. */
async function listParts(renditionUrl: string, query: string, signal: AbortSignal): Promise<readonly TimedPart[]> {
  try {
    const response = await fetch(`${renditionUrl}/media.m3u8${query}`, { signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`media.m3u8: ${response.status} ${text}`);
    return parseMediaPlaylist(text).segments.flatMap(timeParts);
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

function timeParts({ msn, parts, programDateTimeMs }: ListedSegment): TimedPart[] {
  if (programDateTimeMs === null) return [];
  let endMs = programDateTimeMs;
  return parts.map(({ durationSeconds }, part) => {
    endMs += durationSeconds * 1000;
    return { msn, part, endMs };
  });
}
