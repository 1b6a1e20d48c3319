import { masterPath, watchPath } from '#domain/playback-paths.ts';
import type { LiveRecord, StreamRecord } from '#domain/streams.ts';
import type { StreamBody } from './schemas.ts';

/** The public addresses of a deployment, without trailing slashes. */
export interface PublicAddresses {
  /** Null in a deployment that takes RTMPS only. */
  readonly rtmpUrl: string | null;
  /** Null if the deployment has no RTMPS. */
  readonly rtmpsUrl: string | null;
  readonly playbackBaseUrl: string;
}

/** A stream as the API shows it at `nowMs`. A live record with an expired lease is ignored. */
export function toStreamBody(
  stream: StreamRecord,
  lastLive: LiveRecord | null,
  { rtmpUrl, rtmpsUrl, playbackBaseUrl }: PublicAddresses,
  nowMs: number,
): StreamBody {
  const live = lastLive !== null && lastLive.leaseUntilMs > nowMs ? lastLive : null;
  const { keyHash: _secret, deletedAt: _present, formerPlaybackIds: _former, allowedSources, ...shown } = stream;
  return {
    ...shown,
    allowedSources: [...allowedSources],
    status: live === null ? 'idle' : 'live',
    startedAt: live?.startedAt ?? null,
    health: live === null || live.health === null ? null : { ...live.health, warnings: [...live.health.warnings] },
    ingest: { ...(rtmpUrl === null ? {} : { rtmpUrl }), ...(rtmpsUrl === null ? {} : { rtmpsUrl }) },
    playbackUrl: `${playbackBaseUrl}${masterPath(stream.playbackId)}`,
    watchUrl: `${playbackBaseUrl}${watchPath(stream.playbackId)}`,
  };
}
