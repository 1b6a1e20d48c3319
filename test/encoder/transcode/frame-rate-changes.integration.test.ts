import { type FlvTag, SCRIPT_TAG } from '#encoder/media/flv-tag.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { H264, makeFlvTags, testVideo } from '../media/ffmpeg.ts';
import { framesOf, startSession, stopSessions } from './transcode-session.ts';

// The tests run side by side, because most of the time they wait for real time.
afterAll(stopSessions);

const INSANE_TIMING = ['-bsf:v', 'h264_metadata=tick_rate=2000'];

/** A clip whose metadata declares a frame rate, or none. */
async function clip(rate: number, seconds: number, declared: number | null): Promise<FlvTag[]> {
  const tags = await makeFlvTags([
    ...testVideo('160x90', `${rate}`, seconds),
    ...[...H264, '-g', `${rate}`, ...INSANE_TIMING],
  ]);
  const fields = { videocodecid: 7, width: 160, height: 90, ...(declared === null ? {} : { framerate: declared }) };
  const payload = encodeAmf0('onMetaData', fields);
  return tags.map((tag) => (tag.type === SCRIPT_TAG ? { ...tag, payload } : tag));
}

test.concurrent('30 frames a second that are declared as 17.98 are all shown', async () => {
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  await session.pace(await clip(30, 4, 17.98));
  await session.transcoder.stop();
  expect(session.runs.map(({ run }) => run.frameRate)).toEqual([{ numerator: 30, denominator: 1 }]);
  expect(framesOf(session.runs[0], '360p')).toBeGreaterThanOrEqual(118);
});

test.concurrent('a camera that begins with 15 frames a second gets 30 when it has them, and nothing is lost', async () => {
  const [slow, fast] = await Promise.all([clip(15, 2, null), clip(30, 6, null)]);
  const isFrame = ({ type, payload }: FlvTag): boolean => type !== SCRIPT_TAG && payload[1] === 1;
  const later = fast.filter(isFrame).map((tag) => ({ ...tag, timestampMs: tag.timestampMs + 2000 }));
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  await session.pace([...slow, ...later]);
  await session.transcoder.stop();
  const [at15, at30, ...others] = session.runs;
  expect(others).toEqual([]);
  expect([at15, at30].map((recorded) => recorded?.run.frameRate?.numerator)).toEqual([15, 30]);
  const seconds = framesOf(at15, '360p') / 15 + framesOf(at30, '360p') / 30;
  expect(Math.abs(seconds - 8)).toBeLessThan(0.2);
}, 40_000);
