import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

/** How far media playlists were at one moment. */
export interface ProgressSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** EXT-X-PROGRAM-DATE-TIME at the end of each playlist, in milliseconds since 1970. */
  readonly edgesMs: readonly number[];
}

/** Reads all playlists at once. Rejects if a request fails or a playlist has no date. */
export async function sampleProgress(playlistUrls: readonly string[]): Promise<ProgressSample> {
  const edgesMs = await Promise.all(playlistUrls.map(readEdgeMs));
  return { atMs: Date.now(), edgesMs };
}

/**
 * Media time over wall time of the slowest playlist, in the best stretch of at least `stretchMs`; 0 without such a stretch. An
 * FFmpeg that is too slow for its source never reaches 1. One that only had to wait for the CPU for a while does.
 */
export function bestPace(samples: readonly ProgressSample[], stretchMs: number): number {
  const paces = samples.flatMap((from, index) => {
    const to = samples.slice(index).find(({ atMs }) => atMs - from.atMs >= stretchMs);
    return to === undefined ? [] : [slowestPace(from, to)];
  });
  return Math.max(0, ...paces);
}

function slowestPace(from: ProgressSample, to: ProgressSample): number {
  const madeMs = to.edgesMs.map((edgeMs, index) => edgeMs - (from.edgesMs[index] ?? edgeMs));
  return Math.min(...madeMs) / (to.atMs - from.atMs);
}

async function readEdgeMs(url: string): Promise<number> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  const last = parseMediaPlaylist(text).segments.at(-1);
  if (last === undefined || last.programDateTimeMs === null) throw new Error(`${url} has no date`);
  const partsSeconds = last.parts.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  return last.programDateTimeMs + 1000 * (last.durationSeconds ?? partsSeconds);
}
