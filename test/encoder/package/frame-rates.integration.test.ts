import { BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment } from '#encoder/package/fragment.ts';
import { makeSourceTags } from '../transcode/source-clip.ts';
import { outputOf, type RecordedRun, startSession, stopSessions } from '../transcode/transcode-session.ts';
import { FollowedPackage, readSamples } from './followed-package.ts';

const KEYFRAME_SECONDS = 2;

afterEach(stopSessions);

/** Publishes six seconds at a frame rate. `firstEpoch` is above every epoch before. */
async function publish(followed: FollowedPackage, frameRate: string, firstEpoch: number): Promise<RecordedRun> {
  const tags = await makeSourceTags({
    seconds: 6,
    video: { width: 320, height: 180, frameRate, keyframeSeconds: KEYFRAME_SECONDS },
    audio: { sampleRateHz: 48_000, channels: 2 },
  });
  const session = startSession({
    ladder: '360p',
    latency: followed.stream.latency,
    stream: {
      fits: (format) => followed.stream.fits(format),
      beginRun: (run) => followed.beginRun({ ...run, epoch: firstEpoch + run.epoch }),
    },
  });
  session.burst(tags);
  const segments = followed.stream.renditions.get('360p')?.held().length ?? 0;
  await session.until(() => (followed.stream.renditions.get('360p')?.held().length ?? 0) >= segments + 3);
  await session.transcoder.stop();
  const [run] = session.runs;
  if (run === undefined) throw new Error('nothing was encoded');
  return run;
}

/** How many frames each fragment of FFmpeg's output has. */
function fragmentFrames(run: RecordedRun): number[] {
  const boxes = new BoxStream().push(outputOf(run, '360p'));
  const defaults = { durationTicks: 0, sizeBytes: 0, flags: 0 };
  return boxes.flatMap((box, index) => {
    const mdat = boxes[index + 1];
    return box.type === 'moof' && mdat !== undefined ? [parseFragment(box, mdat, defaults).length] : [];
  });
}

test.each<[string, string, readonly number[]]>([
  ['30', '25', [12, 12, 12, 12, 2]],
  ['25', '30', [15, 15, 15, 15]],
  ['30', '60000/1001', [30, 30, 30, 30]],
])('a publisher that returns with %s and then %s frames a second', async (before, after, partFrames) => {
  const followed = new FollowedPackage('low');
  await publish(followed, before, 10);
  const target = followed.stream.partTargetSeconds;
  const firstMsn = followed.stream.nextMsn();
  const run = await publish(followed, after, 20);
  expect(followed.violations).toEqual([]);
  expect(followed.stream.partTargetSeconds).toBe(target);
  const ofRun = (followed.stream.renditions.get('360p')?.held() ?? []).filter(({ msn }) => msn >= firstMsn);
  expect(ofRun[0]?.parts.map(({ data }) => readSamples(data).length)).toEqual(partFrames);
  // A part that ended in the middle of a fragment would come that much later.
  expect(fragmentFrames(run).slice(0, partFrames.length)).toEqual(partFrames);
});

test.each(['ultra', 'low'] as const)('%s: every segment of the first run begins with an IDR frame', async (latency) => {
  const followed = new FollowedPackage(latency);
  await publish(followed, '30', 10);
  expect(followed.violations).toEqual([]);
  const segments = followed.stream.renditions.get('360p')?.held() ?? [];
  expect(segments.every(({ parts }) => parts[0]?.isIndependent === true)).toBe(true);
  expect(segments[0]?.parts.length).toBe(1);
});
