import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { MediaRun } from '#encoder/media/media-run.ts';
import { renderMultivariantPlaylist } from '#encoder/package/multivariant-playlist.ts';
import { segmentBytes } from '#encoder/package/segment.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { checkMultivariantPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import {
  type EncodedRun,
  type EncodedRunOptions,
  encodeRun,
  type FeedStep,
  FPS_30,
  feed,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
} from '#test/support/encoded-run.ts';
import { FIRST_MSN, FollowedPackage, readSamples } from './followed-package.ts';

let encoded: EncodedRun;
let steps: readonly FeedStep[];

beforeAll(async () => {
  encoded = await encodeRun();
  steps = interleaved(encoded);
});

/** All steps, except for a rendition's frames after the first `frames`. */
function cutShort(rendition: string, frames: number): FeedStep[] {
  const dropped = new Set(encoded.tracks.get(rendition)?.frames.slice(frames));
  return steps.filter(({ chunk }) => !dropped.has(chunk));
}

/** The same run, some seconds later on the wall clock. */
function laterRun(epoch: number, seconds: number, overrides: Partial<MediaRun> = {}): MediaRun {
  const wallClockMs = (mediaSeconds: number): number => WALL_CLOCK_START_MS + (seconds + mediaSeconds) * 1000;
  return toMediaRun(encoded, epoch, { wallClockMs, ...overrides });
}

/** The file name of every listed segment, with a `!` for each discontinuity before it. */
function listedSegments(followed: FollowedPackage, rendition: string): string[] {
  return parseMediaPlaylist(followed.playlist(rendition)).segments.map(
    ({ uri, isGap, discontinuities }) => `${'! '.repeat(discontinuities)}${uri}${isGap ? ' gap' : ''}`,
  );
}

test('a run whose publisher was away goes on with a discontinuity from the next segment on', async () => {
  const followed = new FollowedPackage('low');
  const absencesBy = (mediaSeconds: number): number => (mediaSeconds < 4 ? 0 : 1);
  const wallClockMs = (mediaSeconds: number): number =>
    WALL_CLOCK_START_MS + (mediaSeconds + 20 * absencesBy(mediaSeconds)) * 1000;
  followed.addRun(toMediaRun(encoded, 7, { absencesBy, wallClockMs }), steps);
  await followed.move();
  followed.addRun(laterRun(8, 60), steps);
  expect(followed.violations).toEqual([]);
  for (const rendition of encoded.tracks.keys()) {
    const listed = listedSegments(followed, rendition);
    expect(listed.slice(0, 4)).toEqual(['7-100.m4s', '7-101.m4s', '! 7-102.m4s', '! 8-103.m4s']);
  }
});

