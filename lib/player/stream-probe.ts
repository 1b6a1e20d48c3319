import { PLAYBACK_STATUSES, type PlaybackStatus } from '#domain/playback-status.ts';

/**
 * The state of a stream at this moment. `over`: its playlists have ended (EXT-X-ENDLIST, RFC 8216bis 4.4.3.4).
 * `refused`: the viewer token is missing, has expired or belongs to another stream.
 */
export type ProbeResult = 'live' | 'absent' | 'over' | 'refused' | 'unreachable';

/** The stream to ask about. */
export interface ProbedStream {
  /** Absolute URL of status.json. */
  readonly statusUrl: string;
  /**
   * Whether the stream requires a viewer token. For other streams a 403 is temporary: a firewall or a proxy sent it.
   */
  readonly isProtected: boolean;
}

const RESULT_OF_STATUS = { unknown: 'absent', idle: 'absent', live: 'live', ended: 'over' } as const satisfies Record<
  PlaybackStatus,
  ProbeResult
>;

/** HTTP status of a request whose viewer token is missing, expired or for another stream. */
export const REFUSED_STATUS = 403;

/** Longer than any healthy server takes, but short enough to retry while the viewer still waits. */
const TIMEOUT_MS = 4000;

/**
 * Asks whether a stream can be played, without loading media. It requests status.json instead of a playlist because
 * browsers write every 404 to the console. Never rejects.
 */
export async function probeStream(
  { statusUrl, isProtected }: ProbedStream,
  fetchImpl: typeof fetch,
): Promise<ProbeResult> {
  try {
    const response = await fetchImpl(statusUrl, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === REFUSED_STATUS && isProtected) return 'refused';
    if (response.status !== 200) return 'unreachable';
    const { status } = (await response.json()) as { readonly status?: unknown };
    const known = PLAYBACK_STATUSES.find((candidate) => candidate === status);
    return known === undefined ? 'unreachable' : RESULT_OF_STATUS[known];
  } catch {
    // To the viewer a network failure, a timeout and a malformed response are the same. The caller tries again.
    return 'unreachable';
  }
}
