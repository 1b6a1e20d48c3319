import { jest } from '@jest/globals';
import { AUDIO_RENDITION } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { FrameRate, MediaRun } from '#encoder/media/media-run.ts';
import type { DashPhase } from '#encoder/package/dash-adaptation-set.ts';
import { renderDashManifest } from '#encoder/package/dash-manifest.ts';
import { endSeconds, type Segment } from '#encoder/package/segment.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import {
  type EncodedRun,
  encodeRun,
  type FeedStep,
  feed,
  interleaved,
  toMediaRun,
  WALL_CLOCK_START_MS,
} from '#test/support/encoded-run.ts';
import { FIRST_MSN, FollowedPackage } from './followed-package.ts';

const PUBLISHED_AT_MS = Date.UTC(2026, 5, 2);
const RUN_SECONDS = 6;

let encoded: EncodedRun;
let steps: readonly FeedStep[];
beforeAll(async () => {
  encoded = await encodeRun();
  steps = interleaved(encoded);
});

const manifestOf = (stream: StreamPackage, phase: DashPhase = 'live'): string =>
  renderDashManifest(stream, { publishedAtMs: PUBLISHED_AT_MS, phase }) ?? '';

/** A package in which a run was written up to `seconds`, and goes on. */
function during(seconds: number, latency: LatencyName = 'low'): FollowedPackage {
  const followed = new FollowedPackage(latency);
  feed(followed.beginRun(toMediaRun(encoded, 7)), upTo(seconds));
  return followed;
}
const upTo = (seconds: number): FeedStep[] =>
  steps.slice(0, encoded.tracks.size + Math.ceil((steps.length * seconds) / RUN_SECONDS));
/** The same media, captured `lateSeconds` after the end of the run before. */
const nextRun = (epoch: number, lateSeconds: number) =>
  toMediaRun(encoded, epoch, {
    wallClockMs: (mediaSeconds) =>
      WALL_CLOCK_START_MS + ((epoch - 7) * RUN_SECONDS + lateSeconds + mediaSeconds) * 1000,
  });