describe('a second run', () => {
  test.each([
    ['after a whole segment', 180],
    ['after a part', 75],
    ['in the middle of a part', 100],
    ['after a few frames', 4],
  ])('that follows %s continues with the next number and a discontinuity', (_, frames) => {
    const followed = new FollowedPackage('low');
    const isKept = ({ rendition, chunk }: FeedStep): boolean => {
      const track = encoded.tracks.get(rendition);
      const kept = Math.ceil(((track?.frames.length ?? 0) * frames) / 180);
      return track?.header === chunk || track?.frames.slice(0, kept).includes(chunk) === true;
    };
    followed.addRun(toMediaRun(encoded, 7), steps.filter(isKept));
    followed.addRun(laterRun(8, 20), steps);
    expect(followed.violations).toEqual([]);
    const first = Math.ceil(frames / 60);
    for (const name of encoded.tracks.keys()) {
      const listed = listedSegments(followed, name);
      expect(listed).toHaveLength(first + 3);
      expect(listed[first]).toBe(`! 8-${FIRST_MSN + first}.m4s`);
      expect(readSamples(followed.media(name)).length).toBeGreaterThanOrEqual(frames);
    }
  });

  test('lists gaps for a rendition that was segments behind', () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), cutShort('360p', 50));
    followed.addRun(laterRun(8, 20), steps);
    expect(followed.violations).toEqual([]);
    expect(listedSegments(followed, '360p')).toEqual([
      '7-100.m4s',
      '7-101.m4s gap',
      '7-102.m4s gap',
      '! 8-103.m4s',
      '8-104.m4s',
      '8-105.m4s',
    ]);
    expect(followed.stream.renditions.get('360p')?.segment(7, 101)).toBeUndefined();
    expect(listedSegments(followed, '480p')[3]).toBe('! 8-103.m4s');
  });

  test('without any part leaves no discontinuity', () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    followed.addRun(laterRun(8, 10), steps.slice(0, encoded.tracks.size));
    followed.addRun(laterRun(9, 20), steps);
    expect(followed.violations).toEqual([]);
    expect(listedSegments(followed, 'audio')[3]).toBe('! 9-103.m4s');
  });

  test('counts as a discontinuity in all renditions, even if it has parts in only some', () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    followed.addRun(laterRun(8, 10), cutShort('360p', 0));
    followed.addRun(laterRun(9, 20), steps);
    expect(followed.violations).toEqual([]);
    expect(listedSegments(followed, '360p').slice(3, 7)).toEqual([
      '7-103.m4s gap',
      '7-104.m4s gap',
      '7-105.m4s gap',
      '! ! 9-106.m4s',
    ]);
    expect(listedSegments(followed, '480p').slice(3, 7)).toEqual([
      '! 8-103.m4s',
      '8-104.m4s',
      '8-105.m4s',
      '! 9-106.m4s',
    ]);
  });

  test('hints at its first part once it has begun, and at nothing before', () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    const hint = (): string | undefined => parseMediaPlaylist(followed.playlist('480p')).preloadHint?.get('URI');
    expect(hint()).toBeUndefined();
    const sink = followed.beginRun(laterRun(8, 20));
    expect(hint()).toBeUndefined();
    feed(sink, steps.slice(0, 3));
    expect(hint()).toBe('8-103.0.m4s');
  });

  test('at another frame rate gets parts that suit the PART-TARGET, which does not change', async () => {
    const frameRate = { numerator: 25, denominator: 1 };
    const slower = await encodeRun({ video: { frameRate, keyframeFrames: 50, bFrames: 0 } });
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    expect(followed.stream.partTargetSeconds).toBeCloseTo(0.512, 9);
    followed.addRun(toMediaRun(slower, 8), interleaved(slower));
    expect(followed.stream.partTargetSeconds).toBeCloseTo(0.512, 9);
    expect(followed.stream.renditions.get('480p')?.newest()?.parts.length).toBe(5);
    followed.addRun(laterRun(9, 20), steps);
    expect(followed.stream.partTargetSeconds).toBeCloseTo(0.512, 9);
    expect(followed.violations).toEqual([]);
  });
});

describe('a run at another frame rate', () => {
  const rateOf = (framesPerSecond: number) => ({ numerator: framesPerSecond, denominator: 1 });
  const runAt = (framesPerSecond: number, audio: EncodedRunOptions['audio']): Promise<EncodedRun> =>
    encodeRun({
      seconds: 4,
      video: { frameRate: rateOf(framesPerSecond), keyframeFrames: framesPerSecond, bFrames: 0 },
      audio,
    });
  const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;

  test.each([
    [30, 13],
    [25, 7],
  ])('does not fit if the parts at %d and %d frames a second allow no common PART-TARGET', async (first, second) => {
    const [before, after] = [await runAt(first, STEREO), await runAt(second, STEREO)];
    const stream = new StreamPackage({ latency: 'ultra', firstMsn: FIRST_MSN });
    feed(stream.beginRun(toMediaRun(before, 7)), interleaved(before));
    expect(stream.fits(toMediaRun(after, 8))).toBe(false);
  });

  test.each([
    [30, 60],
    [30, 25],
    [25, 30],
    [24, 30],
    [15, 30],
    [13, 30],
  ])('can change from %d to %d frames a second, and every playlist conforms', async (first, second) => {
    const [before, after] = [await runAt(first, STEREO), await runAt(second, STEREO)];
    const followed = new FollowedPackage('ultra');
    followed.addRun(toMediaRun(before, 7), interleaved(before));
    expect(followed.stream.fits(toMediaRun(after, 8))).toBe(true);
    followed.addRun(toMediaRun(after, 8), interleaved(after));
    expect(followed.violations).toEqual([]);
  });

  test('fits at any frame rate without parts', async () => {
    const [before, after] = [await runAt(30, null), await runAt(5, null)];
    const stream = new StreamPackage({ latency: 'standard', firstMsn: FIRST_MSN });
    feed(stream.beginRun(toMediaRun(before, 7)), interleaved(before));
    expect(stream.fits(toMediaRun(after, 8))).toBe(true);
  });
});

