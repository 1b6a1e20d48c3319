import type { FailoverReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { IngestSwitch } from '#encoder/streams/ingest-switch.ts';
import { encodeAmf0 } from '#kit/amf0.ts';
import { multitrackTag, toEnhanced } from '#kit/enhanced-tags.ts';

const FRAME_MS = 40;
const GOP_FRAMES = 50;
const tag = (type: FlvTag['type'], ...bytes: number[]): FlvTag => ({
  type,
  timestampMs: 0,
  payload: Buffer.from(bytes),
});
const METADATA = tag(SCRIPT_TAG, ...encodeAmf0('onMetaData', { width: 640 }));
/** Of use at its moment only. */
const CUE = tag(SCRIPT_TAG, ...encodeAmf0('onCuePoint', { name: 'cue' }));
/** The last byte says whose they are. */
const header = (mark: number) => tag(VIDEO_TAG, 0x17, 0, mark);
const keyframe = (mark: number) => tag(VIDEO_TAG, 0x17, 1, mark);
const frame = (mark: number) => tag(VIDEO_TAG, 0x27, 1, mark);
const MARKS = { primary: 1, backup: 2 } as const;

let nowMs: number;
let fed: { tag: FlvTag; receivedAtMs: number }[];
let switches: [IngestName, FailoverReason, number][];
let ingests: IngestSwitch;

beforeEach(() => {
  nowMs = 1_000_000;
  fed = [];
  switches = [];
  ingests = new IngestSwitch({
    failoverMs: 2000,
    feed: (fedTag, receivedAtMs) => fed.push({ tag: fedTag, receivedAtMs }),
    onSwitch: (onAir, reason) => switches.push([onAir, reason, nowMs]),
    steadyNow: () => nowMs,
  });
});

/** Publishers that send a frame at a time. */
const frames = { primary: 0, backup: 0 };
function connect(name: IngestName): void {
  frames[name] = 0;
  ingests.connect(name);
  ingests.onTag(name, METADATA, nowMs);
  ingests.onTag(name, header(MARKS[name]), nowMs);
  ingests.onTag(name, CUE, nowMs);
}
function run(milliseconds: number, ...names: readonly IngestName[]): void {
  for (const end = nowMs + milliseconds; nowMs < end; nowMs += FRAME_MS) {
    for (const name of names) {
      const next = frames[name]++ % GOP_FRAMES === 0 ? keyframe : frame;
      ingests.onTag(name, next(MARKS[name]), nowMs);
    }
  }
}
const fedMarks = () => [
  ...new Set(fed.flatMap(({ tag: { type, payload } }) => (type === VIDEO_TAG ? payload.at(-1) : []))),
];

test('the first publisher is on air, and the second one is received but not passed on', () => {
  connect('primary');
  connect('backup');
  run(10_000, 'primary', 'backup');
  expect([ingests.onAir, fedMarks(), switches]).toEqual(['primary', [MARKS.primary], []]);
});

test('when the one on air stalls, the other takes over after the threshold, from its newest keyframe on, with its headers', () => {
  connect('primary');
  connect('backup');
  run(5000, 'primary', 'backup');
  const stalledAtMs = nowMs;
  fed = [];
  run(2500, 'backup');
  expect(switches).toEqual([['backup', 'stalled', expect.any(Number)]]);
  const [, , switchedAtMs = 0] = switches[0] ?? [];
  expect(switchedAtMs - stalledAtMs).toBeLessThanOrEqual(2000);
  expect(fed.slice(0, 3).map(({ tag: { payload } }) => payload)).toEqual(
    [METADATA, header(MARKS.backup), keyframe(MARKS.backup)].map(({ payload }) => payload),
  );
  expect(fed.filter(({ receivedAtMs }) => receivedAtMs > switchedAtMs).length).toBeGreaterThan(5);
  const times = fed.map(({ receivedAtMs }) => receivedAtMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

test('a pause below the threshold changes nothing', () => {
  connect('primary');
  connect('backup');
  run(3000, 'primary', 'backup');
  run(1900, 'backup');
  run(3000, 'primary', 'backup');
  expect(switches).toEqual([]);
});

test('when the one on air leaves, the other takes over at once', () => {
  connect('primary');
  connect('backup');
  run(3000, 'primary', 'backup');
  ingests.disconnect('primary');
  expect([ingests.onAir, switches]).toEqual(['backup', [['backup', 'left', nowMs]]]);
  ingests.disconnect('backup');
  expect(ingests.onAir).toBeNull();
});

test('one that leaves while it is not on air changes nothing', () => {
  connect('primary');
  connect('backup');
  ingests.disconnect('backup');
  run(1000, 'primary');
  expect([ingests.onAir, switches]).toEqual(['primary', []]);
});

test('the primary one is on air again when it has been steady for 30 s, at a keyframe', () => {
  connect('primary');
  connect('backup');
  run(3000, 'primary', 'backup');
  ingests.disconnect('primary');
  run(5000, 'backup');
  connect('primary');
  const backAtMs = nowMs;
  run(20_000, 'primary', 'backup');
  run(2500, 'backup');
  const steadyAtMs = nowMs;
  fed = [];
  run(40_000, 'primary', 'backup');
  const [, [onAir, reason, atMs] = []] = switches;
  expect([onAir, reason]).toEqual(['primary', 'recovered']);
  expect((atMs ?? 0) - steadyAtMs).toBeGreaterThanOrEqual(30_000);
  expect((atMs ?? 0) - backAtMs).toBeGreaterThan(50_000);
  const first = fed.findIndex(({ tag: { type, payload } }) => type === VIDEO_TAG && payload.at(-1) === MARKS.primary);
  expect(fed.slice(first, first + 2).map(({ tag: { payload } }) => payload)).toEqual(
    [header(MARKS.primary), keyframe(MARKS.primary)].map(({ payload }) => payload),
  );
  expect(ingests.onAir).toBe('primary');
});

test('a backup that nothing is known of yet takes over at its first keyframe', () => {
  connect('primary');
  run(3000, 'primary');
  connect('backup');
  frames.backup = 1;
  run(2500, 'backup');
  expect(switches).toEqual([['backup', 'stalled', expect.any(Number)]]);
  expect(fed.at(-1)?.tag.payload.at(-1)).toBe(MARKS.backup);
});

test('a source of audio alone takes over too', () => {
  const sound = tag(AUDIO_TAG, 0xaf, 1, 2);
  ingests.connect('primary');
  ingests.connect('backup');
  for (const end = nowMs + 2500; nowMs < end; nowMs += 20) ingests.onTag('backup', sound, nowMs);
  expect(switches.map(([onAir]) => onAir)).toEqual(['backup']);
});

test('headers that came while a publisher was on air are known when it is on air again', () => {
  connect('primary');
  connect('backup');
  run(3000, 'primary', 'backup');
  ingests.onTag('primary', header(9), nowMs);
  run(2500, 'backup');
  fed = [];
  run(33_000, 'primary', 'backup');
  expect(fed.some(({ tag: { payload } }) => payload.equals(header(9).payload))).toBe(true);
});

const TRACK_IDS = [3, 1];
const inTrack = (plain: FlvTag, trackId = TRACK_IDS[0] ?? 0) => multitrackTag(toEnhanced(plain), trackId);
const configuration = (mark: number) => tag(VIDEO_TAG, 0x17, 0, 0, 0, 0, mark);
const picture = (isKeyframe: boolean, mark: number) => tag(VIDEO_TAG, isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0, mark);

/** Publishers that send each frame in several tracks. */
function sendTracks(name: IngestName, plain: FlvTag): void {
  for (const trackId of TRACK_IDS) ingests.onTag(name, inTrack(plain, trackId), nowMs);
}
function runTracks(name: IngestName, milliseconds: number): void {
  sendTracks(name, configuration(MARKS[name]));
  for (let sent = 0; sent * FRAME_MS < milliseconds; sent += 1, nowMs += FRAME_MS)
    sendTracks(name, picture(sent % GOP_FRAMES === 0, MARKS[name]));
}

test('a publisher of several tracks is kept ready by its first one, and takes over with the tags that it sent', () => {
  connect('primary');
  ingests.connect('backup');
  fed = [];
  runTracks('backup', 2500);
  expect(switches).toEqual([['backup', 'stalled', expect.any(Number)]]);
  expect(fed.slice(0, 2).map((each) => each.tag)).toEqual([
    inTrack(configuration(MARKS.backup)),
    inTrack(picture(true, MARKS.backup)),
  ]);
});

test('a primary publisher of several tracks is on air again at a keyframe', () => {
  connect('primary');
  connect('backup');
  run(2500, 'backup');
  ingests.disconnect('primary');
  ingests.connect('primary');
  ingests.onTag('backup', frame(MARKS.backup), nowMs + 30_000);
  fed = [];
  runTracks('primary', 31_500);
  expect(switches.map(([onAir]) => onAir)).toEqual(['backup', 'primary']);
  expect(fed.slice(0, 2).map((each) => each.tag)).toEqual([
    inTrack(configuration(MARKS.primary)),
    inTrack(picture(true, MARKS.primary)),
  ]);
});

test('tags of one that is not connected are dropped', () => {
  ingests.onTag('primary', keyframe(1), nowMs);
  expect(fed).toEqual([]);
});

test.each([
  ['a step of the wall clock is', (_name: IngestName, ms: number) => (ms >= 10_000 ? 10_000 : 0)],
  ['the clock of a task that relays one of them is', (name: IngestName) => (name === 'backup' ? 3000 : 0)],
])('%s no stall', (_what, skewMs) => {
  for (const name of ['primary', 'backup'] as const) connect(name);
  for (let ms = 0; ms < 60_000; ms += FRAME_MS, nowMs += FRAME_MS) {
    for (const name of ['backup', 'primary'] as const) {
      const next = frames[name]++ % GOP_FRAMES === 0 ? keyframe : frame;
      ingests.onTag(name, next(MARKS[name]), nowMs + skewMs(name, ms));
    }
  }
  expect(switches).toEqual([]);
});

test('a primary one whose stall was never more than the threshold for itself is steady only after 30 s, too', () => {
  for (const name of ['primary', 'backup'] as const) connect(name);
  run(31_000, 'primary', 'backup');
  run(1960, 'backup');
  // Its next tag is a moment behind that of the backup.
  nowMs += FRAME_MS;
  ingests.onTag('backup', frame(MARKS.backup), nowMs);
  expect(switches).toHaveLength(1);
  run(28_000, 'backup', 'primary');
  expect(switches).toHaveLength(1);
  run(4_000, 'backup', 'primary');
  expect(switches.at(-1)).toEqual(['primary', 'recovered', expect.any(Number)]);
});

describe('when whoever takes the tags begins anew', () => {
  beforeEach(() => {
    connect('primary');
    connect('backup');
    run(5_000, 'primary', 'backup');
    fed = [];
    ingests.restart();
  });

  test('it gets what describes the media of the publisher on air, and none of the media before', () => {
    expect(fed.map(({ tag: { payload } }) => payload)).toEqual(
      [METADATA, header(MARKS.primary)].map((it) => it.payload),
    );
    run(FRAME_MS, 'primary', 'backup');
    expect(fed).toHaveLength(3);
  });

  test('it gets of the other publisher what that one has sent since, should it take over', () => {
    const restartedAtMs = nowMs;
    run(10_000, 'backup');
    expect(switches).toEqual([['backup', 'stalled', expect.any(Number)]]);
    const media = fed.filter(({ tag: { payload } }) => payload.equals(keyframe(MARKS.backup).payload));
    expect(media.length).toBeGreaterThan(0);
    expect(Math.min(...fed.slice(2).map(({ receivedAtMs }) => receivedAtMs))).toBeGreaterThanOrEqual(restartedAtMs);
  });
});
