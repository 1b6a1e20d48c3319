import { isPreview, previewPlaybackId } from '#domain/playback-ids.ts';
import { masterPath, watchPath } from '#domain/playback-paths.ts';
import type { SlateImageFacts } from '#domain/slate-images.ts';
import type { EndReason, HeldStream, StreamPresence, StreamRecord } from '#domain/streams.ts';
import { DEFAULT_CODECS } from '#domain/video-codecs.ts';
import type { StreamBody } from './schemas.ts';

/** The public addresses of a deployment, without trailing slashes. */
export interface PublicAddresses {
  /** Null in a deployment that takes RTMPS only. */
  readonly rtmpUrl: string | null;
  /** Null if the deployment has no RTMPS. */
  readonly rtmpsUrl: string | null;
  readonly playbackBaseUrl: string;
}

/** A stream as the API shows it at `nowMs`. What has an expired lease is ignored. */
export function toStreamBody(
  stream: StreamRecord,
  presence: StreamPresence | null,
  { rtmpUrl, rtmpsUrl, playbackBaseUrl }: PublicAddresses,
  nowMs: number,
): StreamBody {
  const publish = valid(presence?.publish ?? null, nowMs);
  const wait = publish === null ? waitOf(valid(presence?.held ?? null, nowMs)) : null;
  const isPreviewed = presence?.held !== null && presence !== null && isPreview(presence.held.holder.playbackId);
  const {
    keyHash: _secret,
    deletedAt: _present,
    formerPlaybackIds: _former,
    description = '',
    category = null,
    listed = true,
    owner = null,
    backup,
    slateImage,
    allowedSources,
    codecs = DEFAULT_CODECS,
    autoStart = true,
    ...shown
  } = stream;
  return {
    ...shown,
    ...{ description, category, listed, owner },
    codecs: [...codecs],
    autoStart,
    onAir: isOnAir({ autoStart }, presence, nowMs),
    allowedSources: [...allowedSources],
    backup: backup ? { failoverMs: backup.failoverMs } : null,
    slateImage: slateImage ? shownImage(slateImage) : null,
    status: publish === null && wait?.hasViewers !== true ? 'idle' : isPreviewed ? 'preview' : 'live',
    publisher: {
      state: publish !== null ? 'connected' : wait === null ? 'none' : 'away',
      since: publish?.startedAt ?? wait?.since ?? null,
    },
    startedAt: publish?.startedAt ?? null,
    health:
      publish === null || publish.health === null
        ? null
        : { ...publish.health, warnings: [...publish.health.warnings] },
    ingest: { ...(rtmpUrl === null ? {} : { rtmpUrl }), ...(rtmpsUrl === null ? {} : { rtmpsUrl }) },
    playbackUrl: `${playbackBaseUrl}${masterPath(stream.playbackId)}`,
    watchUrl: `${playbackBaseUrl}${watchPath(stream.playbackId)}`,
  };
}

/** Whether viewers can have a stream, or will as soon as it is published, or as soon as its task has heard the word for that. */
function isOnAir(
  { autoStart }: Required<Pick<StreamRecord, 'autoStart'>>,
  presence: StreamPresence | null,
  nowMs: number,
): boolean {
  if (presence !== null && presence.onAirId !== null) return true;
  const held = valid(presence?.held ?? null, nowMs);
  const goesOn = held !== null && (held.broadcast?.endedAtMs ?? null) === null;
  // A broadcast that began by itself goes on, and a preview is one, whatever the setting is now.
  if (goesOn && held.holder.onAirId === undefined) return !isPreview(held.holder.playbackId);
  return autoStart;
}

/** The playback id under which the picture of a stream is, or will be as soon as somebody publishes it. */
export function picturePlaybackId(stream: StreamRecord, { held, onAirId }: StreamPresence, nowMs: number): string {
  const present = valid(held, nowMs);
  if (present !== null && (present.broadcast?.endedAtMs ?? null) === null) return present.holder.playbackId;
  return stream.autoStart === false && onAirId === null ? previewPlaybackId(stream.playbackId) : stream.playbackId;
}

const shownImage = ({ type, width, height, bytes }: SlateImageFacts): StreamBody['slateImage'] => ({
  ...{ type, width, height, bytes },
});

/** Null if the lease has expired. */
const valid = <Leased extends { readonly leaseUntilMs: number }>(
  leased: Leased | null,
  nowMs: number,
): Leased | null => (leased !== null && leased.leaseUntilMs > nowMs ? leased : null);

/** What ends the wait for a publisher. With a new key, the stream still waits for one who has it. */
const endsWait = (reason: EndReason | null): boolean => reason !== null && reason !== 'key-rotated';

/** The wait of a stream whose publisher has left and may come back. Null if it has ended, or somebody has asked for its end. */
function waitOf(held: HeldStream | null): {
  readonly since: string | null /** Whether viewers have something to play meanwhile. */;
  readonly hasViewers: boolean;
} | null {
  const broadcast = held?.broadcast ?? null;
  if (held === null || broadcast === null || broadcast.endedAtMs !== null || endsWait(held.requestedEnd)) return null;
  const { publisherGoneAtMs, liveSinceMs } = broadcast;
  const since = publisherGoneAtMs === null ? null : new Date(publisherGoneAtMs).toISOString();
  return { since, hasViewers: liveSinceMs !== null };
}