describe('a run that can begin with a short GOP', () => {
  const shortStart = (latency: 'ultra' | 'low', partFrames: number): Promise<EncodedRun> =>
    encodeRun({
      video: {
        ...{ frameRate: FPS_30, bFrames: 0, firstGopFrames: partFrames },
        keyframeFrames: LATENCY_PROFILES[latency].keyframeSeconds * 30,
      },
    });

  test.each([
    ['ultra', 6],
    ['low', 15],
  ] as const)('%s: begins with a segment of one part, if the stream does', async (latency, partFrames) => {
    const short = await shortStart(latency, partFrames);
    const followed = new FollowedPackage(latency);
    const sink = followed.beginRun(toMediaRun(short, 7));
    expect(sink.cuts).toEqual({ partFrames, firstSegmentFrames: partFrames });
    const isPart = (name: string): boolean => (followed.stream.renditions.get(name)?.newest()?.parts.length ?? 0) > 0;
    for (const { rendition, chunk } of interleaved(short)) {
      sink.write(rendition, chunk);
      expect(followed.stream.offered !== null).toBe(['480p', '360p', 'audio'].every(isPart));
    }
    sink.end();
    expect(followed.violations).toEqual([]);
    for (const name of ['480p', '360p', 'audio']) {
      const [first, second, third] = followed.stream.renditions.get(name)?.held() ?? [];
      expect(first?.parts.length).toBe(1);
      expect(second?.durationSeconds).toBeCloseTo(LATENCY_PROFILES[latency].segmentSeconds, 1);
      expect([first, second, third].every((segment) => segment?.parts[0]?.isIndependent)).toBe(true);
    }
  });

  test('does not if it follows another', async () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    const sink = followed.beginRun(laterRun(8, 20, { canBeginShort: true }));
    expect(sink.cuts).toEqual({ partFrames: 15, firstSegmentFrames: 60 });
  });
});

describe('the multivariant playlist', () => {
  test('appears with the first whole segment of the last rendition and stays through the next run', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    const sink = stream.beginRun(toMediaRun(encoded, 7));
    const isComplete = (): boolean =>
      stream.renditions.size === 3 &&
      [...stream.renditions.values()].every((timeline) => timeline.newestComplete() !== undefined);
    for (const { rendition, chunk } of steps) {
      sink.write(rendition, chunk);
      expect(renderMultivariantPlaylist(stream) !== null).toBe(isComplete());
    }
    const playlist = renderMultivariantPlaylist(stream);
    expect(checkMultivariantPlaylist(playlist ?? '')).toEqual([]);
    feed(stream.beginRun(laterRun(8, 20)), cutShort('360p', 1));
    expect(renderMultivariantPlaylist(stream)).toBe(playlist);
    expect(stream.playableRun?.epoch).toBe(7);
  });

  test('stays even if nobody requested it during the first run', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    feed(stream.beginRun(toMediaRun(encoded, 7)), steps);
    stream.beginRun(laterRun(8, 20));
    expect(stream.playableRun?.epoch).toBe(7);
  });

  test('shows a new run as soon as all its renditions can be played', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    feed(stream.beginRun(toMediaRun(encoded, 7)), steps);
    const smaller = laterRun(8, 20, { video: toMediaRun(encoded, 8).video.slice(1) });
    feed(
      stream.beginRun(smaller),
      steps.filter(({ rendition }) => rendition !== '480p'),
    );
    const playlist = renderMultivariantPlaylist(stream) ?? '';
    expect(playlist).not.toContain('480p');
    expect(checkMultivariantPlaylist(playlist)).toEqual([]);
  });
});