const attribute = (tag: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
const secondsOf = (tag: string, name: string): number => Number(/^PT([0-9.]+)S$/.exec(attribute(tag, name))?.[1]);

interface ReadRepresentation {
  readonly id: string;
  readonly tag: string;
  readonly template: string;
  /** By media sequence number: where it begins and ends, in media time. */
  readonly times: ReadonlyMap<number, readonly [from: number, to: number]>;
}

/** The periods of a manifest. */
function read(manifest: string) {
  return [...manifest.matchAll(/<Period.*?<\/Period>/gs)].map(([period]) => ({
    id: attribute(period, 'id'),
    startSeconds: secondsOf(period, 'start'),
    representations: [...period.matchAll(/(<Representation[^>]*>).*?<\/Representation>/gs)].map(([text, tag = '']) =>
      readRepresentation(text, tag),
    ),
  }));
}

function readRepresentation(text: string, tag: string): ReadRepresentation {
  const template = /<SegmentTemplate[^>]*>/.exec(text)?.[0] ?? '';
  const timescale = Number(attribute(template, 'timescale'));
  const times = new Map<number, readonly [number, number]>();
  let msn = Number(attribute(template, 'startNumber'));
  for (const [entry] of text.matchAll(/<S [^>]*>/g)) {
    const d = Number(attribute(entry, 'd'));
    for (let index = 0; index <= Number(attribute(entry, 'r') || 0); index++) {
      const t = Number(attribute(entry, 't')) + index * d;
      times.set(msn++, [t / timescale, (t + d) / timescale]);
    }
  }
  return { id: attribute(tag, 'id'), tag, template, times };
}

const segmentsOf = (stream: StreamPackage, name: string): readonly Segment[] =>
  stream.renditions.get(name)?.held() ?? [];

test('there is no manifest while nothing can be played', () => {
  expect(renderDashManifest(during(0.1).stream, { publishedAtMs: PUBLISHED_AT_MS, phase: 'live' })).toBeNull();
});

test('each segment is listed with its number and its times, and those that will follow are announced', () => {
  const { stream } = during(4.7);
  const [period, ...others] = read(manifestOf(stream));
  expect(others).toEqual([]);
  expect(period?.representations.map(({ id }) => id)).toEqual(['480p', '360p', 'audio']);
  for (const { id, template, times } of period?.representations ?? []) {
    expect(attribute(template, 'media')).toBe(`${id}/7-$Number$.m4s`);
    expect(attribute(template, 'initialization')).toBe(`${id}/7-init.mp4`);
    const segments = segmentsOf(stream, id);
    expect(segments.at(-1)?.isComplete).toBe(false);
    for (const segment of segments) {
      expect(times.get(segment.msn)?.[0]).toBeCloseTo(segment.mediaSeconds, 4);
      if (segment.isComplete) expect(times.get(segment.msn)?.[1]).toBeCloseTo(endSeconds(segment), 4);
    }
    expect([...times.keys()]).toEqual([100, 101, 102, 103]);
  }
});

test('what is announced comes true, in sound too', () => {
  const followed = new FollowedPackage('low');
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  feed(sink, upTo(2.6));
  const early = read(manifestOf(followed.stream))[0]?.representations ?? [];
  feed(sink, steps.slice(upTo(2.6).length));
  expect(early).toHaveLength(3);
  for (const { id, times } of early) {
    for (const segment of segmentsOf(followed.stream, id).filter(({ isComplete }) => isComplete)) {
      const announced = times.get(segment.msn);
      expect(announced?.[0]).toBeCloseTo(segment.mediaSeconds, 4);
      expect(announced?.[1]).toBeCloseTo(endSeconds(segment), 4);
    }
  }
});

test.each([4.7, 2.6])(
  '%d s into a run, a silent publisher gets no segment announced that then changes',
  (atSeconds) => {
    const { stream } = during(atSeconds);
    const timesOf = () => read(manifestOf(stream))[0]?.representations.map(({ times }) => [...times]) ?? [];
    const clock = jest.spyOn(performance, 'now');
    try {
      const nowMs = performance.now();
      clock.mockReturnValue(nowMs);
      const going = timesOf();
      clock.mockReturnValue(nowMs + stream.silenceMs + 60_000);
      const silent = timesOf();
      expect(silent).toHaveLength(3);
      for (const [index, times] of silent.entries()) {
        expect(times.length).toBeGreaterThan(0);
        expect(times.length).toBeLessThan(going[index]?.length ?? 0);
        expect(going[index]?.slice(0, times.length)).toEqual(times);
      }
    } finally {
      clock.mockRestore();
    }
  },
);

test('presentation time is the date, and low latency is announced', () => {
  const manifest = manifestOf(during(4.7).stream);
  const [period] = read(manifest);
  expect(period?.startSeconds).toBeCloseTo(WALL_CLOCK_START_MS / 1000 + 1, 1);
  expect(attribute(manifest, 'availabilityStartTime')).toBe('1970-01-01T00:00:00Z');
  expect(attribute(manifest, 'type')).toBe('dynamic');
  expect(attribute(manifest, 'publishTime')).toBe('2026-06-02T00:00:00.000Z');
  expect(secondsOf(manifest, 'timeShiftBufferDepth')).toBe(40);
  expect(manifest).toContain('<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="time.txt"/>');
  const { template = '' } = period?.representations[0] ?? {};
  expect(attribute(template, 'availabilityTimeComplete')).toBe('false');
  const offset = Number(attribute(template, 'availabilityTimeOffset'));
  expect(offset).toBeGreaterThan(1.4);
  expect(offset).toBeLessThanOrEqual(1.5);
});

const NTSC: FrameRate = { numerator: 30_000, denominator: 1001 };
/** GOPs as long as a segment may be. */
const ODD: FrameRate = { numerator: 15, denominator: 1 };
test.each([
  ['sound that ends half a frame after the picture', {}, 2 + 0.5 * (1024 / 48_000)],
  ['29.97 frames a second', { video: { frameRate: NTSC, keyframeFrames: 60, bFrames: 0 } }, 2.002],
  ['an odd frame rate', { video: { frameRate: ODD, keyframeFrames: 36, bFrames: 0 } }, 2.4],
  ['sound alone', { video: null }, 2.048],
] as const)('no segment is longer than the manifest says: %s', async (_case, options, longestSeconds) => {
  const other = await encodeRun(options);
  const written = interleaved(other);
  const followed = new FollowedPackage('low');
  feed(followed.beginRun(toMediaRun(other, 7)), written.slice(0, Math.ceil(written.length * 0.9)));
  const manifest = manifestOf(followed.stream);
  const times = read(manifest).flatMap(({ representations }) =>
    representations.flatMap((one) => [...one.times.values()]),
  );
  const saidSeconds = secondsOf(manifest, 'maxSegmentDuration');
  expect(Math.max(...times.map(([from, to]) => to - from))).toBeLessThan(saidSeconds + 1e-6);
  expect(saidSeconds).toBeGreaterThanOrEqual(longestSeconds - 0.011);
  expect(saidSeconds).toBeLessThan(longestSeconds + 0.011);
});

test('codecs, sizes, rates and channels are those of the media', () => {
  const [period] = read(manifestOf(during(4.7).stream));
  const [best = '', , sound = ''] = period?.representations.map(({ tag }) => tag) ?? [];
  expect([attribute(best, 'width'), attribute(best, 'height'), attribute(best, 'frameRate')]).toEqual([
    '128',
    '72',
    '30',
  ]);
  expect(attribute(best, 'codecs')).toMatch(/^avc1\.[0-9a-f]{6}$/);
  expect(Number(attribute(best, 'bandwidth'))).toBeGreaterThanOrEqual(1_250_000);
  expect([attribute(sound, 'codecs'), attribute(sound, 'audioSamplingRate')]).toEqual(['mp4a.40.2', '48000']);
  expect(manifestOf(during(4.7).stream)).toMatch(/AudioChannelConfiguration [^>]* value="2"/);
});

test('the frame rate is that of all frames, also while a rendition has half of them', () => {
  const followed = new FollowedPackage('low');
  const run = toMediaRun(encoded, 7);
  // The packager counts two frames of the grid for each of its frames.
  const video = run.video.map((rendition) => (rendition.name === '360p' ? { ...rendition, frameStep: 2 } : rendition));
  feed(followed.beginRun({ ...run, video }), upTo(4.7));
  const [, halved = ''] = read(manifestOf(followed.stream))[0]?.representations.map(({ tag }) => tag) ?? [];
  expect([attribute(halved, 'id'), attribute(halved, 'frameRate')]).toEqual(['360p', '30']);
});

test('with shorter parts, players stay nearer to the end', () => {
  const manifest = manifestOf(during(4.7, 'ultra').stream);
  const [period] = read(manifest);
  expect(manifest).toMatch(/<Latency target="8\d\d"/);
  expect(secondsOf(manifest, 'timeShiftBufferDepth')).toBe(30);
  const offset = Number(attribute(period?.representations[0]?.template ?? '', 'availabilityTimeOffset'));
  expect(offset).toBeGreaterThan(0.75);
  expect(offset).toBeLessThanOrEqual(0.8);
});

test('a period says what its last segment is once another one follows, or the stream has ended', () => {
  const endNumbers = ({ stream }: FollowedPackage, phase: DashPhase = 'live') =>
    read(manifestOf(stream, phase)).map(({ representations }) =>
      representations.map(({ template }) => attribute(template, 'endNumber')),
    );
  const followed = new FollowedPackage('low');
  const sink = followed.beginRun(toMediaRun(encoded, 7));
  feed(sink, upTo(4.7));
  expect(endNumbers(followed)).toEqual([['', '', '']]);
  sink.end();
  // dash.js would end there.
  expect(endNumbers(followed)).toEqual([['', '', '']]);
  feed(followed.beginRun(nextRun(8, 0)), upTo(3));
  expect(endNumbers(followed)).toEqual([
    ['102', '102', '102'],
    ['', '', ''],
  ]);
  followed.end();
  for (const phase of ['ending', 'ended'] as const) {
    expect(endNumbers(followed, phase)).toEqual([
      ['102', '102', '102'],
      ['104', '104', '104'],
    ]);
  }
});

/** The kinds of adaptation set that have an element. */
const setsWith = (stream: StreamPackage, text: string): string[] =>
  manifestOf(stream)
    .split('<AdaptationSet ')
    .slice(1)
    .filter((set) => set.includes(text))
    .map(
      (set) =>
        `${attribute(` ${set}`, 'contentType')} ${attribute(/<Representation[^>]*>/.exec(set)?.[0] ?? '', 'codecs').slice(0, 4)}`,
    );

test('events are declared where they are: in the picture, or in sound alone', async () => {
  const events = '<InbandEventStream schemeIdUri="https://aomedia.org/emsg/ID3" value=""/>\n<Representation ';
  expect(setsWith(during(4.7).stream, events)).toEqual(['video avc1']);
  const sound = await encodeRun({ video: null });
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(sound, 7), interleaved(sound));
  expect(setsWith(followed.stream, events)).toEqual(['audio mp4a']);
});

