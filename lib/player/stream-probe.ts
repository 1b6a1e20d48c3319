import { PLAYBACK_STATUSES, type PlaybackStatus } from '#domain/playback-ids.ts';

/**
 * What an address has to offer right now. `over`: its playlists have ended (EXT-X-ENDLIST, RFC 8216bis 4.4.3.4);
 * `refused`: the viewer token is missing, expired or for another stream.
 */
export type ProbeResult = 'live' | 'absent' | 'over' | 'refused' | 'unreachable';

/** Where to ask. */
export interface ProbedStream {
  /** Absolute URL of status.json. */
  readonly statusUrl: string;
  /** Whether the stream is for viewers with a token. A 403 of any other is somebody's who will let us in again, as a firewall's. */
  readonly isProtected: boolean;
}

const RESULT_OF_STATUS = { idle: 'absent', live: 'live', ended: 'over' } as const satisfies Record<
  PlaybackStatus,
  ProbeResult
>;

/** Longer than any healthy answer, short enough to try again while a viewer still waits. */
const TIMEOUT_MS = 4000;

/**
 * Asks whether a stream can be played, without loading media. It asks status.json rather than for a playlist, because a
 * browser writes every 404 into its console. Never rejects.
 */
export async function probeStream(
  { statusUrl, isProtected }: ProbedStream,
  fetchImpl: typeof fetch,
): Promise<ProbeResult> {
  try {
    const response = await fetchImpl(statusUrl, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 403 && isProtected) return 'refused';
    if (response.status !== 200) return 'unreachable';
    const { status } = (await response.json()) as { readonly status?: unknown };
    const known = PLAYBACK_STATUSES.find((candidate) => candidate === status);
    return known === undefined ? 'unreachable' : RESULT_OF_STATUS[known];
  } catch {
    // Network failure, time-out and a malformed answer are one thing to a viewer, and the caller tries again.
    return 'unreachable';
  }
}
