import { EpochRange } from '#encoder/streams/epoch-range.ts';

test('epochs come in turn, the last with a word, and none after it', () => {
  let usedUp = 0;
  const epochs = new EpochRange(1001, 3, () => {
    usedUp += 1;
  });
  expect([epochs.take(), epochs.take()]).toEqual([1001, 1002]);
  expect(usedUp).toBe(0);
  expect(epochs.take()).toBe(1003);
  expect(usedUp).toBe(1);
  expect(() => epochs.take()).toThrow('used up');
});
