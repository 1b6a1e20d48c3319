import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { makeSourceTags } from './source-clip.ts';
import { framesOf, startSession, stopSessions, type TranscodeSession } from './transcode-session.ts';

const SMALL = { width: 160, height: 90, frameRate: '25' } as const;

afterEach(stopSessions);

const living = ({ processes }: TranscodeSession): number =>
  processes.filter(({ exitCode, signalCode, pid }) => pid !== undefined && exitCode === null && signalCode === null)
    .length;

test('a publish that ends while it takes its last epoch starts no FFmpeg', async () => {
  const tags = await makeSourceTags({ seconds: 1, video: SMALL, audio: null });
  const session = startSession({
    onStep: (step, _runIndex, transcoder) => {
      if (step === 'epoch') void transcoder.stop();
    },
  });
  session.burst(tags);
  await session.transcoder.stop();
  expect(session.runs).toEqual([]);
  expect(session.processes).toEqual([]);
});

describe.each([
  ['the first', 0],
  ['the second', 1],
])('an unexpected error in %s run', (_name, failingRun) => {
  test.each(['epoch', 'begin', 'spawn', 'end'] as const)('at step "%s" ends only this publish', async (failing) => {
    const tags = await makeSourceTags({ seconds: 2, video: SMALL, audio: null });
    const session = startSession({
      onStep: (step, runIndex) => {
        if (step === failing && runIndex === failingRun) throw new Error(`no ${step} today`);
      },
    });
    session.burst(tags);
    await session.pace(nextTags(tags, 2), () => {
      if (framesOf(session.runs[0], '360p') > 0) session.processes[0]?.kill('SIGKILL');
      if (framesOf(session.runs[1], '360p') > 0) session.processes[1]?.kill('SIGKILL');
      return session.fatal.length === 0;
    });
    await session.until(() => session.fatal.length > 0);
    expect(session.fatal).toEqual(['The server failed to process the stream; try again']);
    expect(session.errors).toEqual(['transcoding failed']);
    await session.transcoder.stop();
    expect(living(session)).toBe(0);
    const begun = session.processes.length;
    session.burst(nextTags(tags, 4));
    expect(session.processes).toHaveLength(begun);
    expect(session.fatal).toHaveLength(1);
  });
});

test('an unexpected error while the publish ends is only logged', async () => {
  const tags = await makeSourceTags({ seconds: 1, video: SMALL, audio: null });
  const session = startSession({
    onStep: (step) => {
      if (step === 'end') throw new Error('no end today');
    },
  });
  session.burst(tags);
  await Promise.all([session.transcoder.stop(), session.transcoder.stop()]);
  expect(session.errors).toEqual(['transcoding failed']);
  expect(session.fatal).toEqual([]);
});

test('a source that keeps changing gets new runs with growing delays', async () => {
  const sizes = [SMALL, { ...SMALL, width: 192, height: 108 }];
  const clips = await Promise.all(sizes.map((video) => makeSourceTags({ seconds: 1, video, audio: null })));
  const session = startSession();
  for (let turn = 0; session.runs.length < 6; turn++) {
    session.burst(nextTags(clips[turn % 2] ?? [], turn));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const begunAtMs = session.runs.map((recorded) => recorded.begunAtMs);
  const delaysMs = begunAtMs.slice(1).map((atMs, index) => atMs - (begunAtMs[index] ?? 0));
  expect(delaysMs[2]).toBeGreaterThanOrEqual(490);
  expect(delaysMs[3]).toBeGreaterThanOrEqual(990);
  expect(delaysMs[4]).toBeGreaterThanOrEqual(1990);
  expect(new Set(session.restarts)).toEqual(new Set(['source-changed']));
  expect(session.fatal).toEqual([]);
});

/** The clip's tags, `seconds` later. */
function nextTags(tags: readonly FlvTag[], seconds: number): FlvTag[] {
  return tags.map((tag) => ({ ...tag, timestampMs: tag.payload[1] === 0 ? 0 : tag.timestampMs + seconds * 1000 }));
}
