import { StepArbiter } from '#encoder/transcode/step-arbiter.ts';
import { STEP_LIMITS, type StepLimits } from '#encoder/transcode/step-policy.ts';

/** An arbiter for tests. Without `limits`, no stream of a short test ever steps. */
export function testArbiter({
  limits = {},
  vCpus = 100,
  idleVCpus = () => null,
  now = Date.now,
}: {
  readonly limits?: Partial<StepLimits>;
  readonly vCpus?: number;
  readonly idleVCpus?: () => number | null;
  readonly now?: () => number;
} = {}): StepArbiter {
  return new StepArbiter({
    limits: { ...STEP_LIMITS, ...NEVER, ...limits },
    architecture: 'x64',
    vCpus,
    idleVCpus,
    now,
  });
}

const NEVER = {
  slowMs: Number.POSITIVE_INFINITY,
  fallingMs: Number.POSITIVE_INFINITY,
  lateMs: Number.POSITIVE_INFINITY,
} as const;
