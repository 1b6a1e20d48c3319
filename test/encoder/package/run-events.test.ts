import type { MediaRun, TimedDatum } from '#encoder/media/media-run.ts';
import { parseSpliceInfo } from '#encoder/media/splice-info.ts';
import { childBoxes } from '#encoder/package/box-stream.ts';
import { buildCmafChunk } from '#encoder/package/cmaf-chunk.ts';
import { DateRanges } from '#encoder/package/date-ranges.ts';
import { buildEventMessage } from '#encoder/package/event-message.ts';
import { RunEvents } from '#encoder/package/run-events.ts';
import { timeSignals } from '#test/support/splice-sections.ts';

const ID3 = Buffer.from('ID3 of some bytes');
const DATE_MS = Date.UTC(2026, 5, 1, 12);

function datum(mediaSeconds: number, more: Partial<TimedDatum> = {}): TimedDatum {
  return { mediaSeconds, leadSeconds: 0, message: { id3: ID3, splices: [], timeSeconds: null }, ...more };
}

/** A run whose publisher says what is in `said`. */
function start(said: TimedDatum[]) {
  const dateRanges = new DateRanges([]);
  const takeTimedData = (untilSeconds: number): TimedDatum[] => {
    const taken = said.filter(({ mediaSeconds }) => mediaSeconds < untilSeconds);
    said.splice(0, taken.length);
    return taken;
  };
  const events = new RunEvents({ takeTimedData } as unknown as MediaRun, dateRanges);
  /** Part `index` of a segment of parts of half a second. */
  const part = (index: number, msn = 100) => ({
    ...{ segmentIndex: 0, partIndex: index, msn, dateTimeMs: DATE_MS + index * 500 },
    ...{ fromSeconds: 1 + index / 2, untilSeconds: 1.5 + index / 2 },
  });
  return { events, part, dateRanges };
}

test('all renditions get the same events, whoever is first, and each only once', () => {
  const { events, part } = start([datum(1.2), datum(1.7)]);
  const first = events.of(part(0));
  expect(first).toMatchObject([{ mediaSeconds: 1.2 }]);
  const second = events.of(part(1));
  expect(second).toMatchObject([{ mediaSeconds: 1.7 }]);
  expect(events.of(part(0))).toBe(first);
  expect(events.of(part(1))).toBe(second);
  expect(events.of(part(2))).toEqual([]);
  expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(2);
});

test('what comes too late for its part is at the beginning of the next one, in all renditions', () => {
  const said: TimedDatum[] = [];
  const { events, part } = start(said);
  expect(events.of(part(0))).toEqual([]);
  said.push(datum(1.2));
  expect(events.of(part(0))).toEqual([]);
  expect(events.of(part(1))).toMatchObject([{ mediaSeconds: 1.5 }]);
});

test('each signal for advertising is a date range at its own time', () => {
  const splices = parseSpliceInfo(timeSignals([7, 0x34, null], [8, 0x30, null]));
  const { events, part, dateRanges } = start([
    datum(1.7, { leadSeconds: 4, message: { id3: ID3, splices, timeSeconds: null } }),
  ]);
  events.of(part(0));
  events.of(part(1));
  expect(dateRanges.all).toMatchObject(
    [7, 8].map((eventId) => ({ eventId, startMs: DATE_MS + 700 + 4_000, kind: 'out' })),
  );
});

test('an event is a box of its own before the moof, with its time on the media timeline', () => {
  const event = buildEventMessage({ id: 0xfffffffe, presentationTicks: 2 ** 40, timescale: 15_360, id3: ID3 });
  const sample = {
    decodeTicks: 0,
    durationTicks: 512,
    compositionOffsetTicks: 0,
    isSync: true,
    data: Buffer.alloc(9, 7),
  };
  const header = { trackId: 1, sequenceNumber: 1, decodeTicks: 0 };
  const plain = buildCmafChunk(header, [sample]);
  const chunk = buildCmafChunk({ ...header, events: [event, event] }, [sample]);
  expect(childBoxes(chunk).map(({ type }) => type)).toEqual(['emsg', 'emsg', 'moof', 'mdat']);
  expect(chunk.subarray(2 * event.length)).toEqual(plain);
  expect(event.readUInt32BE(0)).toBe(event.length);
  expect(event.readUInt32BE(8)).toBe(0x01000000);
  expect(event.readUInt32BE(12)).toBe(15_360);
  expect(event.readBigUInt64BE(16)).toBe(2n ** 40n);
  expect(event.readUInt32BE(28)).toBe(0xfffffffe);
  expect(event.toString('latin1', 32)).toBe(`https://aomedia.org/emsg/ID3\0\0${ID3.toString('latin1')}`);
});
