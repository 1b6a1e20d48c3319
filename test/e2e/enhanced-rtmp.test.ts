import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import {
  ENHANCED_CODECS,
  type EnhancedFourCc,
  readEnhancedCodecs,
} from '../../containers/encoder/src/ingest/enhanced-codecs.ts';
import { VIDEO_TAG } from '../../containers/encoder/src/ingest/flv-tag.ts';
import { decodeFrameNumbers } from '../support/frame-counter.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '../support/platform.ts';
import { RtmpClient } from '../support/rtmp-client.ts';
import { waitFor } from '../support/wait-for.ts';

const SECONDS = 8;
/** Encoders of the FFmpeg that can decode a codec, fast ones. */
const ENCODERS: Readonly<Record<EnhancedFourCc, readonly string[]>> = {
  hvc1: ['libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
  av01: ['libaom-av1', '-usage', 'realtime', '-cpu-used', '8'],
  vp09: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
};

let decodable: ReadonlySet<EnhancedFourCc>;
let platform: TestPlatform;
beforeAll(async () => {
  decodable = await readEnhancedCodecs(spawn);
  platform = await startTestPlatform();
});
afterAll(() => closeTestPlatforms());

async function healthOf({ id }: TestStream) {
  const headers = { authorization: `Bearer ${platform.adminToken}` };
  const stream = (await (await fetch(`${platform.apiUrl}/streams/${id}`, { headers })).json()) as {
    readonly health: { readonly videoCodec: string } | null;
  };
  return stream.health;
}

/** Publishes as a broadcaster who chose the codec, and takes the stream's picture. */
async function expectToPass(fourCc: EnhancedFourCc, codec: string): Promise<void> {
  const stream = await platform.createStream({ ladder: '360p' });
  const picture = ['-re', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${SECONDS}`];
  const encoder = ['-c:v', ...ENCODERS[fourCc], '-g', '50', '-b:v', '300k', '-f', 'flv', stream.publishUrl];
  const ffmpeg = spawn('ffmpeg', ['-nostdin', '-loglevel', 'error', ...picture, ...encoder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = Promise.all([text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  const health = await waitFor('its health', async () => healthOf(stream));
  expect(health.videoCodec).toBe(codec);
  const [complaints, [exitCode]] = await ended;
  expect({ complaints, exitCode }).toEqual({ complaints: '', exitCode: 0 });
  const playlistUrl = `${stream.liveUrl}/360p/media.m3u8`;
  const frames = await decodeFrameNumbers(['-live_start_index', '0', '-i', playlistUrl, '-t', `${SECONDS - 1}`]);
  expect(frames).toHaveLength((SECONDS - 1) * 25);
}

async function expectRefusal(fourCc: EnhancedFourCc, name: string): Promise<void> {
  const stream = await platform.createStream();
  const client = await RtmpClient.open(Number(new URL(platform.rtmpUrl).port));
  await client.publish(stream.streamKey);
  client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from(`\x90${fourCc}`, 'latin1') });
  expect(await client.answer('onStatus')).toMatchObject({ 3: { description: expect.stringContaining(name) } });
  await client.closed;
}

test.each(ENHANCED_CODECS)(
  '$name passes where the FFmpeg at hand decodes it from FLV, and is refused by its name elsewhere',
  async ({ fourCc, codec, name }) => {
    if (decodable.has(fourCc)) await expectToPass(fourCc, codec);
    else await expectRefusal(fourCc, name);
  },
);
