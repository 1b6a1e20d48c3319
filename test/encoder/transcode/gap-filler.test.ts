import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { GapFiller } from '#encoder/transcode/gap-filler.ts';
import type { TimedTag } from '#encoder/transcode/tag-cache.ts';

const FRAME_MS = 20;
const AAC_HEADER: FlvTag = { type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 0, 0x11, 0x90]) };

const audio = (timelineMs: number): TimedTag => ({
  tag: { type: AUDIO_TAG, timestampMs: timelineMs, payload: Buffer.from([0xaf, 1, 0x21]) },
  timelineMs,
});
const video = (timelineMs: number, isKeyframe = false): TimedTag => ({
  tag: { type: VIDEO_TAG, timestampMs: timelineMs, payload: Buffer.from([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]) },
  timelineMs,
});

interface SentTracks {
  readonly seconds: number;
  /** How much later audio arrives than the video that it belongs to; negative if video is later. */
  readonly audioLateMs?: number;
  readonly videoStepMs?: number;
  readonly keyframeMs?: number;
  readonly hasAudio?: (timelineMs: number) => boolean;
  readonly hasVideo?: (timelineMs: number) => boolean;
}

/** A frame that FFmpeg gets. */
interface Fed extends TimedTag {
  /** When it is fed. */
  readonly atMs: number;
  /** Whether the source sent it at this position. */
  readonly isReal: boolean;
}

/** Everything that FFmpeg gets of a source with AAC. */
function fill(source: SentTracks): Fed[] {
  const { seconds, audioLateMs = 0, videoStepMs = 40, keyframeMs = 2000 } = source;
  const { hasAudio = () => true, hasVideo = () => true } = source;
  const sent: { atMs: number; timed: TimedTag }[] = [];
  for (let ms = 0; ms < seconds * 1000; ms += FRAME_MS) {
    if (ms % videoStepMs === 0 && hasVideo(ms)) {
      sent.push({ atMs: ms + Math.max(0, -audioLateMs), timed: video(ms, ms % keyframeMs === 0) });
    }
    if (hasAudio(ms)) sent.push({ atMs: ms + Math.max(0, audioLateMs), timed: audio(ms) });
  }
  const filler = new GapFiller();
  filler.onHeader(AAC_HEADER);
  return sent
    .toSorted((a, b) => a.atMs - b.atMs)
    .flatMap(({ atMs, timed }) => filler.fill(timed).map((each) => ({ ...each, atMs, isReal: each === timed })));
}

const ofType = (fed: readonly Fed[], type: FlvTag['type']): Fed[] => fed.filter(({ tag }) => tag.type === type);
const filledOf = (fed: readonly Fed[], type: FlvTag['type']): Fed[] =>
  ofType(fed, type).filter(({ isReal }) => !isReal);

test.each<[string, SentTracks]>([
  ['both tracks in step', { seconds: 20 }],
  ['audio that comes 600 ms late', { seconds: 20, audioLateMs: 600 }],
  ['video that comes 600 ms late', { seconds: 20, audioLateMs: -600 }],
  ['audio that comes 1.9 s late from the start', { seconds: 20, audioLateMs: 1900 }],
  ['two frames a second', { seconds: 20, videoStepMs: 500 }],
  ['gaps of 600 ms', { seconds: 20, hasAudio: (ms) => ms % 2000 >= 600, hasVideo: (ms) => (ms + 1000) % 2000 >= 600 }],
  ['audio alone', { seconds: 20, hasVideo: () => false }],
])('%s: nothing is added, nothing is left out', (_name, source) => {
  const fed = fill(source);
  expect(fed.every(({ isReal }) => isReal)).toBe(true);
  const { hasAudio = () => true } = source;
  const expected = Array.from({ length: source.seconds * 50 }, (_, index) => index * FRAME_MS).filter(hasAudio);
  expect(ofType(fed, AUDIO_TAG)).toHaveLength(expected.length);
});

test('missing audio is filled without a gap, at most 700 ms behind video', () => {
  const fed = fill({ seconds: 10, hasAudio: (ms) => ms < 3000 || ms >= 7000 });
  const times = ofType(fed, AUDIO_TAG).map(({ timelineMs }) => timelineMs);
  const distances = times.slice(1).map((ms, index) => ms - (times[index] ?? 0));
  // The frames of silence are as long as AAC's, and the last one may be 100 ms before the audio that is back.
  expect(Math.max(...distances)).toBeLessThanOrEqual(150);
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(20);
  expect(times.at(-1)).toBe(9980);
  let newestAudioMs = 0;
  for (const { tag, timelineMs } of fed) {
    if (tag.type === AUDIO_TAG) newestAudioMs = Math.max(newestAudioMs, timelineMs);
    else expect(timelineMs - newestAudioMs).toBeLessThan(760);
  }
  const filled = filledOf(fed, AUDIO_TAG);
  expect(filled.length).toBeGreaterThan(180);
  expect(Math.min(...filled.map(({ timelineMs }) => timelineMs))).toBe(3001);
});

test('audio that never comes is silence, from two seconds on', () => {
  const filled = filledOf(fill({ seconds: 10, hasAudio: () => false }), AUDIO_TAG);
  expect(filled[0]).toMatchObject({ timelineMs: 0, atMs: 2040 });
  expect(filled.at(-1)?.timelineMs).toBeGreaterThan(9800);
});

