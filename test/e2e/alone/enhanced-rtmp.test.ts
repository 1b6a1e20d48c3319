import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ENHANCED_CODECS, type EnhancedFourCc } from '#encoder/media/enhanced-codecs.ts';
import { VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { readEnhancedCodecs } from '#encoder/transcode/ffmpeg-decoders.ts';
import { makeClip } from '#kit/clip.ts';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { waitFor } from '#kit/wait-for.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform, type TestStream } from '#test/support/platform.ts';

const SECONDS = 8;
/** An encoder for each codec, with its fastest settings. */
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

async function videoCodecOf({ id }: TestStream): Promise<string | null> {
  const { health } = await (await platform.callApi('GET', `/streams/${id}`)).json();
  return health?.videoCodec ?? null;
}

/** Publishes with a codec, and expects every frame in the stream. */
async function expectToPass(fourCc: EnhancedFourCc, codec: string): Promise<void> {
  const stream = await platform.createStream({ ladder: '360p' });
  const clip = ['-re', '-i', await makeClip({ width: 640, height: 360, videoKbps: 1_000, seconds: SECONDS })];
  const encoder = ['-c:v', ...ENCODERS[fourCc], '-g', '60', '-b:v', '1000k', '-c:a', 'copy'];
  const args = ['-nostdin', '-loglevel', 'error', ...clip, ...encoder, '-f', 'flv', stream.publishUrl];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = Promise.all([text(ffmpeg.stderr), once(ffmpeg, 'close')]).then(([complaints, [exitCode]]) => {
    if (complaints !== '' || exitCode !== 0) throw new Error(`FFmpeg exit code ${exitCode}: ${complaints}`);
  });
  try {
    const live = waitFor('its codec', () => videoCodecOf(stream));
    expect(await Promise.race([live, ended.then(() => live)])).toBe(codec);
  } catch (error) {
    ffmpeg.kill('SIGKILL');
    await Promise.allSettled([ended]);
    throw error;
  }
  await ended;
  const playlistUrl = `${stream.liveUrl}/360p/media.m3u8`;
  const frames = await decodeFrameNumbers(['-live_start_index', '0', '-i', playlistUrl, '-t', `${SECONDS - 1}`]);
  // FFmpeg may repeat a frame or two to keep the frame rate constant.
  const numbers = [...new Set(frames)];
  expect(numbers).toEqual([...numbers.keys()]);
  expect(numbers.length).toBeGreaterThan(0.95 * (SECONDS - 1) * 30);
}

async function expectRefusal(fourCc: EnhancedFourCc, name: string): Promise<void> {
  const stream = await platform.createStream();
  const client = await RtmpClient.open(platform.rtmpPort);
  await client.publish(stream.streamKey);
  client.send({ type: VIDEO_TAG, messageStreamId: 1, payload: Buffer.from(`\x90${fourCc}`, 'latin1') });
  expect(await client.answer('onStatus')).toMatchObject({ 3: { description: expect.stringContaining(name) } });
  await client.closed;
}

test.each(ENHANCED_CODECS)(
  '$name is streamed if the installed FFmpeg decodes it from FLV, and refused by its name if not',
  async ({ fourCc, codec, name }) => {
    if (decodable.has(fourCc)) await expectToPass(fourCc, codec);
    else await expectRefusal(fourCc, name);
  },
);
