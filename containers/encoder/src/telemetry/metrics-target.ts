import type { ProcessEnvironment } from '#domain/environment.ts';

/** Where metrics go. */
export interface MetricsTarget {
  readonly namespace: string;
  /** Value of the one dimension. */
  readonly stage: string;
}

/** CloudWatch User Guide, "Metrics concepts": these characters, at most 255, no colon first; `AWS/` is CloudWatch's own. */
const NAMESPACE = /^(?!AWS\/)[\w.\-/#][\w.\-/#:]{0,254}$/;
/** CloudWatch API reference, Dimension: ASCII without control characters, and not blank. */
const STAGE = /^[!-~][ -~]{0,254}$/;

/** Checks both names: CloudWatch makes nothing of a line with bad ones. Throws one error that lists every problem. */
export function parseMetricsTarget({
  METRICS_NAMESPACE: namespace,
  METRICS_STAGE: stage,
}: ProcessEnvironment<'encoder with metrics'>): MetricsTarget {
  const problems = [
    NAMESPACE.test(namespace)
      ? null
      : `METRICS_NAMESPACE must be of letters, digits and .-_/#: only, not "${namespace}"`,
    STAGE.test(stage) ? null : `METRICS_STAGE must be of printable ASCII, no blank first, not "${stage}"`,
  ].filter((problem) => problem !== null);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { namespace, stage };
}
