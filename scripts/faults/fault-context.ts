import type { TestBrowser } from '#kit/browser.ts';
import type { ProgramContext } from '#scripts/bench/bench-context.ts';
import type { RunningHeadend } from '#scripts/bench/systems/headend.ts';

/** What every fault gets. What it starts ends with it. */
export interface FaultContext extends ProgramContext {
  /** The platform with one task, which several faults share. */
  platform(): Promise<RunningHeadend>;
  browser(): Promise<TestBrowser>;
  /** By how much longer everything may take, on a slow machine. 1 for what is expected. */
  readonly patience: number;
}