test('all closed captions that were seen are declared in the picture, none in the sound', () => {
  const captions = ['CC1', 'CC3', 'SERVICE2'] as const;
  const stream = new StreamPackage({ latency: 'low', firstMsn: FIRST_MSN, captions });
  feed(stream.beginRun(toMediaRun(encoded, 7)), upTo(4.7));
  for (const declared of ['cea-608:2015" value="CC1=und;CC3=und"/>', 'cea-708:2015" value="2=lang:und"/>']) {
    expect(setsWith(stream, `<Accessibility schemeIdUri="urn:scte:dash:cc:${declared}`)).toEqual(['video avc1']);
  }
});

test('the language of the sound is told if it is known', () => {
  const languageOf = (language?: string): string => {
    const followed = new FollowedPackage('low');
    const run = toMediaRun(encoded, 7);
    const audio = run.audio && { ...run.audio, ...(language !== undefined && { language }) };
    feed(followed.beginRun({ ...run, audio }), upTo(4.7));
    return attribute(
      /<AdaptationSet [^>]*contentType="audio"[^>]*>/.exec(manifestOf(followed.stream))?.[0] ?? '',
      'lang',
    );
  };
  expect([languageOf(), languageOf('pt-BR')]).toEqual(['und', 'pt-BR']);
});

