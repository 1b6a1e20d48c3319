// Loaded into an encoder before its program, by NODE_OPTIONS. SIGUSR2 sets its wall clock forward by SPY_STEP_MS, and writes
// what keeps its event loop busy to SPY_FILE.
import { writeFileSync } from 'node:fs';

const { TASK_ID, SPY_STEP_MS = '0', SPY_FILE } = process.env;

if (TASK_ID !== undefined) {
  const RealDate = Date;
  let shiftMs = 0;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(RealDate.now() + shiftMs);
      else super(...args);
    }

    static now() {
      return RealDate.now() + shiftMs;
    }
  };
  process.on('SIGUSR2', () => {
    shiftMs += Number(SPY_STEP_MS);
    if (SPY_FILE !== undefined) writeFileSync(SPY_FILE, JSON.stringify(process.getActiveResourcesInfo()));
  });
}
