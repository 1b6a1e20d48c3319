import { readFile } from 'node:fs/promises';
import { type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { type AmfValue, encodeAmf0 } from './amf0.ts';
import { endlessClip } from './endless-clip.ts';
import { type FlvFile, parseFlvFile } from './flv-file.ts';
import { paceTags } from './pace-tags.ts';
import { RtmpClient } from './rtmp-client.ts';

/** A tag, and when it is sent, in milliseconds on a clock that all tags share. */
export interface DueTag {
  readonly tag: FlvTag;
  readonly dueMs: number;
}

export interface TagPublisherOptions {
  readonly rtmpPort: number;
  readonly streamKey: string;
  /** An FLV made by `makeClip`. */
  readonly clipPath: string;
  /** What is sent for a tag of the clip, headers included. @default the tag itself */
  readonly change?: (sent: DueTag) => readonly DueTag[];
  /** The fields of `onMetaData`. @default none is sent */
  readonly metadata?: Readonly<Record<string, AmfValue>>;
}

/** A publish that sends what a clip's tags are changed to. */
export interface TagPublisher {
  isOpen(): boolean;
  /** Ends at once, as a machine that crashes. */
  kill(): void;
}

const AUDIO_CHUNK_STREAM = 4;
const VIDEO_CHUNK_STREAM = 6;

/** Publishes a clip for ever, in real time, by an RTMP client of our own: for what no FFmpeg sends. */
export async function publishTags(options: TagPublisherOptions): Promise<TagPublisher> {
  const { rtmpPort, streamKey, clipPath, change = (sent) => [sent], metadata } = options;
  const clip = parseFlvFile(await readFile(clipPath));
  const client = await RtmpClient.open(rtmpPort);
  await client.publish(streamKey);
  const send = ({ type, payload, timestampMs }: FlvTag): void => {
    const chunkStreamId = type === VIDEO_TAG ? VIDEO_CHUNK_STREAM : AUDIO_CHUNK_STREAM;
    client.send({ type, payload, timestampMs, chunkStreamId, messageStreamId: 1 });
  };
  if (metadata !== undefined) {
    send({ type: SCRIPT_TAG, timestampMs: 0, payload: encodeAmf0('@setDataFrame', 'onMetaData', metadata) });
  }
  let isOpen = true;
  const stop = paceTags(
    changedTags(clip, change),
    ({ dueMs }) => dueMs,
    ({ tag }) => send(tag),
  );
  void client.closed.then(() => {
    isOpen = false;
    stop();
  });
  return {
    isOpen: () => isOpen,
    kill: () => client.destroy(),
  };
}

function* changedTags(clip: FlvFile, change: (sent: DueTag) => readonly DueTag[]): Generator<DueTag, never> {
  for (const tag of clip.headers) if (tag.type !== SCRIPT_TAG) yield* change({ tag, dueMs: 0 });
  for (const { tag } of endlessClip(clip)) yield* change({ tag, dueMs: tag.timestampMs });
  throw new Error('an endless clip has ended');
}