test.each([
  ['goes on', 0, 0],
  ['begins later', 5, 5],
])('the period of a run that %s by %d s begins as much later', (_case, lateSeconds, gapSeconds) => {
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), steps);
  const before = read(manifestOf(followed.stream))[0];
  feed(followed.beginRun(nextRun(8, lateSeconds)), upTo(3));
  const [first, second] = read(manifestOf(followed.stream));
  const shownOf = (period: typeof first) => ({
    ...period,
    representations: period?.representations.map(({ id, tag, times }) => ({ id, tag, times })),
  });
  expect(shownOf(first)).toEqual(shownOf(before));
  const offsetOf = (period: typeof first): number => {
    const { template = '' } = period?.representations[0] ?? {};
    return Number(attribute(template, 'presentationTimeOffset')) / Number(attribute(template, 'timescale'));
  };
  const betweenSeconds = (second?.startSeconds ?? 0) - (first?.startSeconds ?? 0);
  expect(betweenSeconds - (offsetOf(second) - offsetOf(first))).toBeCloseTo(gapSeconds, 3);
});

test.each([
  ['goes on', 0, 'time.txt'],
  ['begins later', 5, 'time.txt'],
  ['has an earlier date, because the clock was set back', -3, 'ahead-3000/time.txt'],
])(
  'if a run %s by %d s, players get the time of a clock by which its media is there',
  async (_case, lateSeconds, path) => {
    const timeOf = (stream: StreamPackage) =>
      attribute(/<UTCTiming[^>]*>/.exec(manifestOf(stream))?.[0] ?? '', 'value');
    const followed = new FollowedPackage('low');
    followed.addRun(toMediaRun(encoded, 7), steps);
    expect(timeOf(followed.stream)).toBe('time.txt');
    followed.addRun(nextRun(8, lateSeconds), steps);
    expect(timeOf(followed.stream)).toBe(path);
    await followed.move();
    expect(timeOf(followed.stream)).toBe(path);
  },
);

test('the clock of players follows that of a publisher', () => {
  const followed = new FollowedPackage('low');
  const run = toMediaRun(encoded, 7);
  followed.addRun(run, steps);
  // A day of a clock that is 50 millionths slow: dates have moved, and the period has not.
  const segments = [...followed.stream.renditions.values()].flatMap((timeline) => timeline.held());
  for (const segment of segments) Object.assign(segment, { programDateTimeMs: segment.programDateTimeMs + 4320 });
  expect(manifestOf(followed.stream)).toContain(' value="behind-4300/time.txt"');
});

test('periods stay what they are when the stream moves to another task and when segments leave the window', async () => {
  const followed = new FollowedPackage('ultra');
  const keyOf = () => read(manifestOf(followed.stream)).map(({ id, startSeconds }) => [id, startSeconds]);
  for (const epoch of [7, 8, 9]) followed.addRun(nextRun(epoch, 0), steps);
  const before = keyOf();
  expect(before).toHaveLength(3);
  await followed.move();
  expect(keyOf()).toEqual(before);
  for (const epoch of [10, 11, 12, 13]) followed.addRun(nextRun(epoch, 0), steps);
  const [first] = read(manifestOf(followed.stream));
  expect(Number(attribute(first?.representations[0]?.template ?? '', 'startNumber'))).toBeGreaterThan(FIRST_MSN);
  expect(before.flat()).toContain(first?.startSeconds);
});

