import type { PlaybackStatus } from '#domain/playback-status.ts';
import type { StatusReport } from './status-watch.ts';

/**
 * The state of a stream at this moment. `over`: its playlists have ended (EXT-X-ENDLIST, RFC 8216bis 4.4.3.4).
 * `refused`: the viewer token is missing, has expired or belongs to another stream.
 */
export type ProbeResult = 'live' | 'absent' | 'over' | 'refused' | 'unreachable';

const RESULT_OF_STATUS = { unknown: 'absent', idle: 'absent', live: 'live', ended: 'over' } as const satisfies Record<
  PlaybackStatus,
  ProbeResult
>;

/** What a status means for playback. */
export const toProbeResult = (report: StatusReport): ProbeResult =>
  typeof report === 'string' ? report : RESULT_OF_STATUS[report.status];
