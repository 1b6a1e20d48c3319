import type { CpuInfo } from 'node:os';
import { CpuIdle } from '#encoder/transcode/cpu-idle.ts';

/** A machine of two CPUs whose times grow as a test says. */
function machine() {
  const times = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
  const read = (): CpuInfo[] => Array.from({ length: 2 }, () => ({ model: '', speed: 0, times: { ...times } }));
  const work = (seconds: number, share: number): void => {
    times.user += seconds * 1000 * share;
    times.idle += seconds * 1000 * (1 - share);
  };
  return { idle: new CpuIdle(read), work };
}

test('is unknown until 10 s after the first call', () => {
  const { idle, work } = machine();
  expect(idle.measure(0)).toBeNull();
  work(9, 0.5);
  expect(idle.measure(9_000)).toBeNull();
  work(1, 0.5);
  expect(idle.measure(10_000)).toBeCloseTo(1, 6);
});

test('covers the time since the measurement before', () => {
  const { idle, work } = machine();
  idle.measure(0);
  work(20, 0.9);
  expect(idle.measure(20_000)).toBeCloseTo(0.2, 6);
  work(10, 0.25);
  expect(idle.measure(30_000)).toBeCloseTo(1.5, 6);
});

test('says nothing about a time that is too long ago', () => {
  const { idle, work } = machine();
  idle.measure(0);
  work(31, 0);
  expect(idle.measure(31_000)).toBeNull();
  work(10, 0);
  expect(idle.measure(41_000)).toBeCloseTo(2, 6);
});

test('is unknown if the machine does not tell its times', () => {
  const { idle } = machine();
  idle.measure(0);
  expect(idle.measure(15_000)).toBeNull();
});
