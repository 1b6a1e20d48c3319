import pino from 'pino';
import { SCRIPT_TAG } from '#encoder/media/flv-tag.ts';
import { TimedData } from '#encoder/transcode/timed-data.ts';
import { type AmfValue, encodeAmf0 } from '#kit/amf0.ts';

function start() {
  const lines: { dropped: number }[] = [];
  const clock = { nowMs: 0 };
  const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) });
  const data = new TimedData({ now: () => clock.nowMs, log });
  const say = (value: AmfValue, timelineMs: number, timestampMs = timelineMs): void =>
    data.add({ type: SCRIPT_TAG, timestampMs, payload: encodeAmf0('onTextData', value) }, timelineMs);
  return { data, clock, say, dropped: () => lines.map((line) => line.dropped) };
}

const secondsOf = (taken: ReturnType<TimedData['take']>) => taken.map(({ mediaSeconds }) => mediaSeconds);

test('a message is taken once, when its moment comes, at its place in the media', () => {
  const { data, say } = start();
  say({ text: 'a' }, 1_200);
  say({ text: 'b' }, 1_500);
  expect(data.take(1_000, 5)).toEqual([]);
  expect(secondsOf(data.take(1_500, 5.5))).toEqual([5.2]);
  expect(secondsOf(data.take(2_000, 6))).toEqual([5.5]);
  expect(data.take(9_000, 13)).toEqual([]);
});

test('a message that has waited for a run for ten seconds is forgotten', () => {
  const { data, say } = start();
  say({ text: 'a' }, 1_000);
  say({ text: 'b' }, 4_000);
  expect(secondsOf(data.take(12_000, 20))).toEqual([12]);
});

test('a cue that is sent before its time says how long before', () => {
  const { data, say } = start();
  say({ time: 5 }, 1_000, 1_000);
  say({ time: 0.5 }, 1_000, 1_000);
  say({ time: 5_000 }, 1_000, 1_000);
  expect(data.take(2_000, 2).map(({ leadSeconds }) => leadSeconds)).toEqual([4, 0, 0]);
});

test('a publisher that talks too much is dropped in part, and the log says so less and less often', () => {
  const { data, clock, say, dropped } = start();
  for (let count = 0; count < 500; count++) say({ text: 'x'.repeat(1_000) }, count);
  const first = data.take(1_000, 1).length;
  expect(first).toBeGreaterThan(5);
  expect(first).toBeLessThan(20);
  expect(dropped()).toEqual([1, 10, 100]);
  clock.nowMs = 10_000;
  say({ text: 'again' }, 2_000);
  expect(data.take(3_000, 3)).toHaveLength(1);
});

test('no more than 64 messages wait', () => {
  const { data, say } = start();
  for (let count = 0; count < 90; count++) say(1, 5_000);
  expect(data.take(6_000, 6)).toHaveLength(64);
});
