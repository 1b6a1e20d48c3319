import { OutputMonitor } from '#encoder/transcode/output-monitor.ts';

/** Feeds input every 100 ms. */
function feed(monitor: OutputMonitor, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 100) monitor.onInput(nowMs);
}

test('is stalled after 5 s of input without output', () => {
  const monitor = new OutputMonitor();
  feed(monitor, 0, 5000);
  expect(monitor.isStalled(5000)).toBe(false);
  feed(monitor, 5100, 5100);
  expect(monitor.isStalled(5100)).toBe(true);
});

test('output restarts the time limit', () => {
  const monitor = new OutputMonitor();
  feed(monitor, 0, 4900);
  monitor.onOutput(1);
  feed(monitor, 5000, 9900);
  expect(monitor.isStalled(9900)).toBe(false);
  feed(monitor, 10_000, 10_100);
  expect(monitor.isStalled(10_100)).toBe(true);
});

test('a pause of the publisher is not a stall, nor is the moment when it resumes', () => {
  const monitor = new OutputMonitor();
  feed(monitor, 0, 1000);
  monitor.onOutput(1);
  feed(monitor, 1100, 1100);
  expect(monitor.isStalled(20_000)).toBe(false);
  feed(monitor, 20_000, 20_000);
  expect(monitor.isStalled(20_001)).toBe(false);
});

test('without input, there is no stall', () => {
  expect(new OutputMonitor().isStalled(60_000)).toBe(false);
});
