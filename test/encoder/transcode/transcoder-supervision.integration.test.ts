import {
  AUDIO_TAG,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceHeader,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';
import { decodeBrightness, probeTrack } from './media-probe.ts';
import { BRIGHTNESS_COUNTER, makeSourceTags } from './source-clip.ts';
import { framesOf, outputOf, startSession, stopSessions, type TranscodeSession } from './transcode-session.ts';

const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;
const FRAME_RATE = 25;
const COUNTER_VIDEO = { width: 320, height: 180, frameRate: `${FRAME_RATE}`, drawing: BRIGHTNESS_COUNTER };

afterEach(stopSessions);
// Tests that wait for real time and watch no delay run side by side.
afterAll(stopSessions);

/** The frame numbers that BRIGHTNESS_COUNTER drew, as decoded from one run. */
async function frameNumbers(session: TranscodeSession, index: number): Promise<readonly number[]> {
  const recorded = session.runs[index];
  if (recorded === undefined) throw new Error(`there is no run ${index}`);
  const brightness = await decodeBrightness(outputOf(recorded, '360p'));
  // The counter is drawn in video range (16 to 235). Gray output stretches it to 0 to 255.
  return brightness.map((level) => (level * 219) / 255 + 16 - 20);
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

function pidOf(session: TranscodeSession, index: number): number {
  const pid = session.processes[index]?.pid;
  if (pid === undefined) throw new Error(`process ${index} was not started`);
  return pid;
}

test('a killed FFmpeg is replaced at once, nothing is repeated and little is lost', async () => {
  const tags = await makeSourceTags({ seconds: 5, video: { ...COUNTER_VIDEO, keyframeSeconds: 10 }, audio: STEREO });
  const session = startSession();
  let isKilled = false;
  await session.pace(tags, () => {
    if (!isKilled && framesOf(session.runs[0], '360p') >= 50) {
      isKilled = true;
      process.kill(pidOf(session, 0), 'SIGKILL');
    }
    return true;
  });
  await session.transcoder.stop();
  const [first, second] = session.runs;
  if (first === undefined || second === undefined) throw new Error('there was no second run');
  expect(session.runs).toHaveLength(2);
  expect(second.run.epoch).toBeGreaterThan(first.run.epoch);
  expect(session.restarts).toEqual(['died']);
  const before = await frameNumbers(session, 0);
  const after = await frameNumbers(session, 1);
  const step = (after[0] ?? Number.NaN) - (before.at(-1) ?? Number.NaN);
  expect(step).toBeGreaterThan(0.5);
  expect(step).toBeLessThan(FRAME_RATE / 2);
  expect(after.at(-1)).toBeGreaterThan(120);
  // The viewers' clock continues, too.
  const endOfFirstMs = first.run.wallClockMs(1 + before.length / FRAME_RATE);
  expect(Math.abs(second.run.wallClockMs(1) - endOfFirstMs)).toBeLessThan(300);
  const [video, audio] = [await probeTrack(outputOf(second, '360p')), await probeTrack(outputOf(second, 'audio'))];
  expect(video.packets[0]).toEqual({ pts: 1, isKeyframe: true });
  expect(audio.packets[0]?.pts).toBeCloseTo(1 - 1024 / 48_000, 6);
});

test.concurrent('an output that the sink cannot read ends only that FFmpeg, and another follows', async () => {
  const tags = await makeSourceTags({ seconds: 3, video: { ...COUNTER_VIDEO, keyframeSeconds: 10 }, audio: STEREO });
  let writes = 0;
  const session = startSession({
    onWrite: (runIndex) => {
      if (runIndex === 0 && ++writes > 10) throw new Error('box ???? has 3 bytes');
    },
  });
  await session.pace(tags);
  await session.transcoder.stop();
  expect(session.restarts).toEqual(['died']);
  expect(session.runs).toHaveLength(2);
  expect(framesOf(session.runs[1], '360p')).toBeGreaterThan(0);
  expect(session.fatal).toEqual([]);
});

test('a stuck FFmpeg is killed and replaced', async () => {
  const tags = await makeSourceTags({ seconds: 6, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession({ clockSpeed: 3 });
  let isStopped = false;
  await session.pace(tags, () => {
    if (!isStopped && framesOf(session.runs[0], '360p') >= 25) {
      isStopped = true;
      process.kill(pidOf(session, 0), 'SIGSTOP');
    }
    return framesOf(session.runs[1], '360p') < 5;
  });
  expect(framesOf(session.runs[1], '360p')).toBeGreaterThanOrEqual(5);
  expect(session.runs[0]?.hasEnded).toBe(true);
  expect(isRunning(pidOf(session, 0))).toBe(false);
});

test('a stuck FFmpeg is replaced even if it is flooded, and its replacement starts at the newest keyframe', async () => {
  const tags = await makeSourceTags({ seconds: 2, video: { ...COUNTER_VIDEO, keyframeSeconds: 0.2 }, audio: null });
  const session = startSession({ clockSpeed: 5 });
  session.burst(tags);
  await session.until(() => framesOf(session.runs[0], '360p') > 10);
  process.kill(pidOf(session, 0), 'SIGSTOP');
  const newest = tags.at(-1);
  if (newest === undefined) throw new Error('the clip is empty');
  // 60 MB of frames that nobody reads. Each one is as large as a second at 8 Mbit/s. More than fits is dropped.
  const payload = Buffer.concat([newest.payload, Buffer.alloc(1_000_000)]);
  const after = (index: number) => ({ ...newest, timestampMs: newest.timestampMs + index * 40 });
  for (let index = 1; index <= 60; index++) session.burst([{ ...after(index), payload }]);
  await session.pace(
    Array.from({ length: 250 }, (_, index) => after(61 + index)),
    () => session.runs[0]?.hasEnded !== true,
  );
  expect(session.runs[0]?.hasEnded).toBe(true);
  const keyframeAtMs = newest.timestampMs + 20_000;
  session.burst(
    tags.map((tag) => ({ ...tag, timestampMs: isVideoSequenceHeader(tag) ? 0 : tag.timestampMs + keyframeAtMs })),
  );
  await session.until(() => session.runs.length === 2);
  await session.transcoder.stop();
  expect(session.restarts).toHaveLength(1);
  expect(framesOf(session.runs[1], '360p')).toBeGreaterThanOrEqual(3);
});

test('a source that changes its size gets a new run with new renditions', async () => {
  const small = await makeSourceTags({ seconds: 1, video: COUNTER_VIDEO, audio: STEREO });
  const large = await makeSourceTags({
    seconds: 1,
    video: { ...COUNTER_VIDEO, width: 854, height: 480 },
    audio: STEREO,
  });
  const session = startSession();
  session.burst(small);
  session.burst(large.map((tag) => ({ ...tag, timestampMs: tag.payload[1] === 0 ? 0 : tag.timestampMs + 1000 })));
  await session.until(() => framesOf(session.runs[1], '360p') >= 10);
  await session.transcoder.stop();
  expect(session.runs.map(({ run }) => run.video.map(({ width }) => width))).toEqual([[320], [854, 640]]);
  expect(session.runs.map(({ run }) => run.epoch)).toEqual([1, 2]);
  expect(framesOf(session.runs[0], '360p')).toBe(FRAME_RATE);
});

test('audio that starts in mid-stream gets a new run with audio', async () => {
  const tags = await makeSourceTags({ seconds: 6, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession();
  const silentUntilMs = 3000;
  const isLate = (tag: FlvTag): boolean => tag.type === VIDEO_TAG || tag.timestampMs >= silentUntilMs;
  const audioHeader = tags.find((tag) => tag.type === 8 && tag.payload[1] === 0);
  if (audioHeader === undefined) throw new Error('the clip has no audio');
  session.burst(tags.filter((tag) => isLate(tag) && tag.timestampMs < silentUntilMs));
  await session.until(() => framesOf(session.runs[0], '360p') >= 60);
  session.burst([audioHeader, ...tags.filter((tag) => tag.timestampMs >= silentUntilMs)]);
  await session.until(() => framesOf(session.runs[1], 'audio') >= 30);
  expect(session.runs.map(({ run }) => run.audio !== null)).toEqual([false, true]);
});

test('a jump of the timestamps gets a new run that does not wait for a keyframe', async () => {
  const tags = await makeSourceTags({ seconds: 3, video: { ...COUNTER_VIDEO, keyframeSeconds: 10 }, audio: STEREO });
  const session = startSession();
  const isHeader = (tag: FlvTag): boolean => tag.payload[1] === 0;
  session.burst(
    tags.map((tag) => ({
      ...tag,
      timestampMs: tag.timestampMs > 1500 && !isHeader(tag) ? tag.timestampMs + 3_600_000 : tag.timestampMs,
    })),
  );
  await session.until(() => framesOf(session.runs[1], '360p') >= 20);
  await session.transcoder.stop();
  const [before, after] = [await frameNumbers(session, 0), await frameNumbers(session, 1)];
  expect(before.at(-1)).toBeLessThan(1.6 * FRAME_RATE);
  expect(after[0]).toBeGreaterThan((before.at(-1) ?? Number.NaN) + 0.5);
  expect(after[0]).toBeLessThan(1.6 * FRAME_RATE);
});

test.concurrent('audio that arrives 1.5 s after its video is not a jump and stays in the same run', async () => {
  const tags = await makeSourceTags({ seconds: 4, video: COUNTER_VIDEO, audio: STEREO });
  const dueMs = (tag: FlvTag): number => tag.timestampMs + (isAudioFrame(tag) ? 1500 : 0);
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  await session.pace(tags.toSorted((a, b) => dueMs(a) - dueMs(b)));
  await session.transcoder.stop();
  expect(session.restarts).toEqual([]);
  expect(session.runs).toHaveLength(1);
  expect(framesOf(session.runs[0], '360p')).toBe(4 * FRAME_RATE);
  expect(framesOf(session.runs[0], 'audio')).toBeGreaterThan(3.5 * 46);
});

test('timestamps may wrap', async () => {
  const tags = await makeSourceTags({ seconds: 2, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession();
  session.burst(tags.map((tag) => ({ ...tag, timestampMs: (tag.timestampMs + 2 ** 32 - 1000) % 2 ** 32 })));
  await session.until(() => framesOf(session.runs[0], '360p') >= 35);
  await session.transcoder.stop();
  expect(session.runs).toHaveLength(1);
  expect(framesOf(session.runs[0], '360p')).toBe(2 * FRAME_RATE);
});

test.concurrent('video that cannot be decoded ends the publish with a reason', async () => {
  const tags = await makeSourceTags({ seconds: 8, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession({ clockSpeed: 2 });
  const broken = tags.map((tag) => {
    if (tag.type !== VIDEO_TAG || isVideoSequenceHeader(tag)) return tag;
    return { ...tag, payload: Buffer.concat([tag.payload.subarray(0, 9), Buffer.alloc(tag.payload.length, 0xa5)]) };
  });
  await session.pace(broken, () => session.fatal.length === 0);
  expect(session.fatal).toEqual([
    'The picture cannot be decoded. Check the encoder settings: H.264 video, 4:2:0 colour.',
  ]);
  await session.transcoder.stop();
  expect(session.runs.every(({ hasEnded }) => hasEnded)).toBe(true);
  session.burst(tags);
  expect(session.processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)).toEqual([]);
  expect(session.fatal).toHaveLength(1);
});

test('an unsupported codec ends the publish before any FFmpeg starts', () => {
  const session = startSession();
  session.burst([{ type: VIDEO_TAG, timestampMs: 0, payload: Buffer.from([0x12, 0, 0, 0]) }]);
  expect(session.fatal).toEqual(['Video codec Sorenson H.263 is not supported; send H.264']);
  expect(session.processes).toEqual([]);
});

test.each([
  ['is missing', '/nonexistent/ffmpeg', 'The server could not start its encoder. Try again later.'],
  ['dies at once', 'false', 'The source cannot be transcoded. Send H.264 video and AAC audio.'],
])('an FFmpeg that %s is tried four times, with growing delays', async (_name, program, reason) => {
  const tags = await makeSourceTags({ seconds: 3, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession({ program });
  await session.pace(tags, () => session.fatal.length === 0);
  expect(session.fatal).toEqual([reason]);
  expect(session.runs).toHaveLength(4);
  expect(session.runs.every(({ hasEnded }) => hasEnded)).toBe(true);
  const [first, second, third, fourth] = session.runs.map(({ begunAtMs }) => begunAtMs);
  const delaysMs = [(third ?? 0) - (second ?? 0), (fourth ?? 0) - (third ?? 0)];
  expect((second ?? 0) - (first ?? 0)).toBeLessThan(400);
  expect(delaysMs[0]).toBeGreaterThanOrEqual(490);
  expect(delaysMs[1]).toBeGreaterThanOrEqual(990);
});

test('stop is final: before anything started, if called twice, and if FFmpeg is stuck', async () => {
  const tags = await makeSourceTags({ seconds: 1, video: COUNTER_VIDEO, audio: STEREO });
  const idle = startSession();
  await idle.transcoder.stop();
  idle.burst(tags);
  expect(idle.runs).toEqual([]);

  const session = startSession();
  session.burst(tags);
  await session.until(() => framesOf(session.runs[0], '360p') >= 10);
  process.kill(pidOf(session, 0), 'SIGSTOP');
  await Promise.all([session.transcoder.stop(), session.transcoder.stop()]);
  expect(session.runs[0]?.hasEnded).toBe(true);
  expect(isRunning(pidOf(session, 0))).toBe(false);
  session.burst(tags);
  expect(session.runs).toHaveLength(1);
});

const isAudioFrame = (tag: FlvTag): boolean => tag.type === AUDIO_TAG && !isAudioSequenceHeader(tag);

test.concurrent('if audio stops, the run goes on, and health says what arrives', async () => {
  const tags = await makeSourceTags({ seconds: 10, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  const codecs = new Set<string | null>();
  await session.pace(
    tags.filter((tag) => !isAudioFrame(tag) || tag.timestampMs < 1000 || tag.timestampMs > 5500),
    () => {
      codecs.add(session.transcoder.health().audioCodec);
      return true;
    },
  );
  await session.transcoder.stop();
  expect(session.runs).toHaveLength(1);
  expect(framesOf(session.runs[0], '360p')).toBeGreaterThan(9 * FRAME_RATE);
  expect(framesOf(session.runs[0], 'audio')).toBeGreaterThan((9 * 48_000) / 1024);
  expect(session.restarts).toEqual([]);
  expect([...codecs]).toEqual([null, 'aac']);
  expect(session.fatal).toEqual([]);
});

test.concurrent('audio that is announced by a sequence header but never sent is silence', async () => {
  const tags = await makeSourceTags({ seconds: 5, video: COUNTER_VIDEO, audio: STEREO });
  const session = startSession({ ladder: '360p', latency: 'ultra' });
  await session.pace(tags.filter((tag) => !isAudioFrame(tag)));
  expect(session.transcoder.health().warnings.join()).toContain('No sound arrives');
  await session.transcoder.stop();
  expect(session.runs).toHaveLength(1);
  expect(framesOf(session.runs[0], '360p')).toBeGreaterThan(4 * FRAME_RATE);
  expect(framesOf(session.runs[0], 'audio')).toBeGreaterThan((4 * 48_000) / 1024);
});
