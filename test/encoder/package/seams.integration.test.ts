import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { endedPackage, resumedPackage } from '#encoder/package/lost-package.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import { offeredRenditions, offeredSchema } from '#encoder/package/offered-renditions.ts';
import { endSeconds, type Segment } from '#encoder/package/segment.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import {
  encodeRun,
  FPS_30,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
  withFrames,
} from '#test/support/encoded-run.ts';
import { FollowedPackage } from './followed-package.ts';

const RUN_SECONDS = 6;

/** The same clock, so many seconds later. */
const later = (seconds: number) => ({
  wallClockMs: (mediaSeconds: number): number => WALL_CLOCK_START_MS + (seconds + mediaSeconds) * 1000,
});

const violationsOf = (followed: FollowedPackage) => [...followed.violations, ...followed.recorder.violations()];

test.each([163, 164, 165, 166])('sound that ended about a frame before the picture (%d frames)', async (audio) => {
  const encoded = await encodeRun();
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), withFrames(encoded, { '480p': 105, '360p': 105, audio }));
  followed.addRun(toMediaRun(encoded, 8, later(3.5)), interleaved(encoded));
  const segments = followed.stream.renditions.get('audio')?.held() ?? [];
  const next = segments.findIndex(({ epoch }) => epoch === 8);
  const [before, after] = [segments[next - 1], segments[next]];
  if (before === undefined || after === undefined) throw new Error('there is no seam');
  const holeSeconds = after.mediaSeconds - before.mediaSeconds - before.durationSeconds;
  if (after.discontinuityNumber === before.discontinuityNumber) expect(Math.abs(holeSeconds)).toBeLessThan(1e-4);
  expect(violationsOf(followed)).toEqual([]);
});

test.each([145, 150, 155, 160])(
  'sound that a kill has cut off before the picture goes on as silence, and there is no discontinuity (%d frames)',
  async (audio) => {
    const encoded = await encodeRun();
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), withFrames(encoded, { '480p': 105, '360p': 105, audio }));
    followed.addRun(toMediaRun(encoded, 8, later(3.5)), interleaved(encoded));
    const segments = followed.stream.renditions.get('audio')?.held() ?? [];
    for (const [index, { mediaSeconds }] of segments.slice(1).entries())
      expect(mediaSeconds).toBeCloseTo(endSeconds(segments[index] as Segment), 4);
    expect(new Set(segments.map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(1);
    expect(violationsOf(followed)).toEqual([]);
    const media = segments.flatMap(({ parts }) => parts.map(({ data }) => data));
    const init = followed.stream.renditions.get('audio')?.initSection(7) ?? Buffer.alloc(0);
    const decoding = promisify(execFile)('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 'null', '-']);
    decoding.child.stdin?.end(Buffer.concat([init, ...media]));
    expect((await decoding).stderr).toBe('');
  },
);

test('sound that has stopped long before the picture is a discontinuity', async () => {
  const encoded = await encodeRun();
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), withFrames(encoded, { '480p': 105, '360p': 105, audio: 130 }));
  followed.addRun(toMediaRun(encoded, 8, later(3.5)), interleaved(encoded));
  const segments = followed.stream.renditions.get('audio')?.held() ?? [];
  expect(new Set(segments.map(({ discontinuityNumber }) => discontinuityNumber)).size).toBe(2);
  expect(violationsOf(followed)).toEqual([]);
});

test('pictures that ended a frame apart do not go on as if they had not', async () => {
  const frameRate = { numerator: 60, denominator: 1 };
  const encoded = await encodeRun({ seconds: 4, video: { frameRate, keyframeFrames: 120, bFrames: 0 } });
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), withFrames(encoded, { '480p': 150, '360p': 149, audio: 200 }));
  followed.addRun(toMediaRun(encoded, 8, later(2.5)), interleaved(encoded));
  expect(violationsOf(followed)).toEqual([]);
});

test.each([100, 101, 102, 103, 104, 105])(
  'sound of another sample rate begins after that before it, so that the package can move (%d frames)',
  async (frames) => {
    const video = { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0 };
    const first = await encodeRun({ video, audio: { sampleRateHz: 44_100, channels: 2 } });
    const second = await encodeRun({ video });
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(first, 7), withFrames(first, { '480p': frames, '360p': frames }));
    followed.addRun(toMediaRun(second, 8, later(frames / 30)), interleaved(second));
    await followed.move();
    expect(violationsOf(followed)).toEqual([]);
  },
);

test('an init section that comes late and is another one has its own EXT-X-MAP', async () => {
  const encoded = await encodeRun();
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), interleaved(encoded));
  const header = encoded.tracks.get('360p')?.header;
  if (header === undefined) throw new Error('there is no 360p');
  const other = Buffer.from(header);
  const level = other.indexOf('avcC', 0, 'latin1') + 6;
  other.writeUInt8(other.readUInt8(level) ^ 1, level);
  const steps = interleaved(encoded).map((step) => (step.chunk === header ? { ...step, chunk: other } : step));
  const early = steps.filter(({ rendition }) => rendition !== '360p').slice(0, 60);
  followed.addRun(toMediaRun(encoded, 8, later(RUN_SECONDS)), [
    ...early,
    ...steps.filter((step) => !early.includes(step)),
  ]);
  expect(followed.playlist('360p')).toContain('#EXT-X-MAP:URI="8-init.mp4"');
  expect(violationsOf(followed)).toEqual([]);
});

test('the last known segment of a lost package keeps the name of its init section, also when it moves', async () => {
  const encoded = await encodeRun();
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), interleaved(encoded));
  followed.addRun(toMediaRun(encoded, 8, later(RUN_SECONDS)), interleaved(encoded));
  const firstMap = (stream: StreamPackage) => {
    const timeline = stream.renditions.get('480p');
    if (timeline === undefined) throw new Error('there is no 480p');
    return parseMediaPlaylist(renderMediaPlaylist(stream, '480p', timeline, false)).segments[0]?.map;
  };
  expect(firstMap(followed.stream)).toBe('7-init.mp4');
  const offered = offeredSchema.parse(JSON.parse(JSON.stringify(offeredRenditions(followed.stream))));
  const options = { latency: 'low', offered, firstMsn: followed.stream.nextMsn() + 2 } as const;
  const resumed = resumedPackage(options);
  const ended = endedPackage({ ...options, discontinuityNumber: 99, endedAtMs: 1e12 });
  expect([firstMap(resumed), firstMap(ended)]).toEqual(['7-init.mp4', '7-init.mp4']);
  const moved = new FollowedPackage('low', resumed);
  await moved.move();
  expect(firstMap(moved.stream)).toBe('7-init.mp4');
});
