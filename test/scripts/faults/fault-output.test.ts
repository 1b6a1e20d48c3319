import { formatFaults, isGood, toFaultsJson } from '#scripts/faults/fault-output.ts';
import type { FaultRow } from '#scripts/faults/run-faults.ts';

const row = (changes: Partial<FaultRow>): FaultRow => ({
  ...{ fault: 'slate', expected: 'no stall', ok: true, observed: 'none', players: [], restarts: [], said: [] },
  ...changes,
});
const players = [
  { player: 'page', longestStallSeconds: 1.25, hasEnded: false },
  { player: 'mpv', longestStallSeconds: 12, hasEnded: false },
];

test('the table has stalls, restarts and what was said; what is wrong is said in words', () => {
  const restarts = ['died', 'died', 'stalled'];
  const rows = [
    row({ players, restarts, said: ['stream.live'] }),
    row({ fault: 'drain', ok: false, observed: 'dark' }),
  ];
  const table = formatFaults({ rows, isComplete: true });
  const wrong = 'drain\n  expected: no stall\n  observed: dark\nWrong: drain.\n';
  for (const text of ['1.3 s', 'mpv 12.0 s', '2 x died, stalled', 'stream.live', 'WRONG', wrong]) {
    expect(table).toContain(text);
  }
});

test.each([
  [[row({}), row({ ok: null })], true, true],
  [[row({}), row({ ok: false })], true, false],
  [[row({})], false, false],
])('what was skipped is not wrong; what failed or was interrupted is not good', (rows, isComplete, expected) => {
  expect(isGood({ rows, isComplete })).toBe(expected);
});

test('the line of JSON has a result for each fault', () => {
  const { ok, faults } = JSON.parse(toFaultsJson({ rows: [row({ ok: null, players })], isComplete: true }));
  expect([ok, faults]).toEqual([true, [expect.objectContaining({ fault: 'slate', result: 'skipped', players })]]);
});
