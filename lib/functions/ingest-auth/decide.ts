import {
  type AuthorisedStream,
  type IngestAuthRequest,
  type IngestAuthResponse,
  UNKNOWN_KEY_DESCRIPTION,
} from '#domain/ingest-auth.ts';
import { maxInputKbps } from '#domain/ladders.ts';
import { previewPlaybackId } from '#domain/playback-ids.ts';
import { isSourceAllowed } from '#domain/source-addresses.ts';
import { hashSecret, SECRET_PATTERN } from '#domain/stream-ids.ts';
import type { StreamRecord } from '#domain/streams.ts';

/**
 * Decides about a publish at `nowMs` (milliseconds since 1970). `stream` is the stream of which the request's key is a
 * present key, or null.
 */
export function decide(
  stream: StreamRecord | null,
  { streamKey, sourceAddress }: IngestAuthRequest,
  nowMs: number,
): IngestAuthResponse {
  if (!SECRET_PATTERN.test(streamKey)) return refuse('This is not a stream key: copy it whole, without spaces.');
  if (stream === null) return refuse(UNKNOWN_KEY_DESCRIPTION);
  const { id: streamId, playbackId, version, title, ladder, latency, notBefore, notAfter, allowedSources } = stream;
  const refuseStream = (description: string) => refuse(description, streamId);
  if (stream.deletedAt !== null) return refuseStream('The stream of this key has been deleted.');
  // Asked in this way, a moment that can't be read opens nothing.
  if (notBefore !== null && !(nowMs >= Date.parse(notBefore))) {
    return refuseStream(`This stream key is valid from ${notBefore} on.`);
  }
  if (notAfter !== null && !(nowMs < Date.parse(notAfter))) {
    return refuseStream(`This stream key was valid until ${notAfter}.`);
  }
  if (!isSourceAllowed(sourceAddress, allowedSources)) {
    return refuseStream(`This stream can't be published from the address ${sourceAddress}.`);
  }
  const allowed: AuthorisedStream = {
    ...{ streamId, playbackId, version, title, ladder, latency },
    maxInputKbps: maxInputKbps(ladder),
    ...(stream.autoStart === false && { playbackId: previewPlaybackId(playbackId), onAirPlaybackId: playbackId }),
    ...(stream.codecs && { codecs: stream.codecs }),
    ...(stream.slateImage && { slateImage: stream.slateImage.sha256 }),
  };
  const { backup = null } = stream;
  if (backup === null) return { allow: true, stream: allowed };
  const ingest = backup.keyHash === hashSecret(streamKey) ? 'backup' : 'primary';
  return { allow: true, stream: { ...allowed, ingest, failoverMs: backup.failoverMs } };
}

const refuse = (description: string, streamId?: string): IngestAuthResponse => ({
  allow: false,
  code: 'NetStream.Publish.BadName',
  description,
  ...(streamId !== undefined && { streamId }),
});