describe('a run with fewer renditions', () => {
  test('feeds its best rendition to those that it lacks, and keeps the media only once', () => {
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    const before = followed.stream.mediaBytes();
    const onlyBest = laterRun(8, 20, { video: toMediaRun(encoded, 8).video.slice(0, 1) });
    const written = steps.filter(({ rendition }) => rendition !== '360p');
    followed.addRun(onlyBest, written);
    expect(followed.violations).toEqual([]);
    const best = followed.stream.renditions.get('480p');
    const missing = followed.stream.renditions.get('360p');
    expect(missing?.initSection(8)).toBe(best?.initSection(8));
    expect(missing?.segment(8, 103)?.parts[0]?.data).toBe(best?.segment(8, 103)?.parts[0]?.data);
    const ownBytes = ['480p', 'audio'].reduce((bytes, name) => bytes + readBytes(followed, name, 8), 0);
    expect(followed.stream.mediaBytes() - before).toBe(ownBytes);
    followed.addRun(laterRun(9, 40), steps);
    expect(followed.violations).toEqual([]);
    expect(followed.stream.renditions.get('360p')?.segment(9, 106)?.parts[0]?.data).not.toBe(
      followed.stream.renditions.get('480p')?.segment(9, 106)?.parts[0]?.data,
    );
  });

  /** Media bytes of one epoch in a rendition. */
  function readBytes(followed: FollowedPackage, rendition: string, epoch: number): number {
    const segments = followed.stream.renditions.get(rendition)?.held() ?? [];
    return segments
      .filter((segment) => segment.epoch === epoch)
      .reduce((bytes, segment) => bytes + segmentBytes(segment), 0);
  }

  test('fits as long as it loses neither video nor audio', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    const run = toMediaRun(encoded, 7);
    const noVideo = { ...run, video: [], frameRate: null, keyframeFrames: null };
    expect(stream.fits(noVideo)).toBe(true);
    stream.beginRun(run);
    expect(stream.fits({ ...run, video: run.video.slice(1) })).toBe(true);
    expect(stream.fits({ ...run, audio: null })).toBe(false);
    expect(stream.fits(noVideo)).toBe(false);
  });
});

describe('a run that adds a track', () => {
  test.each([
    ['video', ['audio'], { video: [], frameRate: null, keyframeFrames: null }],
    ['audio', ['480p', '360p'], { audio: null }],
  ])(
    'of %s goes on with the playlists of the others, and is offered once it can be played',
    async (_added, names, lack) => {
      const followed = new FollowedPackage('low');
      const firstSteps = steps.filter(({ rendition }) => names.includes(rendition));
      followed.addRun(toMediaRun(encoded, 7, lack), firstSteps);
      const before = renderMultivariantPlaylist(followed.stream);
      expect(followed.stream.fits(laterRun(8, 9))).toBe(true);
      const sink = followed.beginRun(laterRun(8, 9));
      feed(sink, steps.slice(0, 10));
      expect(renderMultivariantPlaylist(followed.stream)).toBe(before);
      feed(sink, steps.slice(10));
      sink.end();
      expect(followed.violations).toEqual([]);
      const after = renderMultivariantPlaylist(followed.stream) ?? '';
      expect(checkMultivariantPlaylist(after)).toEqual([]);
      expect(after).toMatch(/RESOLUTION=.*AUDIO=|AUDIO=.*RESOLUTION=/);
      for (const name of names) expect(listedSegments(followed, name).at(-1)).toMatch(/^8-/);
      expect(followed.stream.ended).toBe(false);
    },
  );
});

