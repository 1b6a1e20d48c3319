import { ownTransferMs, type Transfer } from '#site/watch/transfer-time.ts';

const transfer = (responseStart: number, responseEnd: number, encodedBodySize: number): Transfer => ({
  responseStart,
  responseEnd,
  encodedBodySize,
});

test('a file that came alone has all of its time', () => {
  const own = transfer(100, 200, 1000);
  expect(ownTransferMs(own, [own, transfer(0, 100, 5000), transfer(200, 300, 5000)])).toBe(100);
});

test('a file that shared the network has its share of the time', () => {
  const own = transfer(100, 200, 1000);
  expect(ownTransferMs(own, [own, transfer(100, 200, 3000)])).toBe(25);
  // Half of it came meanwhile.
  expect(ownTransferMs(own, [own, transfer(150, 250, 2000)])).toBe(50);
});

test('a file that came at once has no time', () => {
  const own = transfer(100, 100, 1000);
  expect(ownTransferMs(own, [own, transfer(0, 300, 1000)])).toBe(0);
});
