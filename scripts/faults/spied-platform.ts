import type { ProgramContext } from '#scripts/bench/bench-context.ts';
import { type RunningHeadend, startHeadend } from '#scripts/bench/systems/headend.ts';

const SPY_URL = new URL('encoder-spy.mjs', import.meta.url).href;

export interface SpyOptions {
  /** By how much a signal sets the encoder's wall clock forward, in milliseconds. @default 0 */
  readonly stepMs?: number;
  /** Where a signal writes what keeps the encoder's event loop busy. @default nowhere */
  readonly file?: string;
}

/** Starts a platform of its own whose encoder takes the spy's signal. */
export function startSpiedPlatform(context: ProgramContext, { stepMs, file }: SpyOptions): Promise<RunningHeadend> {
  const environment = {
    NODE_OPTIONS: `--import ${SPY_URL}`,
    ...(stepMs !== undefined && { SPY_STEP_MS: String(stepMs) }),
    ...(file !== undefined && { SPY_FILE: file }),
  };
  return startHeadend(context, 'low', { environment });
}

/** Sends the spy's signal. */
export const signalSpy = ({ encoderPid }: RunningHeadend): boolean => process.kill(encoderPid, 'SIGUSR2');
