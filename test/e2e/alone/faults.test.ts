import { FAULTS } from '#scripts/faults/faults.ts';
import { runFaults } from '#scripts/faults/run-faults.ts';

/** Those that take little time. `npm run faults` tries all. They wait most of the time: each list has a platform of its own. */
const QUICK = [
  ['ffmpeg-killed', 'early-player/low'],
  ['stop-while-away', 'end-together/ultra'],
];
/** Other programs may take the CPU for a while. */
const PATIENCE = 5;
const TIMEOUT_MS = 600_000;

test.concurrent.each(QUICK)(
  'viewers see of the faults %s and %s what they shall see',
  async (...names) => {
    const { rows, isComplete } = await runFaults({
      faults: FAULTS.filter(({ name }) => names.includes(name)),
      ...{ patience: PATIENCE, interrupted: new AbortController().signal, note: () => undefined },
    });
    expect(rows.map(({ fault }) => fault)).toEqual(names);
    expect(rows.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(isComplete).toBe(true);
  },
  TIMEOUT_MS,
);
