import { parseMediaPlaylist } from '#kit/hls-playlist.ts';

/** How far media playlists had got at one moment. */
export interface ProgressSample {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** EXT-X-PROGRAM-DATE-TIME at the end of what each lists, milliseconds since 1970, in the order of the playlists. */
  readonly edgesMs: readonly number[];
}

/** Reads all at once. Rejects where one can't be had or says nothing of time. */
export async function sampleProgress(playlistUrls: readonly string[]): Promise<ProgressSample> {
  const edgesMs = await Promise.all(playlistUrls.map(readEdgeMs));
  return { atMs: Date.now(), edgesMs };
}

/**
 * Media made per time that passed, of the slowest playlist, in the best stretch of at least `stretchMs`; 0 of none. An encoder
 * that is too slow for its source reaches 1 in no stretch, as it falls ever further behind; one that another program kept
 * waiting does, before or after.
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
  if (last === undefined || last.programDateTimeMs === null) throw new Error(`${url} says nothing of time`);
  const partsSeconds = last.parts.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
  return last.programDateTimeMs + 1000 * (last.durationSeconds ?? partsSeconds);
}
