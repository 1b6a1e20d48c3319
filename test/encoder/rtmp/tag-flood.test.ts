import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { TagCache } from '#encoder/transcode/tag-cache.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { RecordingServer } from './recording-server.ts';

const FLOOD_TAGS = 300_000;
/** Video messages on message stream 1 at time 0. `AGAIN` repeats `FIRST` with a chunk header of one byte. */
const KEYFRAME = Buffer.from([6, 0, 0, 0, 0, 0, 2, 9, 1, 0, 0, 0, 0x17, 1]);
const FIRST = Buffer.from([6, 0, 0, 0, 0, 0, 1, 9, 1, 0, 0, 0, 0x27]);
const AGAIN = Buffer.from([0xc6, 0x27]);

let server: RecordingServer;
afterEach(() => server.close());

/** Passes tags to a tag cache, as the transcoder does. */
class CountedCache {
  readonly cache = new TagCache();
  tags = 0;
  mostCached = 0;

  onTag(tag: FlvTag): void {
    this.tags++;
    this.cache.add({ tag, timelineMs: tag.timestampMs }, true);
    this.mostCached = Math.max(this.mostCached, this.cache.tags.length);
  }
}

async function startWithCache() {
  const cached = new CountedCache();
  server = await RecordingServer.start({
    acceptPublisher: async (publisher) => {
      const recorded = server.record(publisher);
      return { ...recorded, onTag: (tag) => cached.onTag(tag) };
    },
  });
  const client = await RtmpClient.open(server.port);
  await client.publish('key');
  return { cached, client };
}

test('a publisher that floods tiny tags at one timestamp is soon disconnected and told why', async () => {
  const { cached, client } = await startWithCache();
  client.socket.write(Buffer.concat([KEYFRAME, FIRST, Buffer.alloc(2 * FLOOD_TAGS, AGAIN)]));
  expect(await client.answer('onStatus')).toMatchObject({
    3: {
      level: 'error',
      code: 'NetStream.Publish.Rejected',
      description: expect.stringContaining('messages a second'),
    },
  });
  await client.closed;
  expect(cached.tags).toBeGreaterThanOrEqual(10_000);
  expect(cached.tags).toBeLessThan(20_000);
  expect(cached.mostCached).toBeLessThanOrEqual(4_096);
  expect(server.recordings[0]?.closes).toBe(1);
});

test('messages that are not tags count towards the message limit', async () => {
  const { cached, client } = await startWithCache();
  const [first, again] = [Buffer.from([6, 0, 0, 0, 0, 0, 1, 22, 1, 0, 0, 0, 0]), Buffer.from([0xc6, 0])];
  client.socket.write(Buffer.concat([first, Buffer.alloc(2 * FLOOD_TAGS, again)]));
  expect(await client.answer('onStatus')).toMatchObject({
    3: { description: expect.stringContaining('messages a second') },
  });
  await client.closed;
  expect(cached.tags).toBe(0);
});
