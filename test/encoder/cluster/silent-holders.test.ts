import { SilentHolders } from '#encoder/cluster/silent-holders.ts';

let nowMs = 0;
const holders = (): SilentHolders => {
  nowMs = 0;
  return new SilentHolders(() => nowMs);
};

test('of all who wait for a stream whose holder is silent, one asks again after half a second', () => {
  const silent = holders();
  expect(silent.isSilent('id', 1)).toBe(false);
  silent.onSilence('id', 1);
  nowMs = 499;
  expect(silent.isSilent('id', 1)).toBe(true);
  nowMs = 500;
  expect([1, 2, 3].map(() => silent.isSilent('id', 1))).toEqual([false, true, true]);
});

test('if whoever asks again hears nothing in time, another one asks', () => {
  const silent = holders();
  silent.onSilence('id', 1);
  nowMs = 500;
  expect(silent.isSilent('id', 1)).toBe(false);
  nowMs = 10_000;
  expect(silent.isSilent('id', 1)).toBe(false);
});

test('a holder that answers, another one, and that of another stream are asked', () => {
  const silent = holders();
  silent.onSilence('id', 1);
  expect([silent.isSilent('id', 2), silent.isSilent('other', 1)]).toEqual([false, false]);
  silent.onAnswer('id');
  expect(silent.isSilent('id', 1)).toBe(false);
});
