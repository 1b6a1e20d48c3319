import { jest } from '@jest/globals';
import type { EventBody } from '#domain/events.ts';
import { RefusalGroups } from '#encoder/telemetry/refusal-groups.ts';

const INTERVAL_MS = 10_000;

let events: EventBody[];
let groups: RefusalGroups;
beforeEach(() => {
  jest.useFakeTimers();
  events = [];
  groups = new RefusalGroups({ emit: (event) => events.push(event), intervalMs: INTERVAL_MS });
});
afterEach(() => {
  groups.flush();
  jest.useRealTimers();
});

const refuse = (sourceAddress: string, streamId: string | null = null, description = 'Unknown') =>
  groups.emit({ type: 'stream.refused', streamId, code: 'NetStream.Publish.BadName', description, sourceAddress });
const counted = () => events.map((event) => (event.type === 'stream.refused' ? (event.count ?? 1) : 0));

test('other events and the first refusal of a kind are forwarded at once', () => {
  groups.emit({ type: 'stream.live', streamId: 's', playbackId: 'p' });
  refuse('192.0.2.1');
  refuse('192.0.2.2');
  refuse('192.0.2.1', 's');
  expect(events.map(({ type }) => type)).toEqual(['stream.live', ...Array(3).fill('stream.refused')]);
  expect(counted()).toEqual([0, 1, 1, 1]);
});

test('later refusals are one event per interval, and each is counted once', () => {
  for (let count = 1; count <= 500; count++) refuse('192.0.2.1', null, `try ${count}`);
  expect(counted()).toEqual([1]);
  jest.advanceTimersByTime(INTERVAL_MS);
  expect(counted()).toEqual([1, 499]);
  expect(events[1]).toMatchObject({ description: 'try 500', sourceAddress: '192.0.2.1' });
  refuse('192.0.2.1');
  jest.advanceTimersByTime(INTERVAL_MS);
  expect(counted()).toEqual([1, 499, 1]);
});

test('after an interval without refusals, the next one is forwarded at once', () => {
  refuse('192.0.2.1');
  jest.advanceTimersByTime(INTERVAL_MS);
  expect(jest.getTimerCount()).toBe(0);
  refuse('192.0.2.1');
  expect(counted()).toEqual([1, 1]);
});

test('refusals of thousands of addresses are a hundred events, and one for the rest', () => {
  for (let count = 0; count < 5_000; count++) refuse(`10.0.${count >> 8}.${count & 255}`);
  expect(events).toHaveLength(101);
  jest.advanceTimersByTime(INTERVAL_MS);
  expect(counted().reduce((sum, count) => sum + count, 0)).toBe(5_000);
  expect(events).toHaveLength(102);
});

test('flush forwards what was collected and leaves no timer', () => {
  for (let count = 0; count < 3; count++) refuse('192.0.2.1');
  groups.flush();
  expect(counted()).toEqual([1, 2]);
  expect(jest.getTimerCount()).toBe(0);
});