/** The run without the renditions in `left`, in which `upTo` such a time is written. */
function feedWithout(followed: FollowedPackage, run: MediaRun, left: readonly string[], seconds: number): void {
  const video = run.video.filter(({ name }) => !left.includes(name));
  const audio = left.includes(AUDIO_RENDITION) ? null : run.audio;
  feed(
    followed.beginRun({ ...run, video, audio }),
    upTo(seconds).filter(({ rendition }) => !left.includes(rendition)),
  );
}
/** Each rendition of a period, with what its run says of it. */
const describedBy = ({ stream }: FollowedPackage) =>
  read(manifestOf(stream)).map(({ representations }) =>
    representations.map(({ id, tag }) => [id, Number(attribute(tag, 'bandwidth')), attribute(tag, 'frameRate')]),
  );

test('a period has what its run makes, whatever the runs after it make', async () => {
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), steps);
  const [whole = [], ...none] = describedBy(followed);
  expect(none).toEqual([]);
  expect(whole.map(([id]) => id)).toEqual(['480p', '360p', 'audio']);
  feedWithout(followed, nextRun(8, 0), ['480p'], 4.7);
  const reduced = whole.filter(([id]) => id !== '480p');
  expect(describedBy(followed)).toEqual([whole, reduced]);
  feed(followed.beginRun(nextRun(9, 0)), upTo(4.7));
  expect(describedBy(followed)).toEqual([whole, reduced, whole]);
  await followed.move();
  expect(describedBy(followed)).toEqual([whole, reduced, whole]);
});

test('what is new in a run is announced with what the encoder was told', () => {
  const followed = new FollowedPackage('low');
  feedWithout(followed, toMediaRun(encoded, 7), ['480p', AUDIO_RENDITION], RUN_SECONDS);
  const run = nextRun(8, 0);
  // Long enough for a part of each, too short for a segment.
  feed(followed.beginRun({ ...run, audio: run.audio && { ...run.audio, language: 'de' } }), upTo(1));
  expect(followed.stream.playableRun?.epoch).toBe(7);
  const [before = [], after = []] = describedBy(followed);
  expect(before.map(([id]) => id)).toEqual(['360p']);
  expect(after.map(([id, , frameRate]) => [id, frameRate])).toEqual([
    ['480p', '30'],
    ['360p', '30'],
    ['audio', ''],
  ]);
  const [best, , sound] = after.map(([, bandwidth]) => Number(bandwidth));
  expect(best).toBeGreaterThanOrEqual(1_250_000);
  expect(sound).toBeGreaterThanOrEqual(128_000);
  expect(manifestOf(followed.stream)).toContain(' lang="de"');
});

test('without parts, only complete segments are listed', () => {
  const manifest = manifestOf(during(5.5, 'standard').stream);
  expect(manifest).not.toContain('availabilityTimeOffset');
  for (const { times } of read(manifest)[0]?.representations ?? []) expect([...times.keys()]).toEqual([FIRST_MSN]);
});

test('the end tells its time first, and then that nothing will change', () => {
  const followed = new FollowedPackage('low');
  followed.addRun(toMediaRun(encoded, 7), steps);
  followed.end();
  const ending = manifestOf(followed.stream, 'ending');
  const ended = manifestOf(followed.stream, 'ended');
  const endOfMedia = WALL_CLOCK_START_MS / 1000 + 1 + RUN_SECONDS;
  for (const manifest of [ending, ended])
    expect(secondsOf(manifest, 'mediaPresentationDuration')).toBeCloseTo(endOfMedia, 1);
  expect([attribute(ending, 'type'), attribute(ended, 'type')]).toEqual(['dynamic', 'static']);
  expect(attribute(ending, 'minimumUpdatePeriod')).toBe('PT1S');
  expect(ended).not.toContain('minimumUpdatePeriod');
  expect(read(ended).map(({ startSeconds }) => startSeconds)).toEqual(
    read(ending).map(({ startSeconds }) => startSeconds),
  );
});
