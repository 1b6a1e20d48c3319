import { parseSpliceInfo, type SpliceSignal } from '#encoder/media/splice-info.ts';
import { DateRanges, MAX_DATE_RANGES } from '#encoder/package/date-ranges.ts';
import { parseAttributes } from '#scripts/check-hls/playlist/playlist-lines.ts';
import { spliceInsert, timeSignal, timeSignals } from '#test/support/splice-sections.ts';

const START_MS = Date.UTC(2026, 5, 1, 12);

function signal(section: Buffer): SpliceSignal {
  const [parsed] = parseSpliceInfo(section);
  if (parsed === undefined) throw new Error('no section');
  return parsed;
}

const out = (eventId: number, seconds: number | null = null) => signal(spliceInsert(eventId, true, seconds));
const back = (eventId: number) => signal(spliceInsert(eventId, false));
const read = (ranges: DateRanges, fromMs = START_MS) =>
  ranges.tags(fromMs).map((tag) => Object.fromEntries(parseAttributes(tag.slice('#EXT-X-DATERANGE:'.length))));

test('a break is a range that gets its end when the programme comes back', () => {
  const ranges = new DateRanges([]);
  ranges.add(out(7, 30), START_MS);
  const start = {
    ID: `scte35-7-${START_MS}`,
    'START-DATE': '2026-06-01T12:00:00.000Z',
    'PLANNED-DURATION': '30.000',
    'SCTE35-OUT': `0x${out(7, 30).section.toString('hex').toUpperCase()}`,
  };
  expect(read(ranges)).toEqual([start]);
  ranges.add(back(7), START_MS + 28_500);
  const section = back(7).section.toString('hex').toUpperCase();
  const end = { ID: start.ID, 'START-DATE': start['START-DATE'], DURATION: '28.500', 'SCTE35-IN': `0x${section}` };
  // What players have been told stays as it is.
  expect(read(ranges)).toEqual([start, end]);
});

test.each([
  ['numbers of their own', 2],
  ['one number', 1],
])('the end of a break and the beginning of the next one, in one signal, are both told: %s', (_, second) => {
  const ranges = new DateRanges([]);
  ranges.add(signal(timeSignal(1, 0x34)), START_MS);
  for (const delayMs of [30_000, 30_500]) {
    for (const each of parseSpliceInfo(timeSignals([1, 0x35, null], [second, 0x34, 30]))) {
      ranges.add(each, START_MS + delayMs);
    }
  }
  expect(ranges.all).toMatchObject([
    { kind: 'out', eventId: 1, startMs: START_MS, end: { durationSeconds: 30 } },
    { kind: 'out', eventId: second, startMs: START_MS + 30_000, plannedSeconds: 30 },
  ]);
});

test('repeated signals change nothing, and the next break with the same number is another range', () => {
  const ranges = new DateRanges([]);
  for (const delayMs of [0, 500, 1000]) ranges.add(out(7), START_MS + delayMs);
  expect(read(ranges)).toHaveLength(1);
  for (const delayMs of [9_000, 9_500]) ranges.add(back(7), START_MS + delayMs);
  expect(read(ranges)).toHaveLength(2);
  ranges.add(out(7, 20), START_MS + 60_000);
  expect(new Set(read(ranges).map(({ ID }) => ID)).size).toBe(2);
});

test('what is no break is a command at a moment, as is an end without a beginning', () => {
  const ranges = new DateRanges([]);
  ranges.add(signal(timeSignal(9, 0x20)), START_MS);
  ranges.add(back(8), START_MS);
  for (const attributes of read(ranges)) {
    expect(attributes).toHaveProperty('SCTE35-CMD');
    expect(attributes).toMatchObject({ DURATION: '0' });
    expect(attributes).not.toHaveProperty('SCTE35-IN');
  }
  expect(read(ranges)).toHaveLength(2);
});

