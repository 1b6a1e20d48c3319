import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { makeClip } from '#kit/clip.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import { interleave, makeEnhancedTags } from '#test/encoder/transcode/enhanced-clip.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const SECONDS = 5;

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => closeTestPlatforms());

async function codecsOf({ id }: TestStream): Promise<(string | null)[] | null> {
  const { health } = await (await platform.callApi('GET', `/streams/${id}`)).json();
  return health?.videoCodec ? [health.videoCodec, health.audioCodec] : null;
}

/** Sends tags when they are due. */
async function sendPaced(client: RtmpClient, tags: readonly FlvTag[]): Promise<void> {
  const startedAtMs = performance.now();
  const firstMs = tags.find(({ timestampMs }) => timestampMs > 0)?.timestampMs ?? 0;
  for (const tag of tags) {
    const dueInMs = tag.timestampMs - firstMs - (performance.now() - startedAtMs);
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    client.send({ ...tag, messageStreamId: 1, chunkStreamId: tag.type === AUDIO_TAG ? 4 : 6 });
  }
}

test.each([
  [
    'HEVC with Opus',
    'hvc1',
    ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
    'Opus',
    'libopus',
  ],
  ['AV1 with AC-3', 'av01', ['-c:v', 'libsvtav1', '-preset', '12'], 'ac-3', 'ac3'],
  ['VP9 with FLAC', 'vp09', ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'], 'fLaC', 'flac'],
])('%s is streamed, every frame of it', async (_, videoFourCc, videoOptions, audioFourCc, audioEncoder) => {
  const stream = await platform.createStream({ ladder: '360p' });
  const clip = ['-i', await makeClip({ width: 640, height: 360, videoKbps: 1_000, seconds: SECONDS })];
  const video = [...clip, '-an', ...videoOptions, '-g', '60', '-b:v', '1000k'];
  const audio = [...clip, '-vn', '-c:a', audioEncoder];
  const tracks = await Promise.all([
    makeEnhancedTags(VIDEO_TAG, { fourCc: videoFourCc, options: video }),
    makeEnhancedTags(AUDIO_TAG, { fourCc: audioFourCc, options: audio }),
  ]);
  const client = await RtmpClient.open(platform.rtmpPort);
  await client.publish(stream.streamKey);
  const metadata = encodeAmf0('onMetaData', {
    width: 640,
    height: 360,
    framerate: 30,
    videocodecid: 1,
    audiocodecid: 1,
  });
  client.send({ type: SCRIPT_TAG, messageStreamId: 1, payload: metadata });
  const sent = sendPaced(client, interleave(...tracks));
  const codecs = await waitFor('its codecs', () => codecsOf(stream));
  expect(codecs).toEqual({ hvc1: ['hevc', 'opus'], av01: ['av1', 'ac3'], vp09: ['vp9', 'flac'] }[videoFourCc]);
  await sent;
  client.sendCommand(0, 'deleteStream', 4, null, 1);
  const playlistUrl = `${stream.liveUrl}/360p/media.m3u8`;
  const frames = await decodeFrameNumbers(['-live_start_index', '0', '-i', playlistUrl, '-t', `${SECONDS - 1}`]);
  client.socket.destroy();
  // FFmpeg may repeat a frame or two to keep the frame rate constant.
  const numbers = [...new Set(frames)];
  expect(numbers).toEqual([...numbers.keys()]);
  expect(numbers.length).toBeGreaterThan(0.95 * (SECONDS - 1) * 30);
});
