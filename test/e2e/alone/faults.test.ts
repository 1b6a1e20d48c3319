import { FAULTS } from '#scripts/faults/faults.ts';
import { runFaults } from '#scripts/faults/run-faults.ts';

/** Those that take little time. `npm run faults` tries all. */
const QUICK = ['ffmpeg-killed', 'early-player/low', 'stop-while-away', 'end-together/ultra'];
/** Other programs may take the CPU for a while. */
const PATIENCE = 5;
const TIMEOUT_MS = 600_000;

test(
  'viewers see of quick faults what they shall see',
  async () => {
    const { rows, isComplete } = await runFaults({
      faults: FAULTS.filter(({ name }) => QUICK.includes(name)),
      ...{ patience: PATIENCE, interrupted: new AbortController().signal, note: () => undefined },
    });
    expect(rows.map(({ fault }) => fault)).toEqual(QUICK);
    expect(rows.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(isComplete).toBe(true);
  },
  TIMEOUT_MS,
);