test('a range leaves the playlist with the last segment that it reaches into', () => {
  const ranges = new DateRanges([]);
  ranges.add(out(7, 30), START_MS);
  ranges.add(out(8), START_MS);
  expect(read(ranges, START_MS + 30_000)).toHaveLength(2);
  expect(read(ranges, START_MS + 30_001)).toMatchObject([{ ID: `scte35-8-${START_MS}` }]);
  ranges.add(back(8), START_MS + 40_000);
  expect(read(ranges, START_MS + 40_001)).toEqual([]);
});

test('a playlist never has more than the newest ranges, each with an ID of its own', () => {
  const ranges = new DateRanges([]);
  for (let eventId = 0; eventId < 50; eventId++) ranges.add(out(eventId), START_MS);
  const ids = read(ranges).map(({ ID }) => ID);
  expect(ids).toHaveLength(MAX_DATE_RANGES);
  expect(new Set(ids).size).toBe(MAX_DATE_RANGES);
  expect(ids.at(-1)).toBe(`scte35-49-${START_MS}`);
});

test('an encoder that gives every break the same number, and signals no end, gets all of them', () => {
  const ranges = new DateRanges([]);
  // Byte for byte the same each time: auto_return, at once.
  for (const minutes of [0, 10, 20]) {
    for (const delayMs of [0, 2_000, 8_000]) ranges.add(out(1, 30), START_MS + minutes * 60_000 + delayMs);
  }
  expect(read(ranges).map(({ ID }) => ID)).toEqual([
    `scte35-1-${START_MS}`,
    `scte35-1-${START_MS + 600_000}`,
    `scte35-1-${START_MS + 1_200_000}`,
  ]);
});

test('the same beginning and end again are another break', () => {
  const ranges = new DateRanges([]);
  for (const startMs of [START_MS, START_MS + 300_000]) {
    for (const delayMs of [0, 1_000]) ranges.add(out(1), startMs + delayMs);
    for (const delayMs of [20_000, 21_000]) ranges.add(back(1), startMs + delayMs);
  }
  const durations = ranges.all.map(({ kind, end }) => [kind, end?.durationSeconds]);
  expect(durations).toEqual([
    ['out', 20],
    ['out', 20],
  ]);
});

test('without a plan, a beginning a minute later is the next break, which alone is still open', () => {
  const ranges = new DateRanges([]);
  for (const delayMs of [0, 59_000, 60_000]) ranges.add(out(7), START_MS + delayMs);
  expect(read(ranges)).toHaveLength(2);
  expect(read(ranges, START_MS + 60_001)).toMatchObject([{ ID: `scte35-7-${START_MS + 60_000}` }]);
  for (const delayMs of [90_000, 91_000]) ranges.add(back(7), START_MS + delayMs);
  expect(ranges.all.map(({ end }) => end?.durationSeconds ?? null)).toEqual([null, 30]);
});

test('a break that is on stays, whatever else is signalled, and gets its end', () => {
  const ranges = new DateRanges([]);
  ranges.add(out(7), START_MS);
  for (let eventId = 100; eventId < 130; eventId++) {
    ranges.add(signal(timeSignal(eventId, 0x20)), START_MS + eventId);
    ranges.add(out(eventId, 1), START_MS + eventId * 2_000);
  }
  ranges.add(back(7), START_MS + 600_000);
  expect(ranges.all).toHaveLength(MAX_DATE_RANGES);
  expect(ranges.all[0]).toMatchObject({ eventId: 7, end: { durationSeconds: 600 } });
  expect(ranges.all.at(-1)).toMatchObject({ eventId: 129 });
});

test('signals of one moment have IDs of their own', () => {
  const ranges = new DateRanges([]);
  ranges.add(back(7), START_MS);
  for (const seconds of [1, 2]) ranges.add(out(7, seconds), START_MS);
  ranges.add(back(7), START_MS);
  ranges.add(out(7, 3), START_MS + 1);
  const outs = ranges.tags(0).filter((tag) => !tag.includes('SCTE35-IN'));
  const ids = outs.map((tag) => parseAttributes(tag.slice('#EXT-X-DATERANGE:'.length)).get('ID'));
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(3);
});
