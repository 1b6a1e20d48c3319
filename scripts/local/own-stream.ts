import { hashSecret } from '#domain/stream-ids.ts';
import type { StreamStore } from '#runtime/stream-store.ts';
import { createStream, findStream, rotateKey } from './api-client.ts';
import { type LocalState, type LocalStreamState, writeLocalState } from './local-state.ts';

/** A stream to begin with. */
export interface OwnStream {
  readonly id: string;
  readonly playbackId: string;
  /** Null where it was rotated: only who did that was shown the new one. */
  readonly streamKey: string | null;
}

export interface OwnStreamOptions {
  readonly title: string;
  readonly state: LocalState;
  readonly apiUrl: string;
  readonly dataDir: string;
  /** Knows which key is good now, which the control API tells nobody. */
  readonly streams: Pick<StreamStore, 'findByKeyHash'>;
}

/**
 * A stream whose key this machine keeps: made by the first start that needs it, the same until somebody deletes it. A key
 * that was rotated stays so: whoever did that has set up a broadcaster with the new one.
 */
export async function ownStream(options: OwnStreamOptions): Promise<OwnStream> {
  const found = await findOwnStream(options);
  return found ?? createOwnStream(options);
}

/** The same for who publishes itself and needs a key: one that was rotated is rotated once more. */
export async function ownStreamWithKey(options: OwnStreamOptions): Promise<LocalStreamState> {
  const found = await findOwnStream(options);
  if (found === null) return createOwnStream(options);
  const { apiUrl, state } = options;
  const { streamKey } = found;
  if (streamKey !== null) return { ...found, streamKey };
  return keep(options, { ...found, streamKey: await rotateKey(apiUrl, state.adminToken, found.id) });
}

async function findOwnStream({ title, state, apiUrl, streams }: OwnStreamOptions): Promise<OwnStream | null> {
  const known = state.streams[title];
  if (known === undefined) return null;
  const found = await findStream(apiUrl, state.adminToken, known.id);
  if (found === null) return null;
  const isGood = await isKeyGood(streams, known);
  return { id: found.id, playbackId: found.playbackId, streamKey: isGood ? known.streamKey : null };
}

async function createOwnStream(options: OwnStreamOptions): Promise<LocalStreamState> {
  return keep(options, await createStream(options.apiUrl, options.state.adminToken, { title: options.title }));
}

async function keep({ title, state, dataDir }: OwnStreamOptions, stream: LocalStreamState): Promise<LocalStreamState> {
  await writeLocalState(dataDir, { ...state, streams: { ...state.streams, [title]: stream } });
  return stream;
}

/** Where a visitor of `/` is sent: to the stream's page, or to the control API's reference where there is none. */
export const homePathFor = (stream: OwnStream | null): string =>
  stream === null ? '/api/docs' : `/watch/${stream.playbackId}`;

/** True while the stream is there and this is its key. */
export async function isKeyGood(
  streams: OwnStreamOptions['streams'],
  { id, streamKey }: LocalStreamState,
): Promise<boolean> {
  const stream = await streams.findByKeyHash(hashSecret(streamKey));
  return stream !== null && stream.id === id && stream.deletedAt === null;
}
