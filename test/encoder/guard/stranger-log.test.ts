import { StrangerLog } from '#encoder/guard/stranger-log.ts';

let nowMs: number;
let log: StrangerLog;
let lines: (number | undefined)[];
beforeEach(() => {
  nowMs = 1_700_000_000_000;
  log = new StrangerLog(() => nowMs);
  lines = [];
});

const write = (network: string) => log.write(network, ({ unlogged }) => lines.push(unlogged));

test('a line a second for each network, with a count of those without one', () => {
  for (let count = 0; count < 5; count++) write('a');
  write('b');
  expect(lines).toEqual([undefined, undefined]);
  nowMs += 1_000;
  write('a');
  write('b');
  expect(lines.slice(2)).toEqual([4, undefined]);
  nowMs += 5_000;
  write('a');
  expect(lines.at(-1)).toBeUndefined();
});

test('a clock that is set back silences nobody', () => {
  write('a');
  nowMs -= 3_600_000;
  write('a');
  expect(lines).toHaveLength(2);
});

test('only the newest 1,000 networks are remembered', () => {
  write('first');
  for (let count = 0; count < 1_000; count++) write(String(count));
  write('first');
  expect(lines).toHaveLength(1_002);
});
