import { startsDecoding } from '#encoder/media/decoding-start.ts';
import { AUDIO_TAG, type FlvTag, isVideoKeyframe, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { probeTrack } from './media-probe.ts';
import { makeSourceTags } from './source-clip.ts';
import { framesOf, outputOf, startSession, stopSessions } from './transcode-session.ts';

const FRAME_RATE = 25;
const VIDEO = { width: 320, height: 180, frameRate: `${FRAME_RATE}` } as const;

afterEach(stopSessions);

const isHeader = ({ payload }: FlvTag): boolean => payload[1] === 0;

test('a publish without a keyframe is ended after 10 s, in words that say what to do', async () => {
  const tags = await makeSourceTags({ seconds: 13, video: VIDEO, audio: { sampleRateHz: 48_000, channels: 2 } });
  const session = startSession({ ladder: '360p', clockSpeed: 10 });
  const useless = tags.filter((tag) => isHeader(tag) || !isVideoKeyframe(tag));
  await session.pace(useless, () => session.fatal.length === 0);
  expect(session.fatal).toEqual([expect.stringMatching(/^No keyframe came for 10 s; set a keyframe interval/)]);
  expect(session.runs).toEqual([]);
});

test('an FFmpeg that dies in a group of pictures of 20 s is followed by one that begins with the same keyframe', async () => {
  const tags = await makeSourceTags({ seconds: 20, video: { ...VIDEO, keyframeSeconds: 100 }, audio: null });
  const session = startSession({ ladder: '360p' });
  const early = tags.filter(({ timestampMs }) => timestampMs < 16_000);
  session.burst(early);
  await session.until(() => framesOf(session.runs[0], '360p') > 10 * FRAME_RATE);
  session.processes[0]?.kill('SIGKILL');
  await session.pace(tags.filter(({ timestampMs }) => timestampMs >= 16_000));
  await session.until(() => framesOf(session.runs[0], '360p') + framesOf(session.runs[1], '360p') > 19 * FRAME_RATE);
  expect(session.restarts).toEqual(['died']);
  expect(session.fatal).toEqual([]);
});

test.each([
  ['keyframes', (tag: FlvTag) => tag],
  ['other frames', (tag: FlvTag) => ({ ...tag, payload: Buffer.from([0x27, ...tag.payload.subarray(1)]) })],
])('decoding starts at a recovery point that is sent among the %s', async (_name, sent) => {
  const tags = await makeSourceTags({ seconds: 8, video: { ...VIDEO, intraRefresh: true }, audio: null });
  const starts = tags.filter((tag) => !isHeader(tag) && startsDecoding(tag));
  expect(starts.map(({ timestampMs }) => timestampMs)).toEqual([0, 2000, 4000, 6000]);
  const session = startSession({ ladder: '360p' });
  session.burst(
    tags
      .filter((tag) => isHeader(tag) || tag.timestampMs > 1000)
      .map((tag) => (tag.timestampMs > 0 && startsDecoding(tag) ? sent(tag) : tag)),
  );
  await session.until(() => framesOf(session.runs[0], '360p') >= 4 * FRAME_RATE);
  await session.transcoder.stop();
  const [run] = session.runs;
  if (run === undefined) throw new Error('there is no run');
  const track = await probeTrack(outputOf(run, '360p'));
  // From the first recovery point on; the first whole picture stands for those before it.
  expect(track.packets).toHaveLength(6 * FRAME_RATE);
  expect([session.runs.length, session.restarts, session.fatal]).toEqual([1, [], []]);
});

describe('FFmpeg goes on', () => {
  const source = () => makeSourceTags({ seconds: 5, video: VIDEO, audio: { sampleRateHz: 48_000, channels: 2 } });

  test('if a tag says that the video ends', async () => {
    const session = startSession({ ladder: '360p' });
    const end = { type: VIDEO_TAG, timestampMs: 0, payload: Buffer.from([0x17, 2, 0, 0, 0]) } as const;
    const enhancedEnd = { ...end, payload: Buffer.from([0x92, ...Buffer.from('avc1')]) };
    const tags = await source();
    session.burst([...tags.slice(0, 200), end, enhancedEnd, ...tags.slice(200)]);
    await session.until(() => framesOf(session.runs[0], '360p') >= 4 * FRAME_RATE);
    expect([session.runs.length, session.restarts, session.fatal]).toEqual([1, [], []]);
  });

  test.each([
    ['picture', VIDEO_TAG],
    ['sound', AUDIO_TAG],
  ])('if a tag of %s is stamped 0', async (_name, type) => {
    const session = startSession({ ladder: '360p' });
    const tags = await source();
    const astray = tags.findIndex((tag) => tag.type === type && tag.timestampMs > 3000);
    session.burst(tags.map((tag, index) => (index === astray ? { ...tag, timestampMs: 0 } : tag)));
    await session.until(() => framesOf(session.runs[0], '360p') >= 4 * FRAME_RATE);
    expect([session.runs.length, session.restarts, session.fatal]).toEqual([1, [], []]);
  });
});
