import { RestartPolicy } from '#encoder/transcode/restart-policy.ts';

test('FFmpeg restarts at once after a single death', () => {
  expect(new RestartPolicy().delayAfter({ lifetimeMs: 60_000, hadOutput: true })).toBe(0);
});

test('short lives with output are restarted without end, with growing delays', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 7 }, () => policy.delayAfter({ lifetimeMs: 900, hadOutput: true }));
  expect(delaysMs).toEqual([0, 500, 1000, 2000, 4000, 4000, 4000]);
});

test('a long life resets the delay', () => {
  const policy = new RestartPolicy();
  policy.delayAfter({ lifetimeMs: 900, hadOutput: true });
  policy.delayAfter({ lifetimeMs: 900, hadOutput: true });
  expect(policy.delayAfter({ lifetimeMs: 10_000, hadOutput: true })).toBe(0);
});

test('gives up after four deaths in a row without output', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 4 }, () => policy.delayAfter({ lifetimeMs: 100, hadOutput: false }));
  expect(delaysMs).toEqual([0, 500, 1000, null]);
});

test('gives up after 10 s without output', () => {
  const policy = new RestartPolicy();
  expect(policy.delayAfter({ lifetimeMs: 5200, hadOutput: false })).toBe(0);
  expect(policy.delayAfter({ lifetimeMs: 5200, hadOutput: false })).toBeNull();
});

test('output resets the count of deaths without output', () => {
  const policy = new RestartPolicy();
  for (let round = 0; round < 3; round++) policy.delayAfter({ lifetimeMs: 100, hadOutput: false });
  policy.delayAfter({ lifetimeMs: 100, hadOutput: true });
  expect(policy.delayAfter({ lifetimeMs: 100, hadOutput: false })).not.toBeNull();
});

test('two changes of the source restart FFmpeg at once, further ones with growing delays', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 8 }, () => policy.delayAfterChange(900));
  expect(delaysMs).toEqual([0, 0, 500, 1000, 2000, 4000, 4000, 4000]);
});

test('a change after a long life restarts FFmpeg at once, and changes do not count as failures', () => {
  const policy = new RestartPolicy();
  for (let round = 0; round < 5; round++) policy.delayAfterChange(900);
  expect(policy.delayAfterChange(10_000)).toBe(0);
  for (let round = 0; round < 5; round++) policy.delayAfterChange(900);
  expect(policy.delayAfter({ lifetimeMs: 900, hadOutput: true })).toBe(0);
});