test('audio that was filled and comes late is left out, and then waited for', () => {
  const delayMs = (ms: number): number => (ms < 5000 ? 0 : 1500);
  const filler = new GapFiller();
  filler.onHeader(AAC_HEADER);
  const sent = Array.from({ length: 1000 }, (_, index) => index * FRAME_MS).flatMap((ms) => [
    { atMs: ms, timed: video(ms, ms % 2000 === 0) },
    { atMs: ms + delayMs(ms), timed: audio(ms) },
  ]);
  const fed = sent
    .toSorted((a, b) => a.atMs - b.atMs)
    .flatMap(({ timed }) => filler.fill(timed).map((each) => ({ ...each, isReal: each === timed })))
    .filter(({ tag }) => tag.type === AUDIO_TAG);
  expect(fed.every(({ timelineMs }, index) => index === 0 || timelineMs >= (fed[index - 1]?.timelineMs ?? 0))).toBe(
    true,
  );
  const filled = fed.filter(({ isReal }) => !isReal);
  expect(filled.length).toBeGreaterThan(20);
  expect(Math.max(...filled.map(({ timelineMs }) => timelineMs))).toBeLessThan(7000);
  expect(fed.filter(({ isReal, timelineMs }) => isReal && timelineMs >= 7000)).toHaveLength(650);
});

test('a missing picture is held at audio’s pace, and what follows in its GOP can be decoded', () => {
  const fed = fill({ seconds: 30, keyframeMs: 60_000, hasVideo: (ms) => ms < 3000 || ms >= 23_000 });
  const videos = ofType(fed, VIDEO_TAG);
  const times = videos.map(({ timelineMs }) => timelineMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // The last one begins the GOP that comes anew.
  const held = videos.filter(({ tag, isReal }) => !isReal && tag.payload[0] === 0x17).slice(0, -1);
  expect(held.length).toBeGreaterThan(95);
  expect(held.length).toBeLessThan(102);
  for (const { atMs, timelineMs } of held.slice(5)) expect(atMs - timelineMs).toBeLessThan(350);
  // All of the GOP comes anew before the first frame after the gap.
  const firstBack = videos.findIndex(({ timelineMs }) => timelineMs >= 23_000);
  const before = videos.slice(firstBack - 75, firstBack);
  expect(before.map(({ tag }) => tag.timestampMs)).toEqual(Array.from({ length: 75 }, (_, index) => index * 40));
  expect(ofType(fed, AUDIO_TAG)).toHaveLength(1500);
});

test('a picture that comes back at a keyframe needs nothing of what was before', () => {
  const fed = fill({ seconds: 12, keyframeMs: 2000, hasVideo: (ms) => ms < 3000 || ms >= 8000 });
  const filled = filledOf(fed, VIDEO_TAG);
  expect(new Set(filled.map(({ tag }) => tag.timestampMs))).toEqual(new Set([2000]));
});

test('it is known since when the picture is missing, and until when it was', () => {
  const filler = new GapFiller();
  const missingMsAt = (ms: number): number => filler.pictureAbsences.missingMsAt(ms);
  const seen: number[] = [];
  for (let ms = 0; ms < 12_000; ms += FRAME_MS) {
    if (ms < 3000 || ms >= 9000) filler.fill(video(ms, ms % 2000 === 0));
    filler.fill(audio(ms));
    if (missingMsAt(ms) > 0) seen.push(ms);
  }
  // The last picture is of 2,980. It is not missing before it is late.
  expect([seen[0], seen.at(-1)]).toEqual([3700, 8980]);
  expect([2980, 5980, 8999, 9000].map(missingMsAt)).toEqual([0, 3000, 6019, 0]);
});

test('a GOP that is too long to be decoded anew is not held', () => {
  const fed = fill({ seconds: 60, keyframeMs: 100_000, hasVideo: (ms) => ms < 40_000 || ms > 50_000 });
  expect(filledOf(fed, VIDEO_TAG)).toEqual([]);
});

test('a track that comes back with the timestamps at which it stopped is adrift, after every 30 frames until it is placed anew', () => {
  for (const type of [AUDIO_TAG, VIDEO_TAG] as const) {
    const filler = new GapFiller();
    filler.onHeader(AAC_HEADER);
    const goesOn = type === AUDIO_TAG ? video : audio;
    const stops = type === AUDIO_TAG ? audio : video;
    let adrift = 0;
    for (let ms = 0; ms < 15_000; ms += FRAME_MS) {
      filler.fill(goesOn(ms));
      if (ms < 3000) filler.fill(ms === 0 ? video(0, true) : stops(ms));
      if (ms >= 8000 && ms < 8000 + 60 * FRAME_MS) {
        filler.fill(stops(ms - 5000));
        if (filler.takeAdrift(type)) adrift += 1;
      }
    }
    expect(adrift).toBe(2);
  }
});

test('a track that is only late is not', () => {
  const filler = new GapFiller();
  filler.onHeader(AAC_HEADER);
  for (let ms = 0; ms < 20_000; ms += FRAME_MS) {
    filler.fill(video(ms, ms % 2000 === 0));
    if (ms < 5000) filler.fill(audio(ms));
    else if (ms >= 7500) filler.fill(audio(ms - 2500));
    expect(filler.takeAdrift(AUDIO_TAG)).toBe(false);
  }
});
