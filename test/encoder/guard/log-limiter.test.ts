import { LogLimiter } from '#encoder/guard/log-limiter.ts';

let nowMs: number;
let limiter: LogLimiter;
let lines: (number | undefined)[];
beforeEach(() => {
  nowMs = 1_700_000_000_000;
  limiter = new LogLimiter(() => nowMs);
  lines = [];
});

const write = (source: string) => limiter.write(source, ({ leftOut }) => lines.push(leftOut));

test('each source gets one line a second, which counts the lines that were left out before it', () => {
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

test('a clock that is set back silences a source for at most a second', () => {
  write('a');
  nowMs -= 3_600_000;
  write('a');
  nowMs += 1_000;
  write('a');
  expect(lines).toEqual([undefined, 1]);
});

test('only the newest 1,000 sources are remembered', () => {
  write('first');
  for (let count = 0; count < 1_000; count++) write(String(count));
  write('first');
  expect(lines).toHaveLength(1_002);
});
