import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { framesPerSecond } from '#encoder/media/media-run.ts';
import { decodeBrightness, decodeSound, probeTrack } from './media-probe.ts';
import {
  framesOf,
  outputOf,
  type RecordedRun,
  startSession,
  type TranscodeSessionOptions,
} from './transcode-session.ts';

/** Frames that x264 holds back without zerolatency until the input ends. */
const LOOKAHEAD_FRAMES = 30;
/** Frames that encoders and filters hold back with it. */
const HELD_BACK_FRAMES = 4;
/** Media in the last fragment, which FFmpeg holds back until the input ends. */
const FRAGMENT_SECONDS = 0.5;

/** Transcodes `seconds` of tags as one run. Expects that it needs no restart. */
export async function transcodeTags(
  tags: readonly FlvTag[],
  seconds: number,
  options: TranscodeSessionOptions = {},
): Promise<RecordedRun> {
  const session = startSession(options);
  session.burst(tags);
  const [recorded] = session.runs;
  if (recorded === undefined) throw new Error(`no run was begun: ${session.fatal}`);
  const { frameRate, video, audio } = recorded.run;
  const frames =
    frameRate === null
      ? 0
      : Math.floor((seconds - FRAGMENT_SECONDS) * framesPerSecond(frameRate)) -
        (options.latency === 'standard' ? LOOKAHEAD_FRAMES : HELD_BACK_FRAMES);
  const packets = audio === null ? 0 : Math.floor(((seconds - FRAGMENT_SECONDS) * audio.sampleRateHz) / 1024);
  await session.until(
    () =>
      session.fatal.length > 0 ||
      session.runs.length > 1 ||
      (video.every(({ name }) => framesOf(recorded, name) >= frames) && framesOf(recorded, 'audio') >= packets),
  );
  await session.transcoder.stop();
  expect(session.fatal).toEqual([]);
  expect(session.runs).toHaveLength(1);
  expect(recorded.hasEnded).toBe(true);
  return recorded;
}

/** When the picture turns white, in seconds of media time. Ignores a flash at the very start. */
export async function flashSeconds(recorded: RecordedRun, rendition: string): Promise<number[]> {
  const output = outputOf(recorded, rendition);
  const [{ packets }, brightness] = await Promise.all([probeTrack(output), decodeBrightness(output)]);
  const isWhite = (index: number): boolean => (brightness[index] ?? 0) > 128;
  return packets.flatMap(({ pts }, index) => (index > 15 && isWhite(index) && !isWhite(index - 1) ? [pts] : []));
}

/** When sound starts after silence, in seconds of media time. Ignores a beep at the very start. */
export async function beepSeconds(recorded: RecordedRun): Promise<number[]> {
  const output = outputOf(recorded, 'audio');
  const [{ packets, sampleRateHz }, samples] = await Promise.all([probeTrack(output), decodeSound(output)]);
  const firstPts = packets[0]?.pts ?? Number.NaN;
  const beeps: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.2) continue;
    if (index - lastLoud > sampleRateHz / 2 && index > sampleRateHz / 2) beeps.push(firstPts + index / sampleRateHz);
    lastLoud = index;
  }
  return beeps;
}