describe('the end', () => {
  test('of the stream gives every playlist its EXT-X-ENDLIST, and nothing follows', () => {
    const followed = new FollowedPackage('low');
    const sink = followed.beginRun(toMediaRun(encoded, 7));
    feed(sink, steps.slice(0, 400));
    followed.end();
    const playlists = [...encoded.tracks.keys()].map((name) => followed.playlist(name));
    for (const playlist of playlists) expect(playlist).toMatch(/\.m4s\n#EXT-X-ENDLIST\n$/);
    feed(sink, steps.slice(400));
    sink.end();
    followed.end();
    expect([...encoded.tracks.keys()].map((name) => followed.playlist(name))).toEqual(playlists);
    expect(followed.violations).toEqual([]);
  });

  test('of a run at once gives the newest picture its sound, and the end of the stream adds nothing', () => {
    const followed = new FollowedPackage('low');
    const ofAudio = (step: FeedStep): boolean => step.rendition === 'audio';
    const video = steps.filter((step) => !ofAudio(step)).slice(0, 2 + 60);
    // As much sound as there is, but the last frame of the part.
    const sound = steps.filter(ofAudio).slice(0, 1 + 45);
    const sink = followed.beginRun(toMediaRun(encoded, 7));
    feed(sink, [...video, ...sound]);
    const soundBefore = followed.media('audio').length;
    expect(followed.stream.endRun()).toBe(true);
    const media = [...encoded.tracks.keys()].map((name) => followed.media(name));
    expect(followed.media('audio').length).toBeGreaterThan(soundBefore);
    expect(followed.playlist('audio')).not.toContain('ENDLIST');
    expect(followed.stream.endRun()).toBe(false);
    followed.end();
    expect([...encoded.tracks.keys()].map((name) => followed.media(name))).toEqual(media);
    expect(followed.violations).toEqual([]);
  });

  test('on this task comes even if ending the last run fails', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    const wallClockMs = (): number => {
      throw new Error('no clock today');
    };
    feed(stream.beginRun(laterRun(7, 0, { wallClockMs })), steps.slice(0, 30));
    expect(() => stream.freeze()).toThrow('no clock today');
    expect(stream.isFrozen).toBe(true);
    stream.end();
    expect(stream.ended).toBe(false);
  });

  test('of a run may come twice, and writes after it change nothing', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    const sink = stream.beginRun(toMediaRun(encoded, 7));
    feed(sink, steps.slice(0, 400));
    sink.end();
    const { version } = stream;
    const nextMsn = stream.nextMsn();
    sink.end();
    feed(sink, steps.slice(400));
    expect(stream.version).toBe(version);
    expect(stream.nextMsn()).toBe(nextMsn);
  });

  test('of a run that was replaced does not end the new one', () => {
    const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
    const former = stream.beginRun(toMediaRun(encoded, 7));
    feed(former, steps.slice(0, 400));
    feed(stream.beginRun(laterRun(8, 20)), steps.slice(0, 100));
    const { version } = stream;
    former.end();
    feed(former, steps.slice(400));
    expect(stream.version).toBe(version);
    expect(stream.renditions.get('480p')?.nextPart()?.epoch).toBe(8);
  });
});

test('malformed output ends the run: complete parts stay, and later output is ignored', () => {
  const followed = new FollowedPackage('low');
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  feed(sink, steps.slice(0, 300));
  expect(() => sink.write('360p', Buffer.from('\0\0\0\x04moof'))).toThrow('box moof has 4 bytes');
  const { version } = followed.stream;
  feed(sink, steps.slice(300));
  expect(followed.stream.version).toBe(version);
  expect(parseMediaPlaylist(followed.playlist('480p')).preloadHint).toBeNull();
  followed.addRun(laterRun(8, 20), steps);
  expect(followed.violations).toEqual([]);
});

test.each([
  ['an mdat before any moof', () => Buffer.from('\0\0\0\x08mdat', 'latin1'), 'an mdat without a moof'],
  ['a moov without an ftyp', () => headerFrom('moov'), 'a moov without an ftyp'],
  [
    'frames before the header',
    () => encoded.tracks.get('480p')?.frames[0] ?? Buffer.alloc(0),
    'moof or moov before it',
  ],
])('%s throws', (_, chunk, message) => {
  const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN });
  expect(() => stream.beginRun(toMediaRun(encoded, 7)).write('480p', chunk())).toThrow(message);
});

function headerFrom(type: string): Buffer {
  const header = encoded.tracks.get('480p')?.header ?? Buffer.alloc(0);
  return header.subarray(header.indexOf(type, 0, 'latin1') - 4);
}

test('over many runs, numbers stay consecutive, memory is bounded, and only needed init sections are kept', () => {
  const followed = new FollowedPackage('low');
  const rounds = 20;
  for (let round = 0; round < rounds; round++) followed.addRun(laterRun(7 + round, round * 10), steps);
  expect(followed.violations).toEqual([]);
  const timeline = followed.stream.renditions.get('480p');
  expect(timeline?.lastMsn()).toBe(FIRST_MSN + rounds * 3 - 1);
  expect(timeline?.held().length).toBe(40);
  expect(timeline?.listed().length).toBe(20);
  const epochs = Array.from({ length: rounds }, (_, round) => 7 + round);
  const held = new Set(timeline?.held().map((segment) => segment.epoch));
  expect(epochs.filter((epoch) => timeline?.initSection(epoch) !== undefined)).toEqual([...held]);
  expect(parseMediaPlaylist(followed.playlist('480p')).discontinuitySequence).toBe(timeline?.listed()[0]?.epoch);
});
