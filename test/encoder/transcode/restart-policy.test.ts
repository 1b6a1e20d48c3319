import { RestartPolicy } from '#encoder/transcode/restart-policy.ts';

test('a single death is answered at once', () => {
  expect(new RestartPolicy().delayAfter({ lifetimeMs: 60_000, hadOutput: true })).toBe(0);
});

test('short lives with output are restarted for ever, more and more slowly', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 7 }, () => policy.delayAfter({ lifetimeMs: 900, hadOutput: true }));
  expect(delaysMs).toEqual([0, 500, 1000, 2000, 4000, 4000, 4000]);
});

test('a long life clears the record', () => {
  const policy = new RestartPolicy();
  policy.delayAfter({ lifetimeMs: 900, hadOutput: true });
  policy.delayAfter({ lifetimeMs: 900, hadOutput: true });
  expect(policy.delayAfter({ lifetimeMs: 10_000, hadOutput: true })).toBe(0);
});

test('four deaths in a row without output are the end', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 4 }, () => policy.delayAfter({ lifetimeMs: 100, hadOutput: false }));
  expect(delaysMs).toEqual([0, 500, 1000, null]);
});

test('so are 10 s without output', () => {
  const policy = new RestartPolicy();
  expect(policy.delayAfter({ lifetimeMs: 5200, hadOutput: false })).toBe(0);
  expect(policy.delayAfter({ lifetimeMs: 5200, hadOutput: false })).toBeNull();
});

test('output in between begins the count anew', () => {
  const policy = new RestartPolicy();
  for (let round = 0; round < 3; round++) policy.delayAfter({ lifetimeMs: 100, hadOutput: false });
  policy.delayAfter({ lifetimeMs: 100, hadOutput: true });
  expect(policy.delayAfter({ lifetimeMs: 100, hadOutput: false })).not.toBeNull();
});

test('a source that changes is answered at once, twice; one that goes on changing waits', () => {
  const policy = new RestartPolicy();
  const delaysMs = Array.from({ length: 8 }, () => policy.delayAfterChange(900));
  expect(delaysMs).toEqual([0, 0, 500, 1000, 2000, 4000, 4000, 4000]);
});

test('a change after a long life is answered at once, and changes are no failures', () => {
  const policy = new RestartPolicy();
  for (let round = 0; round < 5; round++) policy.delayAfterChange(900);
  expect(policy.delayAfterChange(10_000)).toBe(0);
  for (let round = 0; round < 5; round++) policy.delayAfterChange(900);
  expect(policy.delayAfter({ lifetimeMs: 900, hadOutput: true })).toBe(0);
});
