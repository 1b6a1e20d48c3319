import { watchPath } from '#domain/playback-paths.ts';
import { hashSecret } from '#domain/stream-ids.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import { ApiError } from '#scripts/api/api-error.ts';
import type { ControlApiClient, StreamWithKey } from '#scripts/api/control-api-client.ts';
import { type LocalState, type LocalStreamState, readLocalState, writeLocalState } from './local-state.ts';

/** A stream that the platform sets up on start. */
export interface OwnStream {
  readonly id: string;
  readonly playbackId: string;
  /** Null if the key was rotated: the new one was only shown to whoever did that. */
  readonly streamKey: string | null;
}

export interface OwnStreamOptions {
  readonly title: string;
  readonly state: LocalState;
  readonly api: ControlApiClient;
  readonly dataDir: string;
  /** Tells which key is valid. The control API never does. */
  readonly streams: Pick<StreamStore, 'findByKeyHash'>;
}

/**
 * Returns a stream whose key is stored on this machine. The first start creates it, and it stays the same until
 * somebody deletes it. A rotated key is not replaced: whoever rotated it uses the new one.
 */
export async function ownStream(options: OwnStreamOptions): Promise<OwnStream> {
  const found = await findOwnStream(options);
  return found ?? createOwnStream(options);
}

/** Like `ownStream`, for a caller that publishes and needs the key. A rotated key is rotated once more. */
export async function ownStreamWithKey(options: OwnStreamOptions): Promise<LocalStreamState> {
  const found = await findOwnStream(options);
  if (found === null) return createOwnStream(options);
  const { streamKey } = found;
  if (streamKey !== null) return { ...found, streamKey };
  return keep(options, await options.api.rotateKey(found.id));
}

async function findOwnStream({ title, state, api, streams }: OwnStreamOptions): Promise<OwnStream | null> {
  const known = state.streams[title];
  if (known === undefined) return null;
  try {
    const { id, playbackId } = await api.getStream(known.id);
    return { id, playbackId, streamKey: (await isKeyValid(streams, known)) ? known.streamKey : null };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

async function createOwnStream(options: OwnStreamOptions): Promise<LocalStreamState> {
  return keep(options, await options.api.createStream({ title: options.title }));
}

async function keep({ title, state, dataDir }: OwnStreamOptions, stream: StreamWithKey): Promise<LocalStreamState> {
  const { id, playbackId, streamKey } = stream;
  const kept = { id, playbackId, streamKey };
  // Another stream may have been kept since the start.
  const { streams } = (await readLocalState(dataDir)) ?? state;
  await writeLocalState(dataDir, { ...state, streams: { ...streams, [title]: kept } });
  return kept;
}

/** A link that signs the owner in at the studio, once. Whoever starts the platform can read everything anyway. */
export const ownerLink = async (api: Pick<ControlApiClient, 'createInvite'>): Promise<string> =>
  (await api.createInvite({ name: 'Owner', role: 'owner' })).url;

/** Where `/` redirects: to the stream's page, or without a stream to the reference of the control API. */
export const homePathFor = (stream: OwnStream | null): string =>
  stream === null ? '/api/docs' : watchPath(stream.playbackId);

/** True as long as the stream exists and has this key. */
export async function isKeyValid(
  streams: OwnStreamOptions['streams'],
  { id, streamKey }: LocalStreamState,
): Promise<boolean> {
  const stream = await streams.findByKeyHash(hashSecret(streamKey));
  return stream !== null && stream.id === id && stream.deletedAt === null;
}
